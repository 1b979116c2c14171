"""Direct conversations and rooms, their members and read cursors in MongoDB.

A direct conversation that has no ``createdAt`` yet does not exist: its first message is on its way.
"""

import re
from collections.abc import Callable, Sequence

from bson import ObjectId
from msgspec.structs import replace
from pymongo import ASCENDING, DESCENDING, ReturnDocument
from pymongo.collection import Collection

from chat.errors import BlockedError
from chat.models.conversation import Conversation, Room, Summary, direct
from chat.store.mongo import documents
from chat.store.mongo.connection import Connection, operation
from chat.store.mongo.documents import CONVERSATION, Document, object_id
from chat.store.mongo.ledger import Ledger
from chat.store.mongo.unnumbered import partners_of
from chat.store.port import CursorMove, RoomChange

SUMMARIES = 100  # conversations in one operation, which has to end in time
SLICE = 1000  # messages that are removed at a time
_BEGUN = {"createdAt": {"$exists": True}}
_VISIBLE = {"head": 0}
_IS_ROOM = {"ownerId": {"$exists": True}}
_SETTINGS = ("members", "name", "public", "owner_id", "co_owners", "topic", "members_invite", "message_ttl_days")


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
    def rooms_with_ttl(self) -> list[Room]:
        return [_room(found) for found in self._conversations.find({"messageTtlDays": {"$gt": 0}}, _VISIBLE)]

    @operation
    def change_room(self, room_id: str, change: Callable[[Room], Room]) -> RoomChange | None:
        return change_room(self._conversations, ObjectId(room_id), change)

    @operation
    def add_member(self, room_id: str, user_id: str, *, by: str | None, most: int) -> RoomChange | None:
        self._require_no_block([user_id], by or user_id)
        room: Document = {"_id": ObjectId(room_id), **_IS_ROOM}
        member = ObjectId(user_id)
        added = {
            "members": {"$concatArrays": ["$members", [member]]},
            f"cursors.{user_id}": {"$ifNull": ["$last.seq", 0]},
        }
        free = {f"members.{most - 1}": {"$exists": False}}
        if changed := self._conversations.find_one_and_update(
            {**room, **free, "$and": [{"members": {"$ne": member}}, _may_add(user_id, by)]},
            [{"$set": added}],
            _VISIBLE,
            return_document=ReturnDocument.AFTER,
        ):
            after = _room(changed)
            return RoomChange(replace(after, members=after.members[:-1]), after)
        found = self._conversations.find_one(room, _VISIBLE)
        if found is None:
            return None
        same = _room(found)
        if user_id not in same.members:
            same.require_may_add(user_id, by)
        return RoomChange(same, same)

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

    def _count_unread(self, conversation_id: str, user_id: str, cursor: int) -> int:
        # Two steps, since SecantusDB can't use the index of the first together with the second.
        steps: list[Document] = [
            {"$match": {"conversation": conversation_id, "seq": {"$gt": cursor}}},
            {"$match": {"senderId": {"$ne": ObjectId(user_id)}, "deletedAt": None, "system": None}},
            {"$count": "unread"},
        ]
        return sum(found["unread"] for found in self._messages.aggregate(steps))


def change_room(conversations: Collection[Document], id: ObjectId, change: Callable[[Room], Room]) -> RoomChange | None:
    """`chat.store.port.Conversations.change_room`: compare and swap, until no one else has changed the room meanwhile."""
    while found := conversations.find_one({"_id": id, **_IS_ROOM}, _VISIBLE):
        before = _room(found)
        after = change(before)
        if after is before:
            return RoomChange(before, before)
        same = {field.name: found.get(field.name) for field in map(CONVERSATION.__getitem__, _SETTINGS)}
        values = documents.document(after, {name: CONVERSATION[name] for name in (*_SETTINGS, "updated_at")})
        gone = {f"cursors.{member}": "" for member in before.members if member not in after.members}
        update = {"$set": values, **({"$unset": gone} if gone else {})}
        if conversations.update_one({"_id": id, **same}, update).matched_count:
            return RoomChange(before, after)
    return None


def _may_add(user_id: str, by: str | None) -> Document:
    """The query for rooms to which that user may be added by this one: see `Room.require_may_add`."""
    if by is None:
        return {}
    if by == user_id:
        return {"public": True}
    adding = ObjectId(by)
    return {"members": adding, "$or": [{"ownerId": adding}, {"coOwners": adding}, {"membersInvite": True}]}


def _room(document: Document) -> Room:
    room = documents.conversation(document)
    assert isinstance(room, Room)
    return room
