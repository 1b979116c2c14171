"""The file: how it is opened, connections for reading, and what its failures mean.

Reads go straight to the file; in WAL mode they never wait for a writer. Writes go through `Writer`.
"""

import logging
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from chat.errors import DatabaseDamagedError, DatabaseUnavailableError, SearchTooLongError
from chat.lib import threads
from chat.store.sqlite.connection import Db, connect
from chat.store.sqlite.migrations import migrate
from chat.store.sqlite.writer import ReplacedError, Writer

T = TypeVar("T")

WRITE_SECONDS = 4.5  # how long to wait for a write on a disk that hangs; an answer is due within 5 seconds
SCAN_SECONDS = 3.0  # for a query that reads much
SCAN_STEPS = 1_000_000  # of SQLite's machine, some 20 ms, between two looks at the clock

_UNAVAILABLE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_READONLY,
}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_DAMAGED_ADVICE = (
    "is damaged: run `flask verify` to see what is wrong, stop the server, keep a copy of the folder, and restore a backup "
    "or recover what can be read with the sqlite3 program: sqlite3 chat.db .recover | sqlite3 recovered.db"
)
_REPLACED_ADVICE = (
    "or its -wal file was deleted or replaced while the server runs, so nothing is stored any more: restart the server, "
    "and restore a backup first if the file is gone"
)

_log = logging.getLogger(__name__)


class SqliteFile:
    """One database file, shared by all threads of this process. Other processes can use it too."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: deque[Db] = deque()
        self._damaged = False
        self._told: set[str] = set()
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._failures_named():
            db = connect(path, create=True)
            migrate(db, path)
            db.execute("SELECT 1 FROM users").fetchone()  # the first read creates the -wal file
        self._identity = self._identify()
        self._writer = Writer(db, lambda: connect(path), self._is_in_place)
        self._checking: Db | None = None
        self._checked = threads.Signal()
        self._check_pages_soon()

    def close(self) -> None:
        """Close all connections."""
        if checking := self._checking:
            with suppress(sqlite3.ProgrammingError):  # it has just ended
                checking.interrupt()
            self._checked.wait(WRITE_SECONDS)
        while self._idle:
            self._idle.pop().close()
        self._writer.close()  # the last to close: it removes the -wal file, which one that was interrupted would not

    def check(self) -> None:
        """Raise if the file is known to be damaged, or is no longer the one that this process opened."""
        with self._failures_named():
            self._require_undamaged()
            if not self._is_in_place():
                raise ReplacedError
            self.one("SELECT 1 FROM users")

    @contextmanager
    def reading(self) -> Iterator[Db]:
        """A connection that no other thread uses meanwhile."""
        with self._failures_named():
            try:
                db = self._idle.pop()
            except IndexError:
                db = connect(self._path)
            try:
                yield db
            finally:
                self._idle.append(db)

    def one(self, query: str, *values: Any) -> Any:
        """The first row that a query finds, or None."""
        with self.reading() as db:
            return db.execute(query, values).fetchone()

    def all(self, query: str, *values: Any) -> list[Any]:
        """All rows that a query finds."""
        with self.reading() as db:
            return db.execute(query, values).fetchall()

    def scan(self, query: str, *values: Any) -> Any:
        """The one row that a query finds which reads much, in a native thread: no one else waits for it.

        A single row, since each takes Python's lock, for which the thread may have to wait. Raises `SearchTooLongError`.
        """
        end = time.monotonic() + SCAN_SECONDS
        with self.reading() as db:
            db.set_progress_handler(lambda: time.monotonic() > end, SCAN_STEPS)
            try:
                return threads.run(lambda: db.execute(query, values).fetchone())
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                    raise SearchTooLongError from error
                raise
            finally:
                db.set_progress_handler(None, 0)

    def write(self, work: Callable[[Db], T]) -> T:
        """Do ``work`` in a transaction: all of it or nothing. When this returns, its changes are on the disk.

        Nothing is written into a file that is known to be damaged. ``work`` runs in a native thread: it can use no lock and
        no logger.
        """
        with self._failures_named():
            self._require_undamaged()
            return self._writer.run(work, WRITE_SECONDS)

    @contextmanager
    def _failures_named(self) -> Iterator[None]:
        """Raise what the database's trouble is called outside; what is a bug, such as a missing column, stays as it is."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF  # the rest of it is detail
            if code in _DAMAGED:
                self._damaged = True
                self._tell(_DAMAGED_ADVICE)
                raise DatabaseDamagedError from error
            if code in _UNAVAILABLE:
                raise DatabaseUnavailableError from error
            raise
        except ReplacedError as error:
            self._tell(_REPLACED_ADVICE)
            raise DatabaseUnavailableError from error
        except TimeoutError as error:
            raise DatabaseUnavailableError from error

    def _tell(self, advice: str) -> None:
        """Log what the owner has to do, once."""
        if advice not in self._told:
            self._told.add(advice)
            _log.critical("%s %s", self._path, advice)

    def _is_in_place(self) -> bool:
        """Whether the names still lead to the files that this process has open: then a restart would find them too."""
        try:
            return self._identify() == self._identity
        except FileNotFoundError:
            return False

    def _identify(self) -> list[tuple[int, int]]:
        found = [Path(f"{self._path}{suffix}").stat() for suffix in ("", "-wal")]
        return [(stat.st_dev, stat.st_ino) for stat in found]

    def _require_undamaged(self) -> None:
        if self._damaged:
            self._check_pages_soon()
            raise sqlite3.DatabaseError

    def _check_pages_soon(self) -> None:
        """Look for damage, beside the server. A disk that fails to read looks like damage, until it reads again."""
        if self._checking is None:
            with suppress(sqlite3.Error):  # the next read or write will tell
                self._checking = connect(self._path)
                self._checked = threads.Signal()
                threads.spawn(self._check_pages)

    def _check_pages(self) -> None:
        assert self._checking is not None
        try:
            self._damaged = threads.run(_is_damaged, self._checking)
        except sqlite3.OperationalError:
            pass  # interrupted, or the disk failed: the next read or write will tell
        finally:
            self._checking.close()
            self._checking = None
            self._checked.set()
        if self._damaged:
            self._tell(_DAMAGED_ADVICE)


def _is_damaged(db: Db) -> bool:
    try:
        return bool(db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",))
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        return True
