"""Messages in MongoDB, those of the Express backend included."""

import re
from collections.abc import Callable, Collection, Sequence

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING
from pymongo.errors import PyMongoError

from chat.answers import Deleter
from chat.errors import SearchTooLongError
from chat.models.conversation import Conversation
from chat.models.message import Draft, LegacyMessage, Message
from chat.models.values import first_id
from chat.store.mongo import documents, unnumbered
from chat.store.mongo.connection import Connection, operation
from chat.store.mongo.documents import SEARCH_TEXT, Document, object_id
from chat.store.mongo.ledger import Ledger
from chat.store.mongo.writing import Writing
from chat.store.port import Appended, Page, Revision


class MongoMessages:
    """`chat.store.port.Messages` in MongoDB."""

    def __init__(self, connection: Connection, ledger: Ledger, writing: Writing) -> None:
        self._connection = connection
        self._messages = connection.messages
        self._ledger = ledger
        self._writing = writing

    @operation
    def append(self, draft: Draft) -> Appended:
        return self._writing.append(draft)

    @operation
    def revise(
        self, message_id: str, change: Callable[[Message], Message | None], *, author: str | None
    ) -> Revision | None:
        return self._writing.revise(message_id, change, author)

    def erase(self, message_ids: Sequence[str], by: Deleter | None = None) -> list[Message]:
        revisions = [self.revise(id, lambda message: message.deleted(by), author=None) for id in message_ids]
        return [revision.message for revision in revisions if revision and revision.changed]

    @operation
    def find(self, message_id: str) -> Message | LegacyMessage | None:
        found = self._messages.find_one({"_id": ObjectId(message_id)})
        return documents.message(found) if found else None

    @operation
    def find_sent(self, sender_id: str, client_id: str) -> Message | None:
        found = self._messages.find_one(documents.sent([(sender_id, client_id)]))
        return documents.numbered(found) if found else None

    @operation
    def with_image(self, addresses: Collection[str]) -> Message | LegacyMessage | None:
        found = self._messages.find_one({"image": {"$in": list(addresses)}})
        return documents.message(found) if found else None

    @operation
    def older_than(self, time: int, after: str, limit: int) -> list[Message]:
        ids = {"$lt": ObjectId(first_id(time)), **({"$gt": ObjectId(after)} if after else {})}
        numbered = {"conversation": {"$exists": True}, "deletedAt": None, "system": None}
        return [
            documents.numbered(found)
            for found in self._messages.find({"_id": ids, **numbered}).sort("_id").limit(limit)
        ]

    @operation
    def older_in_room(self, room_id: str, time: int, after: int, limit: int) -> list[Message]:
        query: Document = {"conversation": room_id, "seq": {"$gt": after}, "_id": {"$lt": ObjectId(first_id(time))}}
        query |= {"deletedAt": None, "system": None}
        return [documents.numbered(found) for found in self._messages.find(query).sort("seq", ASCENDING).limit(limit)]

    @operation
    def of_sender(self, sender_id: str, after: str, limit: int) -> list[Message | LegacyMessage]:
        query: Document = {"senderId": ObjectId(sender_id)}
        if after:
            query["_id"] = {"$gt": ObjectId(after)}
        found = self._messages.find(query).sort("_id", ASCENDING).limit(limit)
        return [documents.message(document) for document in found]

    @operation
    def with_reactions_of(self, user_id: str, after: str, limit: int) -> list[Message]:
        query: Document = {"reactions": {"$exists": True}}
        if after:
            query["_id"] = {"$gt": ObjectId(after)}
        reacted: list[Message] = []
        for document in self._messages.find(query).sort("_id", ASCENDING):
            if any(user_id in users for users in document["reactions"].values()):
                reacted.append(documents.numbered(document))
                if len(reacted) == limit:
                    break
        return reacted

    @operation
    def erase_unnumbered(self, sender_id: str) -> list[str]:
        return unnumbered.erase(self._messages, sender_id)

    @operation
    def page(self, conversation: Conversation, before: int | None, limit: int, skip: int = 0) -> Page:
        query: Document = {"conversation": conversation.id}
        if before is not None:
            query["seq"] = {"$lt": before}
        found = list(self._messages.find(query).sort("seq", DESCENDING).skip(skip).limit(limit + 1))
        if len(found) > limit:
            found.pop()
            older: int | None = found[-1]["seq"]
        else:
            skipped = skip if found else self._messages.count_documents(query, limit=skip) if skip else 0
            earlier, older = unnumbered.page(
                self._messages, conversation.id, before, limit - len(found), 0 if found else skip - skipped
            )
            found += earlier
        return Page([documents.message(document) for document in reversed(found)], older)

    @operation
    def changes_since(self, conversation_id: str, rev: int, limit: int) -> list[Message]:
        query = {"conversation": conversation_id, "rev": {"$gt": rev}}
        before: int | None = None
        while True:
            last, head = self._ledger.peek(conversation_id)
            cursor = self._messages.find(query).sort("rev", ASCENDING).limit(limit)
            found = [documents.numbered(document) for document in cursor]
            shown, end = {message.id for message in found}, found[-1].rev if len(found) == limit else last
            if any(rev < number <= end and id not in shown for id, number in head.items()):
                self._ledger.settle(conversation_id)
                continue
            # What came after we looked may be there only in part. A counter that stays behind is release 1.0's doing.
            safe = [message for message in found if message.rev <= last]
            if safe or not found or last == before:
                return safe or found
            before = last

    @operation
    def search(self, user_id: str, words: Sequence[str], conversation_id: str | None, limit: int) -> list[Message]:
        mine: Document = {"members": ObjectId(user_id)}
        if conversation_id:
            mine["_id"] = object_id(conversation_id)
        ids = [str(found["_id"]) for found in self._connection.conversations.find(mine, {"_id": 1})]
        # One pattern for all words: with $and, SecantusDB reads all messages, ten times as slowly.
        pattern = "".join(f"(?=[\\s\\S]*{re.escape(word)})" for word in words)
        query = {
            "conversation": {"$in": ids},
            SEARCH_TEXT: {"$regex": f"^{pattern}" if words[1:] else re.escape(words[0])},
        }
        try:
            found = self._messages.find(query).sort([("createdAt", DESCENDING), ("_id", DESCENDING)]).limit(limit)
            return [documents.numbered(document) for document in found]
        except PyMongoError as error:
            if error.timeout:
                raise SearchTooLongError from error
            raise
