"""Messages in MongoDB, those of the Express backend included.

Such messages carry no number. They come before all that have one, in the order of their time; their place among their
like is the ``seq`` that `flask migrate` will give them, and numbering starts above them.
"""

import re
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING
from pymongo.errors import BulkWriteError, DuplicateKeyError

from chat.models.conversation import Conversation, direct_from_id
from chat.models.message import Message
from chat.store.mongo import documents
from chat.store.mongo.connection import Collections
from chat.store.mongo.documents import CONVERSATION, MESSAGE, Document
from chat.store.mongo.numbers import Append, Numbers

DUPLICATE_KEY = 11000  # MongoDB's code for what a unique index refuses


class Messages(Collections):
    """The part of `chat.store.Store` that is about messages."""

    numbers: Numbers

    def append_message(self, conversation: Conversation, message: Message) -> Message:
        append = Append(message)
        self.numbers.wait(conversation.id, append)
        with self.numbers.turn(conversation.id):
            if append.stored is None and append.error is None:
                self._append_waiting(conversation)
        if append.error is not None:
            raise append.error
        assert append.stored is not None
        return append.stored

    def revise_message(self, message_id: str, revise: Callable[[Message], Message]) -> Message | None:
        while before := self.find_message(message_id):
            after = revise(before)
            if after is before:
                return before
            if revised := self._replace(before, after):
                return revised
        return None

    def find_message(self, message_id: str) -> Message | None:
        found = self.database.messages.find_one({"_id": ObjectId(message_id)})
        return documents.message(found) if found else None

    def find_sent(self, sender_id: str, client_id: str) -> Message | None:
        found = self.database.messages.find_one({"senderId": ObjectId(sender_id), "clientId": client_id})
        return documents.message(found) if found else None

    def messages_of(self, sender_id: str, after: str, limit: int) -> list[Message]:
        query: Document = {"senderId": ObjectId(sender_id)}
        if after:
            query["_id"] = {"$gt": ObjectId(after)}
        found = self.database.messages.find(query).sort("_id", ASCENDING).limit(limit)
        return [documents.message(document) for document in found]

    def messages_before(self, conversation: Conversation, before: int | None, limit: int) -> tuple[list[Message], int]:
        seq = {} if before is None else {"seq": {"$lt": before}}
        query = {"conversation": conversation.id, **seq}
        found = list(self.database.messages.find(query).sort("seq", DESCENDING).limit(limit + 1))
        if len(found) > limit:
            page, older = found[:limit], found[limit - 1]["seq"]
        else:
            earlier, older = self._unnumbered_before(conversation, before, limit - len(found))
            page = found + earlier
        return [documents.message(document) for document in reversed(page)], older

    def _unnumbered_before(
        self, conversation: Conversation, before: int | None, limit: int
    ) -> tuple[list[Document], int]:
        """A page of the messages without number, newest first, and the ``before`` of the next older one."""
        count = self._unnumbered_count(conversation.id)
        last = count if before is None else min(count, before - 1)
        size = min(limit, last)
        older = last - size + 1 if last > size else 0
        if size <= 0:
            return [], max(0, older)
        later = count - last
        page = self.unnumbered(conversation.id, newest=later + size)[::-1]
        return page[later : later + size], older

    def unnumbered(self, conversation_id: str, newest: int = 0) -> list[Document]:
        """Two people's messages without number, oldest first: the newest so many, or all."""
        found: list[Document] = []
        for query in _unnumbered(conversation_id):
            found += self.database.messages.find(query).sort("createdAt", DESCENDING).limit(newest)
        found.sort(key=lambda document: (document.get("createdAt") or document["_id"].generation_time, document["_id"]))
        return found[-newest:]

    def _append_waiting(self, conversation: Conversation) -> None:
        """Append all that wait for this conversation's turn with one write: so a busy one is as fast as many."""
        waiting = self.numbers.take_waiting(conversation.id)
        try:
            if self.numbers.last(conversation.id) is None:
                self._open(conversation)
            while waiting:
                self._append_first(conversation.id, waiting)
        except Exception as error:  # of whatever kind: each of them raises it to the one who asked
            for append in waiting:
                append.error = error

    def _append_first(self, conversation_id: str, waiting: deque[Append]) -> None:
        """Append as many as go under the next numbers, up to one that is stored already or a number that is taken."""
        after = self._last_number(conversation_id)
        numbered = [
            replace(append.message, seq=number, rev=number) for number, append in enumerate(waiting, start=after + 1)
        ]
        inserted = self._insert([documents.document(message, MESSAGE) for message in numbered])
        for message in numbered[:inserted]:
            waiting.popleft().stored = message
        self.numbers.saw(conversation_id, after + inserted)
        if waiting:
            self.numbers.forget(conversation_id)
            if stored := self._stored(waiting[0].message):
                waiting.popleft().stored = stored

    def _insert(self, messages: list[Document]) -> int:
        """Insert messages in their order; how many, where one was refused because of a unique index."""
        try:
            self.database.messages.insert_many(messages, ordered=True)
        except BulkWriteError as error:
            refused = error.details["writeErrors"]
            if not refused or refused[0]["code"] != DUPLICATE_KEY:
                raise
            index: int = refused[0]["index"]
            return index
        return len(messages)

    def _stored(self, message: Message) -> Message | None:
        """The message that stands in the way of this one: itself, when only the answer to its insert was lost, or an
        earlier one of the same sender and ``client_id``."""
        itself = self.find_message(message.id)
        if itself is None and message.client_id:
            return self.find_sent(message.sender_id, message.client_id)
        return itself

    def changes_since(self, conversation_id: str, rev: int, limit: int) -> list[Message]:
        query = {"conversation": conversation_id, "rev": {"$gt": rev}}
        found = self.database.messages.find(query).sort("rev", ASCENDING).limit(limit)
        return [documents.message(document) for document in found]

    def search_messages(self, user_id: str, text: str, conversation_id: str | None, limit: int) -> list[Message]:
        mine = self.database.conversations.find({"members": ObjectId(user_id)}, {"_id": 1})
        ids = [str(found["_id"]) for found in mine]
        query = {
            "conversation": {"$in": [id for id in ids if conversation_id in (None, id)]},
            "text": {"$regex": re.escape(text), "$options": "i"},
        }
        found = self.database.messages.find(query).sort([("createdAt", DESCENDING), ("_id", DESCENDING)]).limit(limit)
        return [documents.message(document) for document in found]

    def _replace(self, before: Message, after: Message) -> Message | None:
        """Put the new state in the place of the old one; None where that is no longer the state, or the number is taken."""
        conversation_id = before.conversation or ""
        with self.numbers.turn(conversation_id):
            number = self._last_number(conversation_id) + 1
            revised = replace(after, rev=number)
            try:
                outcome = self.database.messages.update_one(
                    {"_id": ObjectId(before.id), "rev": before.rev}, documents.update(revised, MESSAGE)
                )
            except DuplicateKeyError:
                self.numbers.forget(conversation_id)
                return None
            if not outcome.modified_count:
                return None
            self.numbers.saw(conversation_id, number)
            return revised

    def _open(self, conversation: Conversation) -> None:
        """Keep a direct conversation and its members, unless it is kept already; a room has its own beginning."""
        if not conversation.is_room:
            fields = documents.document(conversation, CONVERSATION)
            self.database.conversations.update_one({"_id": fields.pop("_id")}, {"$setOnInsert": fields}, upsert=True)

    def _last_number(self, conversation_id: str) -> int:
        """The highest number of a conversation; what has none yet will be numbered from 1, so it counts."""
        known = self.numbers.last(conversation_id)
        if known is not None:
            return known
        query = {"conversation": conversation_id}
        newest = self.database.messages.find_one(query, {"rev": 1}, sort=[("rev", DESCENDING)])
        number: int = newest["rev"] if newest else self._unnumbered_count(conversation_id)
        self.numbers.saw(conversation_id, number)
        return number

    def _unnumbered_count(self, conversation_id: str) -> int:
        return sum(self.database.messages.count_documents(query) for query in _unnumbered(conversation_id))


def _unnumbered(conversation_id: str) -> list[Document]:
    """The queries for two people's messages without number, one for each direction; none for a room."""
    conversation = direct_from_id(conversation_id)
    if conversation is None:
        return []
    ids = [ObjectId(member) for member in conversation.members]
    directions = {(ids[0], ids[-1]), (ids[-1], ids[0])}
    return [{"conversation": None, "senderId": sender, "receiverId": receiver} for sender, receiver in directions]
