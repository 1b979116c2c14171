"""How the models become documents and back.

Collections and field names are those of the Express backend, ids are ObjectIds and times are dates; what is our own comes
on top, and is absent in documents which that backend wrote.
"""

from typing import Any

from bson import ObjectId

from chat.models.conversation import Conversation
from chat.models.message import Message
from chat.models.user import Session, User

Document = dict[str, Any]

# The fields of each model as they are named in the database, and those that hold an id.
USER = {
    "id": "_id",
    "email": "email",
    "full_name": "fullName",
    "password_hash": "password",
    "profile_pic": "profilePic",
    "created_at": "createdAt",
    "updated_at": "updatedAt",
    "last_seen": "lastSeen",
}
SESSION = {"id": "id", "created_at": "createdAt", "last_used_at": "lastUsedAt", "user_agent": "userAgent"}
CONVERSATION = {
    "id": "_id",
    "members": "members",
    "cursors": "cursors",
    "name": "name",
    "public": "public",
    "owner_id": "ownerId",
    "created_at": "createdAt",
    "updated_at": "updatedAt",
}
MESSAGE = {
    "id": "_id",
    "conversation": "conversation",
    "seq": "seq",
    "rev": "rev",
    "sender_id": "senderId",
    "receiver_id": "receiverId",
    "text": "text",
    "image": "image",
    "client_id": "clientId",
    "fingerprint": "fingerprint",
    "reply_to": "replyTo",
    "reactions": "reactions",
    "system": "system",
    "user_id": "userId",
    "edited_at": "editedAt",
    "deleted_at": "deletedAt",
    "created_at": "createdAt",
    "updated_at": "updatedAt",
}
_IDS = {"_id", "senderId", "receiverId", "ownerId", "replyTo", "userId"}


def document(model: object, names: dict[str, str]) -> Document:
    """A model as a document; what is None or empty is left out."""
    values = ((name, getattr(model, field)) for field, name in names.items())
    return {name: value(name, content) for name, content in values if content is not None and content != {}}


def update(model: object, names: dict[str, str]) -> Document:
    """The update that gives a document the state of the model, and leaves fields alone which are not the model's."""
    fields = document(model, names)
    absent = {name: "" for name in names.values() if name not in fields}
    fields.pop("_id", None)
    return {"$set": fields, "$unset": absent}


def value(name: str, content: Any) -> Any:
    """One field's content as MongoDB keeps it."""
    if name in _IDS and content is not None:
        return object_id(content)
    if name == "members":
        return [ObjectId(member) for member in content]
    return content


def object_id(id: str) -> ObjectId | str:
    """An id as MongoDB keeps it; a direct conversation's is text."""
    return ObjectId(id) if ObjectId.is_valid(id) else id


def user(document: Document) -> User:
    """A document of the collection ``users``."""
    fields = _fields(document, USER)
    fields["email"] = fields["email"].strip()
    return User(
        **fields,
        sessions=tuple(Session(**_fields(session, SESSION)) for session in document.get("sessions", ())),
        blocked=frozenset(str(id) for id in document.get("blocked", ())),
    )


def conversation(document: Document) -> Conversation:
    """A document of the collection ``conversations``."""
    fields = _fields(document, CONVERSATION)
    fields["members"] = tuple(str(member) for member in fields["members"])
    return Conversation(**fields)


def message(document: Document) -> Message:
    """A document of the collection ``messages``, numbered or not."""
    return Message(**{"conversation": None, "receiver_id": None, **_fields(document, MESSAGE)})


def _fields(document: Document, names: dict[str, str]) -> Document:
    return {
        field: str(content) if name in _IDS else content
        for field, name in names.items()
        if (content := document.get(name)) is not None
    }
