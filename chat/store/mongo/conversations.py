"""Conversations, their members and read cursors in MongoDB."""

from typing import Any

from bson import ObjectId

from chat.models.conversation import Conversation, Summary
from chat.store.mongo import documents
from chat.store.mongo.connection import Collections


class Conversations(Collections):
    """The part of `chat.store.Store` that is about conversations."""

    def conversations_of(self, user_id: str) -> dict[str, tuple[Conversation, Summary]]:
        me = ObjectId(user_id)
        pipeline: list[dict[str, Any]] = [
            {"$match": {"members": me}},
            {"$addFields": {"key": {"$toString": "$_id"}}},
            {"$lookup": _newest("seq", "last")},
            {"$lookup": _newest("rev", "changed")},
        ]
        found = list(self.database.conversations.aggregate(pipeline))
        unread = self._unread(user_id, found)
        return {
            document["key"]: (
                documents.conversation(document),
                Summary(
                    last_message=documents.message(document["last"][0]) if document["last"] else None,
                    unread=unread.get(document["key"], 0),
                    rev=document["changed"][0]["rev"] if document["changed"] else 0,
                ),
            )
            for document in found
        }

    def _unread(self, user_id: str, found: list[dict[str, Any]]) -> dict[str, int]:
        """How many messages wait in each conversation; those read to the end are not even asked for."""
        ranges = [
            {"conversation": document["key"], "seq": {"$gt": cursor}}
            for document in found
            if document["last"] and document["last"][0]["seq"] > (cursor := document["cursors"].get(user_id, 0))
        ]
        if not ranges:
            return {}
        others = {"senderId": {"$ne": ObjectId(user_id)}, "deletedAt": None, "system": None}
        counts = self.database.messages.aggregate(
            [{"$match": {"$or": ranges, **others}}, {"$group": {"_id": "$conversation", "count": {"$sum": 1}}}]
        )
        return {document["_id"]: document["count"] for document in counts}


def _newest(number: str, name: str) -> dict[str, Any]:
    """The message with the highest ``number`` of each conversation, by the index on it."""
    newest = [{"$sort": {number: -1}}, {"$limit": 1}]
    return {"from": "messages", "localField": "key", "foreignField": "conversation", "pipeline": newest, "as": name}
