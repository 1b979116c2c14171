"""Messages, and how one changes: each change is a pure function from a message to its next state."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from chat.models.values import iso, new_id, now


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a conversation.

    ``seq`` is its place in the conversation, ``rev`` the number of its latest change; both come from the conversation's
    one counter, and the store gives them. ``fingerprint`` tells whether a repeated ``client_id`` repeats the same send.
    ``reactions`` tells who reacted with which emoji. A room's own notice, such as "joined", is its ``system``, and
    ``user_id`` whom it is about. A message written by another backend has no ``conversation``, ``seq`` and ``rev`` until
    it is migrated.
    """

    id: str = field(default_factory=new_id)
    conversation: str | None
    sender_id: str
    receiver_id: str | None
    seq: int | None = None
    rev: int | None = None
    text: str | None = None
    image: str | None = None
    client_id: str | None = None
    fingerprint: str | None = None
    reply_to: str | None = None
    reactions: Mapping[str, list[str]] = field(default_factory=dict)
    system: str | None = None
    user_id: str | None = None
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    created_at: datetime = field(default_factory=now)
    updated_at: datetime = field(default_factory=now)

    def edited(self, text: str | None) -> "Message":
        """With another text."""
        if text == self.text:
            return self
        time = now()
        return replace(self, text=text, edited_at=time, updated_at=time)

    def deleted(self) -> "Message":
        """A tombstone: its place stays, its content goes."""
        if self.deleted_at:
            return self
        time = now()
        return replace(self, text=None, image=None, reactions={}, deleted_at=time, updated_at=time)

    def reacted(self, user_id: str, emoji: str, on: bool) -> "Message":
        """With or without that user's reaction."""
        users = self.reactions.get(emoji, [])
        if on == (user_id in users):
            return self
        users = [*users, user_id] if on else [user for user in users if user != user_id]
        reactions = {**self.reactions, emoji: users}
        return replace(self, reactions={emoji: who for emoji, who in reactions.items() if who}, updated_at=now())

    def public(self) -> dict[str, Any]:
        """The message as the conversation's members see it; what is absent is left out."""
        view = {
            "_id": self.id,
            "conversation": self.conversation,
            "seq": self.seq,
            "rev": self.rev,
            "senderId": self.sender_id,
            "receiverId": self.receiver_id,
            "room": None if self.receiver_id else self.conversation,
            "text": self.text,
            "image": self.image,
            "clientId": self.client_id,
            "replyTo": self.reply_to,
            "reactions": self.reactions or None,
            "system": self.system,
            "userId": self.user_id,
            "editedAt": self.edited_at and iso(self.edited_at),
            "deletedAt": self.deleted_at and iso(self.deleted_at),
            "createdAt": iso(self.created_at),
            "updatedAt": iso(self.updated_at),
        }
        return {key: value for key, value in view.items() if value is not None}
