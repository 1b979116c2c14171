"""The connection to MongoDB: time limits, durability, and what its failures mean."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import update_wrapper
from typing import Concatenate, ParamSpec, Protocol, TypeVar

import pymongo
from bson.codec_options import CodecOptions, DatetimeConversion
from pymongo import MongoClient, WriteConcern
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import (
    AutoReconnect,
    ExecutionTimeout,
    NetworkTimeout,
    PyMongoError,
    ServerSelectionTimeoutError,
    WTimeoutError,
)

from chat.errors import DatabaseUnavailableError
from chat.store.mongo.documents import Document
from chat.store.mongo.migrations import migrate

# At DEBUG the driver logs whole documents: texts, and password hashes.
logging.getLogger("pymongo").setLevel(logging.INFO)

DEFAULT_DATABASE = "test"  # where MongoDB's drivers, and so the Express backend, write when the address names none
TIMEOUT = 4.0  # seconds for one call of the store, the search for a server and retries included; 5 are promised

P = ParamSpec("P")
T = TypeVar("T")


class Connection:
    """One database, shared by all threads. Connects in the background, so that a server can start before MongoDB does."""

    def __init__(self, url: str) -> None:
        client: MongoClient[Document] = MongoClient(
            url, timeoutMS=TIMEOUT * 1000, serverSelectionTimeoutMS=(TIMEOUT - 1) * 1000, appname="chat"
        )
        self.database = _durable(client.get_default_database(DEFAULT_DATABASE), url)
        self._migrated = False
        self._lock = threading.Lock()

    @property
    def users(self) -> Collection[Document]:
        """The collection of users, with their sessions and blocks."""
        return self.database.users

    @property
    def conversations(self) -> Collection[Document]:
        """The collection of conversations."""
        return self.database.conversations

    @property
    def messages(self) -> Collection[Document]:
        """The collection of messages."""
        return self.database.messages

    def prepare(self) -> None:
        """Migrate the database, unless this process has done it. Raises `DatabaseTooNewError`."""
        with self._lock:
            if not self._migrated:
                migrate(self.database)
                self._migrated = True

    @contextmanager
    def operation(self) -> Iterator[None]:
        """What is done inside ends in time, on a database of the newest version, and its failures are the port's."""
        with failures_named():
            if not self._migrated:
                self.prepare()
            with pymongo.timeout(TIMEOUT):
                yield


class Part(Protocol):
    """A part of the store, which has the connection."""

    _connection: Connection


S = TypeVar("S", bound=Part)


def operation(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Make a method an operation of its part's connection."""

    def run(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with self._connection.operation():
            return method(self, *args, **kwargs)

    return update_wrapper(run, method)


@contextmanager
def failures_named() -> Iterator[None]:
    """Raise `DatabaseUnavailableError` if the database can't be reached or doesn't answer in time."""
    try:
        yield
    except PyMongoError as error:
        if answer_was_lost(error):
            raise DatabaseUnavailableError from error
        raise


def answer_was_lost(error: PyMongoError) -> bool:
    """Whether the database may or may not have done what it was asked for."""
    lost = (AutoReconnect, NetworkTimeout, ServerSelectionTimeoutError, ExecutionTimeout, WTimeoutError)
    return error.timeout or isinstance(error, lost)


def _durable(database: Database[Document], url: str) -> Database[Document]:
    """Acknowledge a write once it is in the journal of a majority, so that no kill undoes it, unless the address says
    otherwise (``?journal=false&w=1``). Times are read as milliseconds."""
    times: CodecOptions[Document] = CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_MS)
    database = database.with_options(codec_options=times)
    if "journal" not in url and "w=" not in url:
        return database.with_options(write_concern=WriteConcern(w="majority", j=True))
    return database
