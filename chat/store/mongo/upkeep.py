"""What is done to the whole database."""

from collections.abc import Iterator

from chat.store.mongo.connection import Connection, failures_named
from chat.store.mongo.documents import Document
from chat.store.port import SKIPPED


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

    def mark_restored(self) -> None:
        with failures_named():
            self._connection.users.update_many({"sessions": {"$exists": True}}, {"$unset": {"sessions": ""}})
            self._connection.conversations.update_many({"rev": {"$exists": True}}, {"$inc": {"rev": SKIPPED}})


def _problems_of(message: Document, given: dict[str, int]) -> Iterator[str]:
    id, conversation, last = message["_id"], message["conversation"], given.get(message["conversation"])
    if last is None:
        yield f"conversation {conversation} does not exist, but has messages such as {id}"
    elif message["rev"] > last:
        yield f"conversation {conversation} has given number {last}, but has a message with number {message['rev']}"
    if message["rev"] < message["seq"]:
        yield f"conversation {conversation} has message {id}, whose last change has a number before its first"
