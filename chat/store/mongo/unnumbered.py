"""Messages of the Express backend that have no number yet.

They come before all that have one, in the order of their time. Their place among each other is the ``seq`` that
`flask migrate` will give them, and numbering starts above them.
"""

from bson import ObjectId
from bson.datetime_ms import DatetimeMS
from pymongo import DESCENDING
from pymongo.collection import Collection

from chat.models.conversation import direct_from_id
from chat.models.values import now
from chat.store.mongo.documents import Document

ALL: Document = {"conversation": None}


def count(messages: Collection[Document], conversation_id: str) -> int:
    """How many messages of a direct conversation have no number."""
    return sum(messages.count_documents(query) for query in _queries(conversation_id))


def newest(messages: Collection[Document], conversation_id: str, limit: int = 0) -> list[Document]:
    """The newest so many messages of a direct conversation that have no number, or all, oldest first."""
    found: list[Document] = []
    for query in _queries(conversation_id):
        found += messages.find(query).sort("createdAt", DESCENDING).limit(limit)
    found.sort(key=lambda document: (int(_time(document)), document["_id"]))
    return found[-limit:]


def page(
    messages: Collection[Document], conversation_id: str, before: int | None, limit: int, skip: int
) -> tuple[list[Document], int | None]:
    """A page of them, newest first, and the ``before`` that asks for the next older page."""
    total = count(messages, conversation_id)
    last = (total if before is None else min(total, before - 1)) - skip
    size = min(limit, last)
    older = last - size + 1 if last > size else None
    if size <= 0:
        return [], older if last > 0 else None
    later = total - last
    return newest(messages, conversation_id, later + size)[::-1][later : later + size], older


def partners_of(messages: Collection[Document], user_id: str) -> set[str]:
    """The ids of those to whom a user wrote such messages, or who wrote some to the user."""
    me = ObjectId(user_id)
    written = messages.distinct("receiverId", {**ALL, "senderId": me})
    received = messages.distinct("senderId", {**ALL, "receiverId": me})
    return {str(id) for id in (*written, *received)}


def erase(messages: Collection[Document], sender_id: str) -> list[str]:
    """Make tombstones of a sender's messages; return the addresses of their images."""
    mine: Document = {**ALL, "senderId": ObjectId(sender_id)}
    images: list[str] = [found["image"] for found in messages.find({**mine, "image": {"$gt": ""}}, {"image": 1})]
    time = DatetimeMS(now())
    messages.update_many(mine, {"$unset": {"text": "", "image": ""}, "$set": {"deletedAt": time, "updatedAt": time}})
    return images


def _queries(conversation_id: str) -> list[Document]:
    """A query for each direction of a direct conversation; none for a room."""
    conversation = direct_from_id(conversation_id)
    if conversation is None:
        return []
    ids = [ObjectId(member) for member in conversation.members]
    directions = {(ids[0], ids[-1]), (ids[-1], ids[0])}
    return [{**ALL, "senderId": sender, "receiverId": receiver} for sender, receiver in directions]


def _time(document: Document) -> DatetimeMS:
    time: DatetimeMS = document.get("createdAt") or DatetimeMS(document["_id"].generation_time)
    return time
