"""How the models become documents and back.

Collections and field names are those of the Express backend, ids are ObjectIds and times are dates. Our own fields come on
top, and are absent in documents that the Express backend wrote.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from bson import ObjectId
from bson.datetime_ms import DatetimeMS

from chat.models.audit import Entry
from chat.models.conversation import Conversation, Direct, Room
from chat.models.folding import fold
from chat.models.link import Link
from chat.models.mail import Mail
from chat.models.message import LegacyMessage, Message
from chat.models.report import Report
from chat.models.user import Session, User

Document = dict[str, Any]


class Field(NamedTuple):
    """The name of a field in the database, and how its value is stored and read."""

    name: str
    store: Callable[[Any], Any]
    read: Callable[[Any], Any]


def object_id(id: str) -> ObjectId | str:
    """An id as MongoDB stores it; the id of a direct conversation is text."""
    return ObjectId(id) if ObjectId.is_valid(id) else id


def _plain(name: str) -> Field:
    return Field(name, lambda value: value, lambda value: value)


def _id(name: str) -> Field:
    return Field(name, object_id, str)


def _ids(name: str) -> Field:
    return Field(name, lambda ids: [ObjectId(id) for id in ids], lambda ids: tuple(map(str, ids)))


def _time(name: str) -> Field:
    return Field(name, DatetimeMS, int)


USER = {
    "id": _id("_id"),
    "email": Field("email", str, str.strip),
    "full_name": _plain("fullName"),
    "password_hash": _plain("password"),
    "profile_pic": _plain("profilePic"),
    "created_at": _time("createdAt"),
    "updated_at": _time("updatedAt"),
    "last_seen": _time("lastSeen"),
    "admin": _plain("admin"),
    "deactivated_at": _time("deactivatedAt"),
    "verified": _plain("verified"),
}
SESSION = {
    "id": _plain("id"),
    "created_at": _time("createdAt"),
    "last_used_at": _time("lastUsedAt"),
    "user_agent": _plain("userAgent"),
}
CONVERSATION = {
    "id": _id("_id"),
    "members": _ids("members"),
    "cursors": _plain("cursors"),
    "name": _plain("name"),
    "public": _plain("public"),
    "owner_id": _id("ownerId"),
    "co_owners": _ids("coOwners"),
    "topic": _plain("topic"),
    "members_invite": _plain("membersInvite"),
    "message_ttl_days": _plain("messageTtlDays"),
    "created_at": _time("createdAt"),
    "updated_at": _time("updatedAt"),
}
_DIRECT = {name: CONVERSATION[name] for name in Direct.__struct_fields__}
MESSAGE = {
    "id": _id("_id"),
    "conversation": _plain("conversation"),
    "seq": _plain("seq"),
    "rev": _plain("rev"),
    "sender_id": _id("senderId"),
    "receiver_id": _id("receiverId"),
    "text": _plain("text"),
    "image": _plain("image"),
    "client_id": _plain("clientId"),
    "fingerprint": _plain("fingerprint"),
    "reply_to": _id("replyTo"),
    "reactions": _plain("reactions"),
    "system": _plain("system"),
    "user_id": _id("userId"),
    "edited_at": _time("editedAt"),
    "deleted_at": _time("deletedAt"),
    "deleted_by": _plain("deletedBy"),
    "created_at": _time("createdAt"),
    "updated_at": _time("updatedAt"),
}
ENTRY = {
    "id": _id("_id"),
    "at": _time("at"),
    "actor_id": _id("actorId"),
    "actor": _plain("actor"),
    "action": _plain("action"),
    "user_id": _id("userId"),
    "room_id": _id("roomId"),
    "message_id": _id("messageId"),
    "reason": _plain("reason"),
    "details": _plain("details"),
    "failed": _plain("failed"),
}
SEARCH_TEXT = "searchText"  # of a message: its folded text, which only a search reads
REPORT = {
    "id": _id("_id"),
    "created_at": _time("createdAt"),
    "reporter_id": _id("reporterId"),
    "user_id": _id("userId"),
    "message_id": _id("messageId"),
    "text": _plain("text"),
    "reason": _plain("reason"),
    "outcome": _plain("outcome"),
    "closed_at": _time("closedAt"),
}
MAIL = {
    "id": _id("_id"),
    "kind": _plain("kind"),
    "email": _plain("email"),
    "user_id": _id("userId"),
    "details": _plain("details"),
    "created_at": _time("createdAt"),
    "due_at": _time("dueAt"),
    "attempts": _plain("attempts"),
}
LINK = {
    "id": _id("_id"),
    "purpose": _plain("purpose"),
    "secret_hash": _plain("secretHash"),
    "created_at": _time("createdAt"),
    "expires_at": _time("expiresAt"),
    "uses_left": _plain("usesLeft"),
    "created_by": _plain("createdBy"),
    "note": _plain("note"),
    "user_id": _id("userId"),
    "email": _plain("email"),
    "room_id": _id("roomId"),
}
_LEGACY_MESSAGE = {name: MESSAGE[name] for name in LegacyMessage.__struct_fields__}


def document(model: object, fields: dict[str, Field]) -> Document:
    """A model as a document. What is None or empty is left out."""
    values = ((field, getattr(model, name, None)) for name, field in fields.items())
    return {field.name: field.store(value) for field, value in values if value is not None and value != {}}


def message_document(message: Message) -> Document:
    """A numbered message as a document, with the text that a search reads."""
    searched = {SEARCH_TEXT: fold(message.text)} if message.text else {}
    return document(message, MESSAGE) | searched


def message_update(document: Document) -> Document:
    """The update that gives a stored message this state, and does not touch fields that are not the model's."""
    names = [*(field.name for field in MESSAGE.values()), SEARCH_TEXT]
    absent = {name: "" for name in names if name not in document}
    return {"$set": {name: value for name, value in document.items() if name != "_id"}, "$unset": absent}


def sent(keys: Iterable[tuple[str, str | None]]) -> Document:
    """The query for the messages of these senders and client ids, and maybe for some of other pairs of them."""
    senders, client_ids = zip(*keys, strict=True)
    return {"clientId": {"$in": list(client_ids)}, "senderId": {"$in": [ObjectId(sender) for sender in set(senders)]}}


def user(document: Document) -> User:
    """A document of the collection ``users``."""
    return User(
        **_read(document, USER),
        sessions=tuple(map(session, document.get("sessions", ()))),
        blocked=frozenset(map(str, document.get("blocked", ()))),
    )


def session(document: Document) -> Session:
    """An entry of a user's ``sessions``."""
    return Session(**_read(document, SESSION))


def conversation(document: Document) -> Conversation:
    """A document of the collection ``conversations``."""
    if "ownerId" in document:
        return Room(**_read(document, CONVERSATION))
    return Direct(**_read(document, _DIRECT))  # release 1.0 stored ``public`` in these too


def message(document: Document) -> Message | LegacyMessage:
    """A document of the collection ``messages``."""
    if document.get("conversation") is not None:
        return numbered(document)
    time = DatetimeMS(document["_id"].generation_time)
    return LegacyMessage(**_read({"createdAt": time, "updatedAt": time, **document}, _LEGACY_MESSAGE))


def numbered(document: Document) -> Message:
    """A document of the collection ``messages`` that has a number."""
    return Message(**_read(document, MESSAGE))


def entry(document: Document) -> Entry:
    """A document of the collection ``audit``."""
    return Entry(**_read(document, ENTRY))


def report(document: Document) -> Report:
    """A document of the collection ``reports``."""
    return Report(**_read(document, REPORT))


def mail(document: Document) -> Mail:
    """A document of the collection ``outbox``."""
    return Mail(**_read(document, MAIL))


def link(document: Document) -> Link:
    """A document of the collection ``links``."""
    return Link(**_read(document, LINK))


def _read(document: Document, fields: dict[str, Field]) -> dict[str, Any]:
    return {
        name: field.read(value) for name, field in fields.items() if (value := document.get(field.name)) is not None
    }
