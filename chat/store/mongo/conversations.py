"""Conversations, rooms among them, their members and read cursors in MongoDB."""

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

    def conversations_of(self, user_id: str) -> dict[str, tuple[Conversation, Summary]]:
        found = list(
            self.database.conversations.aggregate(
                [
                    {"$match": {"members": ObjectId(user_id)}},
                    {"$addFields": {"key": {"$toString": "$_id"}}},
                    {"$lookup": _newest("seq", "last")},
                    {"$lookup": _newest("rev", "changed")},
                ]
            )
        )
        ranges = [
            _after(document["key"], cursor)
            for document in found
            if document["last"] and document["last"][0]["seq"] > (cursor := _cursor(document, user_id))
        ]
        unread = self._count_unread(user_id, ranges)
        return {document["key"]: _with_summary(document, unread.get(document["key"], 0)) for document in found}

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
        found = self.database.conversations.find_one({"_id": documents.object_id(conversation_id)})
        if found is None:
            return 0
        unread = self._count_unread(user_id, [_after(conversation_id, _cursor(found, user_id))])
        return unread.get(conversation_id, 0)

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

    def _count_unread(self, user_id: str, ranges: list[Document]) -> dict[str, int]:
        """By conversation, the messages in those ranges that are not the user's own, not deleted, not a room's notices."""
        if not ranges:
            return {}
        waiting = {"$or": ranges, "senderId": {"$ne": ObjectId(user_id)}, "deletedAt": None, "system": None}
        counts = self.database.messages.aggregate(
            [{"$match": waiting}, {"$group": {"_id": "$conversation", "count": {"$sum": 1}}}]
        )
        return {document["_id"]: document["count"] for document in counts}


def _newest(number: str, name: str) -> Document:
    """The lookup of each conversation's message with the highest ``number``, by the index on it."""
    newest = [{"$sort": {number: -1}}, {"$limit": 1}]
    return {"from": "messages", "localField": "key", "foreignField": "conversation", "pipeline": newest, "as": name}


def _after(conversation_id: str, seq: int) -> Document:
    return {"conversation": conversation_id, "seq": {"$gt": seq}}


def _cursor(document: Document, user_id: str) -> int:
    cursor: int = document.get("cursors", {}).get(user_id, 0)
    return cursor


def _with_summary(document: Document, unread: int) -> tuple[Conversation, Summary]:
    last, changed = document["last"], document["changed"]
    summary = Summary(
        last_message=documents.message(last[0]) if last else None,
        unread=unread,
        rev=changed[0]["rev"] if changed else 0,
    )
    return documents.conversation(document), summary
