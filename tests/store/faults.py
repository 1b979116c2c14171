"""Faults between a store and its database, as a network and a kernel cause them, at chosen writes."""

from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from pymongo.errors import AutoReconnect, PyMongoError

from chat.store.mongo import MongoStore, connection
from chat.store.port import Store
from chat.store.sqlite import SqliteStore
from chat.store.sqlite.connection import Db

Fault = str | Callable[[], object]

LOST = "lost"  # the write is done, and its answer never arrives
REFUSED = "refused"  # the write is not done
LATE = "late"  # no answer arrives, and the write is done some time later
CRASH = "crash"  # the process dies before the write


class Crash(BaseException):
    """The process has died: nothing in it goes on, and its store is not used again."""


class Faults:
    """What will happen to the next writes of one store: a fault or nothing, and before it what another process does."""

    def __init__(self) -> None:
        self._plan: deque[Fault | None] = deque()
        self._late: list[Callable[[], object]] = []

    def plan(self, faults: Iterable[Fault | None]) -> None:
        """Set what will happen to the next writes."""
        self._plan = deque(faults)

    def deliver_late(self) -> None:
        """Do the writes that are on their way."""
        late, self._late = self._late, []
        for write in late:
            with suppress(PyMongoError):
                write()

    def around(self, write: Callable[[], Any], error: type[Exception]) -> Any:
        """Do a write with the fault that is planned for it."""
        fault = self._next()
        while callable(fault):
            fault()
            fault = self._next()
        if fault == CRASH:
            raise Crash
        if fault == LATE:
            self._late.append(write)
        if fault in (REFUSED, LATE):
            raise error(str(fault))
        result = write()
        if fault == LOST:
            raise error(fault)
        return result

    def _next(self) -> Fault | None:
        return self._plan.popleft() if self._plan else None


class _FaultyCollection:
    """A collection of MongoDB whose writes meet faults."""

    def __init__(self, collection: Any, faults: Faults) -> None:
        self._collection = collection
        self._faults = faults

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._collection, name)
        if name not in ("update_one", "bulk_write"):
            return method
        return lambda *args, **kwargs: self._faults.around(lambda: method(*args, **kwargs), AutoReconnect)


def open_faulty(mongo_url: str | None, folder: Path, faults: Faults) -> Store:
    """A store like that of `open_store`, whose writes of messages meet faults."""
    if mongo_url is None:
        store = SqliteStore(folder / "chat.db")
        run = store._file._writer.run

        def faulty(work: Callable[[Db], Any], seconds: float) -> Any:
            return faults.around(lambda: run(work, seconds), TimeoutError)

        store._file._writer.run = faulty  # type: ignore[method-assign]
        return store

    class FaultyConnection(connection.Connection):
        @property
        def conversations(self) -> Any:
            return _FaultyCollection(self.database.conversations, faults)

        @property
        def messages(self) -> Any:
            return _FaultyCollection(self.database.messages, faults)

    return MongoStore(mongo_url, connect=FaultyConnection)
