"""Conversations, rooms among them, their members and read cursors in MongoDB."""

from collections.abc import Sequence
from typing import Any

from bson import ObjectId
from pymongo import DESCENDING, ReturnDocument

from chat.models.conversation import Conversation, Summary
from chat.store.mongo import documents
from chat.store.mongo.connection import Collections
from chat.store.mongo.documents import CONVERSATION, Document


class Conversations(Collections):
    """The part of `chat.store.Store` that is about conversations."""

    def find_conversation(self, conversation_id: str) -> Conversation | None:
        found = self.database.conversations.find_one({"_id": documents.object_id(conversation_id)})
        return documents.conversation(found) if found else None

    def conversations_of(self, user_id: str) -> list[Conversation]:
        return [
            documents.conversation(found) for found in self.database.conversations.find({"members": ObjectId(user_id)})
        ]

    def summarize(self, user_id: str, conversations: Sequence[Conversation]) -> dict[str, Summary]:
        return {conversation.id: self._summary(user_id, conversation) for conversation in conversations}

    def move_read_cursor(self, conversation_id: str, user_id: str, seq: int) -> tuple[int, bool]:
        query = {"conversation": conversation_id, "seq": {"$lte": seq}}
        last = self.database.messages.find_one(query, {"seq": 1}, sort=[("seq", DESCENDING)])
        before = self.database.conversations.find_one_and_update(
            {"_id": documents.object_id(conversation_id), "members": ObjectId(user_id)},
            {"$max": {f"cursors.{user_id}": last["seq"] if last else 0}},
        )
        if before is None:
            return 0, False
        cursor, reached = _cursor(before, user_id), last["seq"] if last else 0
        return max(cursor, reached), reached > cursor

    def count_unread(self, conversation_id: str, user_id: str) -> int:
        found = self.find_conversation(conversation_id)
        return self._unread(user_id, found) if found else 0

    def add_room(self, room: Conversation) -> None:
        self.database.conversations.insert_one(documents.document(room, CONVERSATION))

    def public_rooms(self) -> list[Conversation]:
        return [documents.conversation(found) for found in self.database.conversations.find({"public": True})]

    def update_room(self, room_id: str, **changes: Any) -> Conversation | None:
        fields = {CONVERSATION[name]: documents.value(CONVERSATION[name], value) for name, value in changes.items()}
        return self._change(room_id, {"$set": fields})

    def add_member(self, room_id: str, user_id: str) -> Conversation | None:
        newest = self.database.messages.find_one({"conversation": room_id}, {"seq": 1}, sort=[("seq", DESCENDING)])
        stranger = {"_id": ObjectId(room_id), "members": {"$ne": ObjectId(user_id)}}
        joined = {
            "$push": {"members": ObjectId(user_id)},
            "$set": {f"cursors.{user_id}": newest["seq"] if newest else 0},
        }
        self.database.conversations.update_one(stranger, joined)
        return self.find_conversation(room_id)

    def remove_member(self, room_id: str, user_id: str) -> Conversation | None:
        gone = {"$pull": {"members": ObjectId(user_id)}, "$unset": {f"cursors.{user_id}": ""}}
        return self._change(room_id, gone)

    def remove_room(self, room_id: str) -> list[str]:
        said = {"conversation": room_id}
        images = [
            found["image"] for found in self.database.messages.find({**said, "image": {"$ne": None}}, {"image": 1})
        ]
        self.database.conversations.delete_one({"_id": ObjectId(room_id)})
        self.database.messages.delete_many(said)
        return images

    def _change(self, room_id: str, update: Document) -> Conversation | None:
        found = self.database.conversations.find_one_and_update(
            {"_id": ObjectId(room_id)}, update, return_document=ReturnDocument.AFTER
        )
        return documents.conversation(found) if found else None

    def _summary(self, user_id: str, conversation: Conversation) -> Summary:
        changed = self._newest(conversation.id, "rev")
        if changed is None:
            return Summary()
        is_new = changed["seq"] == changed["rev"]  # what changed last is a new message, and so the newest one
        last = changed if is_new else self._newest(conversation.id, "seq") or changed
        waiting = last["seq"] > conversation.cursors.get(user_id, 0)
        return Summary(documents.message(last), self._unread(user_id, conversation) if waiting else 0, changed["rev"])

    def _newest(self, conversation_id: str, number: str) -> Document | None:
        return self.database.messages.find_one({"conversation": conversation_id}, sort=[(number, DESCENDING)])

    def _unread(self, user_id: str, conversation: Conversation) -> int:
        """How many messages wait for a member; those that are nobody's, deleted or their own do not."""
        after = {"conversation": conversation.id, "seq": {"$gt": conversation.cursors.get(user_id, 0)}}
        waiting = {"senderId": {"$ne": ObjectId(user_id)}, "deletedAt": None, "system": None}
        return self.database.messages.count_documents({**after, **waiting})


def _cursor(document: Document, user_id: str) -> int:
    cursor: int = document.get("cursors", {}).get(user_id, 0)
    return cursor
