"""The connection to MongoDB: time-outs, durability, indexes, and failures in our own words."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pymongo import ASCENDING, MongoClient, WriteConcern
from pymongo.collation import Collation
from pymongo.database import Database
from pymongo.errors import AutoReconnect, ExecutionTimeout, NetworkTimeout, PyMongoError, ServerSelectionTimeoutError

from chat.errors import Unavailable
from chat.store.mongo.documents import Document

# At DEBUG the driver logs whole documents: texts, and password hashes.
logging.getLogger("pymongo").setLevel(logging.INFO)

DEFAULT_DATABASE = "test"  # where the MongoDB drivers, and so the Express backend, write when the address names none
TIMEOUT_MS = 4000  # of one operation, the search for a server and retries included; an answer is due within 5 seconds
IGNORING_CASE = Collation(locale="en", strength=2)


def connect(url: str) -> Database[Document]:
    """The database that ``url`` names. Connects in the background: a server that is down fails operations, not this.

    A write counts only once it is in the journal of a majority, so that a kill undoes nothing; the address can say
    otherwise (``?journal=false&w=1``).
    """
    client: MongoClient[Document] = MongoClient(
        url, timeoutMS=TIMEOUT_MS, serverSelectionTimeoutMS=TIMEOUT_MS - 1000, tz_aware=True, appname="chat"
    )
    database = client.get_default_database(DEFAULT_DATABASE)
    if "journal" not in url and "w=" not in url:
        return database.with_options(write_concern=WriteConcern(w="majority", j=True))
    return database


def create_indexes(database: Database[Document]) -> None:
    """Make what is missing. A sparse index leaves out the messages that have no number yet."""
    # The Express backend makes this one itself, with an option of old that would not match ours.
    if not any(
        index["key"] == [("email", 1)] and index.get("unique") and not index.get("collation")
        for index in database.users.index_information().values()
    ):
        database.users.create_index("email", unique=True)
    database.users.create_index("email", name="email_ignoring_case", collation=IGNORING_CASE)
    database.users.create_index("blocked", sparse=True)
    database.conversations.create_index("members")
    database.conversations.create_index("public", sparse=True)
    messages = database.messages
    messages.create_index([("conversation", ASCENDING), ("rev", ASCENDING)], unique=True, sparse=True)
    messages.create_index([("conversation", ASCENDING), ("seq", ASCENDING)], unique=True, sparse=True)
    messages.create_index([("senderId", ASCENDING), ("receiverId", ASCENDING), ("createdAt", ASCENDING)])
    messages.create_index(
        [("senderId", ASCENDING), ("clientId", ASCENDING)],
        unique=True,
        partialFilterExpression={"clientId": {"$exists": True}},
    )


@contextmanager
def failures_named() -> Iterator[None]:
    """Raise `Unavailable` where the database cannot be reached or does not answer in time."""
    try:
        yield
    except (AutoReconnect, NetworkTimeout, ServerSelectionTimeoutError, ExecutionTimeout) as error:
        raise _unavailable() from error
    except PyMongoError as error:
        if error.timeout:
            raise _unavailable() from error
        raise


def _unavailable() -> Unavailable:
    return Unavailable("the database cannot be reached right now; try again soon", "database_unavailable")


class Collections:
    """What the parts of the Mongo store share: the database, and its failures in our own words."""

    @property
    def database(self) -> Database[Document]:
        """The database, ready for use."""
        raise NotImplementedError

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name, method in list(vars(cls).items()):
            if callable(method) and not name.startswith("_"):
                setattr(cls, name, failures_named()(method))
