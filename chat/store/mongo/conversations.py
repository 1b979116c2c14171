"""Direct conversations and rooms, their members and read cursors in MongoDB.

A direct conversation that has no ``createdAt`` yet does not exist: its first message is on its way.
"""

import re
from collections.abc import Sequence
from typing import Any

from bson import ObjectId
from bson.datetime_ms import DatetimeMS
from pymongo import ASCENDING, DESCENDING, ReturnDocument

from chat.errors import BlockedError
from chat.models.conversation import Conversation, Room, Summary, direct
from chat.models.values import now
from chat.store.mongo import documents
from chat.store.mongo.connection import Connection, operation
from chat.store.mongo.documents import CONVERSATION, Document, object_id
from chat.store.mongo.ledger import Ledger
from chat.store.mongo.unnumbered import partners_of
from chat.store.port import CursorMove, MemberChange

SUMMARIES = 100  # conversations in one operation, which has to end in time
SLICE = 1000  # messages that are removed at a time
_BEGUN = {"createdAt": {"$exists": True}}
_VISIBLE = {"head": 0}
_IS_ROOM = {"ownerId": {"$exists": True}}


class MongoConversations:
    """`chat.store.port.Conversations` in MongoDB."""

    def __init__(self, connection: Connection, ledger: Ledger) -> None:
        self._connection = connection
        self._conversations = connection.conversations
        self._messages = connection.messages
        self._ledger = ledger

    @operation
    def find(self, conversation_id: str) -> Conversation | None:
        found = self._conversations.find_one({"_id": object_id(conversation_id), **_BEGUN}, _VISIBLE)
        return documents.conversation(found) if found else None

    @operation
    def of_member(self, user_id: str, *, unnumbered: bool = False) -> list[Conversation]:
        documents_ = self._conversations.find({"members": ObjectId(user_id), **_BEGUN}, _VISIBLE)
        found = [documents.conversation(document) for document in documents_]
        if unnumbered:
            begun = {conversation.id for conversation in found}
            partners = (direct(user_id, other) for other in partners_of(self._messages, user_id))
            found += [conversation for conversation in partners if conversation.id not in begun]
        return found

    def summarize(self, user_id: str, conversations: Sequence[Conversation]) -> dict[str, Summary]:
        summaries: dict[str, Summary] = {}
        for start in range(0, len(conversations), SUMMARIES):
            summaries |= self._summarize(user_id, conversations[start : start + SUMMARIES])
        return summaries

    @operation
    def _summarize(self, user_id: str, conversations: Sequence[Conversation]) -> dict[str, Summary]:
        summaries = {conversation.id: Summary() for conversation in conversations}
        newest = self._ledger.newest([*summaries])
        for conversation in conversations:
            if conversation.id in newest:
                rev, message = newest[conversation.id]
                cursor = conversation.cursors.get(user_id, 0)
                unread = self._count_unread(conversation.id, user_id, cursor) if message.seq > cursor else 0
                summaries[conversation.id] = Summary(message, unread, rev)
        return summaries

    @operation
    def move_cursor(self, conversation_id: str, user_id: str, seq: int) -> CursorMove:
        query = {"conversation": conversation_id, "seq": {"$lte": seq}}
        last = self._messages.find_one(query, {"seq": 1}, sort=[("seq", DESCENDING)])
        reached: int = last["seq"] if last else 0
        cursor = f"cursors.{user_id}"
        before = self._conversations.find_one_and_update(
            {"_id": object_id(conversation_id), "members": ObjectId(user_id)}, {"$max": {cursor: reached}}, {cursor: 1}
        )
        if before is None:
            return CursorMove(0, False)
        was: int = before.get("cursors", {}).get(user_id, 0)
        return CursorMove(max(was, reached), reached > was)

    @operation
    def count_unread(self, conversation_id: str, user_id: str) -> int:
        member = {"_id": object_id(conversation_id), "members": ObjectId(user_id)}
        found = self._conversations.find_one(member, {"cursors": 1})
        if found is None:
            return 0
        return self._count_unread(conversation_id, user_id, found.get("cursors", {}).get(user_id, 0))

    @operation
    def add_room(self, room: Room, *, most: int | None = None) -> bool:
        self._require_no_block(room.members, room.owner_id)
        owner = ObjectId(room.owner_id)
        if most is not None and self._conversations.count_documents({"members": owner, "ownerId": owner}) >= most:
            return False
        self._conversations.insert_one({**documents.document(room, CONVERSATION), "rev": 0})
        return True

    @operation
    def search_rooms(self, text: str, before: str | None, limit: int) -> list[Room]:
        query: Document = {**_IS_ROOM}
        if text:
            query["name"] = {"$regex": re.escape(text), "$options": "i"}
        if before:
            query["_id"] = {"$lt": ObjectId(before)}
        found = self._conversations.find(query, _VISIBLE).sort("_id", DESCENDING).limit(limit)
        return [_room(document) for document in found]

    @operation
    def public_rooms(self) -> list[Room]:
        return [_room(found) for found in self._conversations.find({"public": True}, _VISIBLE)]

    @operation
    def rename(self, room_id: str, name: str) -> Room | None:
        found = self._change({"_id": ObjectId(room_id)}, {"$set": {"name": name, "updatedAt": DatetimeMS(now())}})
        return _room(found) if found else None

    @operation
    def add_member(self, room_id: str, user_id: str, *, added_by: str, most: int) -> MemberChange | None:
        self._require_no_block([user_id], added_by)
        member = ObjectId(user_id)
        return self._change_members(
            room_id,
            {"members": {"$ne": member}, f"members.{most - 1}": {"$exists": False}},
            [
                {
                    "$set": {
                        "members": {"$concatArrays": ["$members", [member]]},
                        f"cursors.{user_id}": {"$ifNull": ["$last.seq", 0]},
                    }
                }
            ],
        )

    @operation
    def remove_member(self, room_id: str, user_id: str) -> MemberChange | None:
        return self._change_members(room_id, {"members": ObjectId(user_id)}, leaving(user_id))

    @operation
    def remove_oldest(self, room_id: str, limit: int, *, only_if_empty: bool = False) -> list[str | None]:
        room: Document = {"_id": ObjectId(room_id), **_IS_ROOM}
        if not self._conversations.find_one({**room, "members.0": {"$exists": False}} if only_if_empty else room):
            return []
        cursor = self._messages.find({"conversation": room_id}, {"image": 1}).sort("seq", ASCENDING).limit(limit)
        found = list(cursor)
        self._messages.delete_many({"_id": {"$in": [message["_id"] for message in found]}})
        return [message.get("image") for message in found]

    @operation
    def remove_room(self, room_id: str, *, only_if_empty: bool = False) -> list[str]:
        room: Document = {"_id": ObjectId(room_id), **_IS_ROOM}
        empty = {"members.0": {"$exists": False}} if only_if_empty else {}
        if not self._conversations.delete_one({**room, **empty}).deleted_count and self._conversations.find_one(room):
            return []
        images: list[str] = []
        while found := list(self._messages.find({"conversation": room_id}, {"image": 1}).limit(SLICE)):
            images += [message["image"] for message in found if message.get("image")]
            self._messages.delete_many({"_id": {"$in": [message["_id"] for message in found]}})
        return images

    def _require_no_block(self, user_ids: Sequence[str], author: str) -> None:
        """Raise `BlockedError` if one of the users blocks the author."""
        query = {"_id": {"$in": list(map(ObjectId, user_ids))}, "blocked": ObjectId(author)}
        if self._connection.users.find_one(query, {"_id": 1}):
            raise BlockedError

    def _change_members(self, room_id: str, condition: Document, change: list[Document]) -> MemberChange | None:
        room: Document = {"_id": ObjectId(room_id), **_IS_ROOM}
        if changed := self._change({**room, **condition}, change):
            return MemberChange(_room(changed), True)
        found = self._conversations.find_one(room, _VISIBLE)
        return MemberChange(_room(found), False) if found else None

    def _change(self, room: Document, change: Any) -> Document | None:
        return self._conversations.find_one_and_update(
            {**room, **_IS_ROOM}, change, _VISIBLE, return_document=ReturnDocument.AFTER
        )

    def _count_unread(self, conversation_id: str, user_id: str, cursor: int) -> int:
        # Two steps, since SecantusDB can't use the index of the first together with the second.
        steps: list[Document] = [
            {"$match": {"conversation": conversation_id, "seq": {"$gt": cursor}}},
            {"$match": {"senderId": {"$ne": ObjectId(user_id)}, "deletedAt": None, "system": None}},
            {"$count": "unread"},
        ]
        return sum(found["unread"] for found in self._messages.aggregate(steps))


def leaving(user_id: str) -> list[Document]:
    """The update that removes a member of a room; the longest member becomes the owner if they were."""
    member = ObjectId(user_id)
    others = {"$filter": {"input": "$members", "cond": {"$ne": ["$$this", member]}}}
    heir = {"$ifNull": [{"$arrayElemAt": [others, 0]}, "$ownerId"]}
    owner = {"$cond": [{"$eq": ["$ownerId", member]}, heir, "$ownerId"]}
    return [{"$set": {"members": others, "ownerId": owner}}, {"$unset": f"cursors.{user_id}"}]


def _room(document: Document) -> Room:
    room = documents.conversation(document)
    assert isinstance(room, Room)
    return room
