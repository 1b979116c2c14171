"""The writer: a native thread that does all writes of this process, and commits in groups.

It does all that are waiting in one transaction, so that one fsync serves many. A disk that hangs holds up only those who
write, and not for longer than they want to wait.
"""

import sqlite3
from _queue import Empty, SimpleQueue  # native, also where eventlet or gevent has replaced the module `queue`
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Generic, TypeVar

from chat.lib import threads
from chat.store.sqlite.connection import BUSY_SECONDS, Db

T = TypeVar("T")

IDLE_SECONDS = 1.0  # after so long without a write, what is in the -wal file goes to the database
GROUP = 500  # writes in one transaction


class ReplacedError(Exception):
    """The file is no longer the one that was opened; what was written is not acknowledged."""


class Writer:
    """Writes, one group after another. ``is_in_place`` tells whether the file is still the one that was opened."""

    def __init__(self, db: Db, connect: Callable[[], Db], is_in_place: Callable[[], bool]) -> None:
        self._db: Db | None = db
        self._connect = connect
        self._is_in_place = is_in_place
        self._jobs: SimpleQueue[_Job[Any] | None] = SimpleQueue()
        self._closed = threads.Signal()
        threads.start(self._loop)

    def run(self, work: Callable[[Db], T], seconds: float) -> T:
        """Do ``work`` in a transaction, and return what it returns or raise what it raises.

        Raises TimeoutError after so many seconds: then the work is not done, or its commit is on its way to the disk.
        """
        job = _Job(work)
        self._jobs.put(job)
        if not job.ended.wait(seconds):
            job.abandoned = True
            raise TimeoutError
        if job.error is not None:
            raise job.error
        return job.result

    def close(self) -> None:
        """End after the writes that are waiting."""
        self._jobs.put(None)
        self._closed.wait(IDLE_SECONDS)

    def _loop(self) -> None:
        must_checkpoint = True
        while True:
            try:
                job = self._jobs.get(timeout=IDLE_SECONDS if must_checkpoint else None)
            except Empty:
                must_checkpoint = not self._checkpoint()
                continue
            jobs: list[_Job[Any]] = []
            while job is not None:
                jobs.append(job)
                if self._jobs.empty() or len(jobs) == GROUP:
                    break
                job = self._jobs.get()
            self._commit([job for job in jobs if not job.abandoned])
            must_checkpoint = True
            if job is None:
                break
        if self._db is not None:
            self._db.close()
        self._closed.set()

    def _commit(self, jobs: list["_Job[Any]"]) -> None:
        try:
            if self._db is None:
                self._db = self._connect()
            self._db.execute("BEGIN IMMEDIATE")
            for job in jobs:
                job.attempt(self._db)
            self._db.execute("COMMIT")
            if not self._is_in_place():
                raise ReplacedError
        except Exception as error:  # of any kind: each of those who wait raises it
            self._roll_back()
            for job in jobs:
                job.error = job.error or error
        for job in jobs:
            job.ended.set()

    def _roll_back(self) -> None:
        if self._db is None or not self._db.in_transaction:
            return
        try:
            self._db.execute("ROLLBACK")
        except sqlite3.Error:
            with suppress(sqlite3.Error):
                self._db.close()
            self._db = None  # the next write opens another

    def _checkpoint(self) -> bool:
        """Empty the -wal file, unless others use it; return False if it has to be tried again."""
        try:
            if self._db is None:
                return True
            self._db.execute("PRAGMA busy_timeout = 0")  # a reader elsewhere must not hold up a write
            try:
                busy: int = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            finally:
                self._db.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
            return not busy
        except sqlite3.Error:
            return False  # a write will tell


class _Job(Generic[T]):
    """A write that waits for its turn, and then its outcome."""

    result: T

    def __init__(self, work: Callable[[Db], T]) -> None:
        self.work = work
        self.error: Exception | None = None
        self.abandoned = False
        self.ended = threads.Signal()

    def attempt(self, db: Db) -> None:
        """Do the work inside the open transaction. If it fails, only its own changes are undone."""
        db.execute("SAVEPOINT job")
        try:
            self.result = self.work(db)
        except Exception as error:  # of any kind: it belongs to the one who wants the work done
            if not db.in_transaction:
                raise  # the disk failed, and with it all of the transaction
            self.error = error
            db.execute("ROLLBACK TO job")
        db.execute("RELEASE job")
