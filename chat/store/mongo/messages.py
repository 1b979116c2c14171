"""Messages in MongoDB, those of the Express backend included.

Such messages carry no number. They come before all that have one, in the order of their time; their place among their
like is the ``seq`` that `flask migrate` will give them, and numbering starts above them.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING
from pymongo.errors import DuplicateKeyError

from chat.models.conversation import Conversation
from chat.models.message import Message
from chat.store.mongo import documents
from chat.store.mongo.connection import Collections
from chat.store.mongo.documents import CONVERSATION, MESSAGE, Document

OLDEST_FIRST = [("createdAt", ASCENDING), ("_id", ASCENDING)]


class Numbers:
    """What this process last saw as the highest number of a conversation, so that a send needs no look first.

    Only a hint: the unique index decides. One lock a conversation keeps this process from competing with itself.
    """

    LIMIT = 10_000  # conversations kept in mind
    LOCKS = 64

    def __init__(self) -> None:
        self._last: dict[str, int] = {}
        self._locks = [threading.Lock() for _ in range(self.LOCKS)]

    @contextmanager
    def turn(self, conversation_id: str) -> Iterator[None]:
        """Wait for this conversation's turn to take a number."""
        with self._locks[hash(conversation_id) % self.LOCKS]:
            yield

    def last(self, conversation_id: str) -> int | None:
        return self._last.get(conversation_id)

    def saw(self, conversation_id: str, number: int) -> None:
        self._last.pop(conversation_id, None)
        self._last[conversation_id] = number
        if len(self._last) > self.LIMIT:
            self._last.pop(next(iter(self._last)), None)

    def forget(self, conversation_id: str) -> None:
        self._last.pop(conversation_id, None)


class Messages(Collections):
    """The part of `chat.store.Store` that is about messages."""

    numbers: Numbers

    def append_message(self, conversation: Conversation, message: Message) -> Message:
        with self.numbers.turn(conversation.id):
            if self.numbers.last(conversation.id) is None:
                self._open(conversation)
            while True:
                number = self._last_number(conversation) + 1
                numbered = replace(message, seq=number, rev=number)
                try:
                    self.database.messages.insert_one(documents.document(numbered, MESSAGE))
                except DuplicateKeyError:
                    self.numbers.forget(conversation.id)
                    if stored := self._stored(message):
                        return stored
                else:
                    self.numbers.saw(conversation.id, number)
                    return numbered

    def find_message(self, message_id: str) -> Message | None:
        found = self.database.messages.find_one({"_id": ObjectId(message_id)})
        return found and documents.message(found)

    def find_sent(self, sender_id: str, client_id: str) -> Message | None:
        found = self.database.messages.find_one({"senderId": ObjectId(sender_id), "clientId": client_id})
        return found and documents.message(found)

    def messages_before(self, conversation: Conversation, before: int | None, limit: int) -> tuple[list[Message], int]:
        seq = {} if before is None else {"seq": {"$lt": before}}
        query = {"conversation": conversation.id, **seq}
        found = list(self.database.messages.find(query).sort("seq", DESCENDING).limit(limit + 1))
        if len(found) > limit:
            page, older = found[:limit], found[limit - 1]["seq"]
        else:
            unnumbered, older = self._unnumbered_before(conversation, before, limit - len(found))
            page = found + unnumbered
        return [documents.message(document) for document in reversed(page)], older

    def _unnumbered_before(
        self, conversation: Conversation, before: int | None, limit: int
    ) -> tuple[list[Document], int]:
        """A page of the messages without number, newest first, and the ``before`` of the next older one."""
        query = _unnumbered(conversation)
        count = self._unnumbered_count(conversation)
        last = count if before is None else min(count, before - 1)
        skipped = max(0, last - limit)
        older = skipped + 1 if skipped else 0
        if last <= skipped:
            return [], older
        page = self.database.messages.find(query).sort(OLDEST_FIRST).skip(skipped).limit(last - skipped)
        return list(page)[::-1], older

    def _unnumbered_count(self, conversation: Conversation) -> int:
        return 0 if conversation.is_room else self.database.messages.count_documents(_unnumbered(conversation))

    def _stored(self, message: Message) -> Message | None:
        """The message that stands in the way of this one: itself, when only the answer to its insert was lost, or an
        earlier one of the same sender and ``client_id``."""
        same: list[Document] = [{"_id": ObjectId(message.id)}]
        if message.client_id:
            same.append({"senderId": ObjectId(message.sender_id), "clientId": message.client_id})
        found = self.database.messages.find_one({"$or": same})
        return found and documents.message(found)

    def _open(self, conversation: Conversation) -> None:
        """Keep a direct conversation and its members, unless it is kept already; a room has its own beginning."""
        if not conversation.is_room:
            fields = documents.document(conversation, CONVERSATION)
            self.database.conversations.update_one(
                {"_id": fields.pop("_id")}, {"$setOnInsert": fields}, upsert=True
            )

    def _last_number(self, conversation: Conversation) -> int:
        known = self.numbers.last(conversation.id)
        if known is not None:
            return known
        newest = self.database.messages.find_one(
            {"conversation": conversation.id}, {"rev": 1}, sort=[("rev", DESCENDING)]
        )
        number: int = newest["rev"] if newest else self._unnumbered_count(conversation)
        self.numbers.saw(conversation.id, number)
        return number


def _unnumbered(conversation: Conversation) -> Document:
    """The messages of two people that another backend wrote."""
    first, second = (ObjectId(member) for member in (conversation.members * 2)[:2])
    pairs = [{"senderId": first, "receiverId": second}, {"senderId": second, "receiverId": first}]
    return {"conversation": None, "$or": pairs}
