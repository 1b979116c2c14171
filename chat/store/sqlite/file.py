"""The file: connections for reading, and a writer that commits in groups.

Reads go straight to the file; in WAL mode they never wait for a writer. Writes go through `_Writer`, which commits all
that are waiting in one transaction: one fsync serves many, and a slow disk holds up nobody but those who write.
"""

import sqlite3
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Generic, TypeVar

from chat.errors import Unavailable
from chat.lib import threads

T = TypeVar("T")
Db = sqlite3.Connection

BUSY_SECONDS = 4.0  # how long to wait for another process's write; an answer is due within 5 seconds


class SqliteFile:
    """One database file, shared by all threads of this process, and by other processes too."""

    def __init__(self, path: Path, schema: str) -> None:
        self._path = path
        self._idle: deque[Db] = deque()
        path.parent.mkdir(parents=True, exist_ok=True)
        with _failures_named():
            db = self._connect()
            db.executescript(f"BEGIN IMMEDIATE; {schema} COMMIT")
        self._writer = _Writer(db)

    def close(self) -> None:
        """Give back the file."""
        self._writer.close()
        while self._idle:
            self._idle.pop().close()

    @contextmanager
    def reading(self) -> Iterator[Db]:
        """A connection that nobody else uses meanwhile. Under eventlet one is enough, as a read never yields."""
        with _failures_named():
            try:
                db = self._idle.pop()
            except IndexError:
                db = self._connect()
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

    def write(self, work: Callable[[Db], T]) -> T:
        """Do ``work`` in a transaction of its own or none; when this returns, its changes are on the disk."""
        with _failures_named():
            return threads.run(self._writer.run, work)

    def _connect(self) -> Db:
        db = sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")  # a commit has reached the disk: it outlives a power cut too
        db.execute("PRAGMA foreign_keys = ON")
        return db


class _Job(Generic[T]):
    """A write that waits for its turn, and then its outcome."""

    result: T

    def __init__(self, work: Callable[[Db], T]) -> None:
        self.work = work
        self.done = False
        self.error: Exception | None = None

    def attempt(self, db: Db) -> None:
        """Do the work inside the open transaction; where it fails, its changes alone are undone."""
        db.execute("SAVEPOINT job")
        try:
            self.result = self.work(db)
        except Exception as error:  # the job's own, of whatever kind: `run` raises it to the one who asked for the job
            self.error = error
            db.execute("ROLLBACK TO job")
        db.execute("RELEASE job")


class _Writer:
    """Group commit: the first who gets the lock does the work of all who wait for it."""

    def __init__(self, db: Db) -> None:
        self._db = db
        self._waiting: deque[_Job[Any]] = deque()
        self._lock = threads.native_lock()

    def run(self, work: Callable[[Db], T]) -> T:
        """Do ``work`` and return when it is committed. Blocks, so call it through `threads.run`."""
        job = _Job(work)
        self._waiting.append(job)
        with self._lock:
            if not job.done:
                self._commit_waiting()
        if job.error is not None:
            raise job.error
        return job.result

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def _commit_waiting(self) -> None:
        jobs = [self._waiting.popleft() for _ in range(len(self._waiting))]
        try:
            self._db.execute("BEGIN IMMEDIATE")
            for job in jobs:
                job.attempt(self._db)
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            for job in jobs:
                job.error = error
        for job in jobs:
            job.done = True


@contextmanager
def _failures_named() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise Unavailable("the database cannot be used right now; try again soon", "database_unavailable") from error
