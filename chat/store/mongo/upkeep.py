"""What is done to the whole database."""

from collections.abc import Iterator
from datetime import UTC, datetime

from chat.store.mongo.connection import Connection, failures_named
from chat.store.mongo.documents import Document
from chat.store.mongo.users import count_endings
from chat.store.port import SKIPPED

# What the migrations make, by collection.
INDEXES = {
    "users": ("email_1", "email_ignoring_case", "blocked_1", "sessions.id_1", "profilePic_1"),
    "conversations": ("members_1", "public_1", "messageTtlDays_1"),
    "messages": (
        "_id_1_rev_1",
        "conversation_1_rev_1",
        "conversation_1_seq_1",
        "senderId_1_receiverId_1_createdAt_1",
        "senderId_1_clientId_1",
        "clientId_1",
        "image_1",
    ),
}


class MongoUpkeep:
    """`chat.store.port.Upkeep` on MongoDB. Each step is short, all of them together may take minutes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def image_addresses(self) -> Iterator[str]:
        with failures_named():
            for document in self._connection.messages.find({"image": {"$gt": ""}}, {"image": 1}):
                yield document["image"]
            for document in self._connection.users.find({"profilePic": {"$gt": ""}}, {"profilePic": 1}):
                yield document["profilePic"]

    def problems(self) -> Iterator[str]:
        with failures_named():
            given: dict[str, int] = {
                str(found["_id"]): found["rev"]
                for found in self._connection.conversations.find({"rev": {"$exists": True}}, {"rev": 1})
            }
            fields = {"conversation": 1, "seq": 1, "rev": 1}
            for message in self._connection.messages.find({"conversation": {"$exists": True}}, fields):
                yield from _problems_of(message, given)

    def missing_indexes(self) -> set[str]:
        with self._connection.operation():
            database = self._connection.database
            return {
                f"{name}.{index}"
                for name, indexes in INDEXES.items()
                for index in set(indexes) - set(database[name].index_information())
            }

    def clock(self) -> float:
        with self._connection.operation():
            time: datetime = self._connection.database.command("hello")["localTime"]
            return time.replace(tzinfo=UTC).timestamp()

    def mark_restored(self) -> None:
        with failures_named():
            self._connection.users.update_many({"sessions": {"$exists": True}}, {"$unset": {"sessions": ""}})
            count_endings(self._connection.database)
            self._connection.conversations.update_many({"rev": {"$exists": True}}, {"$inc": {"rev": SKIPPED}})


def _problems_of(message: Document, given: dict[str, int]) -> Iterator[str]:
    id, conversation, last = message["_id"], message["conversation"], given.get(message["conversation"])
    if last is None:
        yield f"conversation {conversation} does not exist, but has messages such as {id}"
    elif message["rev"] > last:
        yield f"conversation {conversation} has given number {last}, but has a message with number {message['rev']}"
    if message["rev"] < message["seq"]:
        yield f"conversation {conversation} has message {id}, whose last change has a number before its first"
