"""Conversations: two people, or a room. Both have members, one counter, and a read cursor a member."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chat.models.message import Message
from chat.models.values import is_id, iso, new_id, now


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """Who talks, and how far each has read (``cursors``: user id → the ``seq`` of the last message they read).

    A room is a conversation with a name; of two people's, the id says it all (see `direct`).
    """

    id: str = field(default_factory=new_id)
    members: tuple[str, ...]
    cursors: Mapping[str, int] = field(default_factory=dict)
    name: str | None = None
    public: bool = False
    owner_id: str | None = None
    created_at: datetime = field(default_factory=now)
    updated_at: datetime = field(default_factory=now)

    @property
    def is_room(self) -> bool:
        """Whether it has a name and members that come and go."""
        return self.name is not None

    def read_cursors(self) -> dict[str, int]:
        """How far each member has read, 0 for those who have not begun."""
        return {member: self.cursors.get(member, 0) for member in self.members}

    def room(self) -> dict[str, Any]:
        """A room as clients see it."""
        return {
            "_id": self.id,
            "name": self.name,
            "public": self.public,
            "ownerId": self.owner_id,
            "members": list(self.members),
            "createdAt": iso(self.created_at),
            "updatedAt": iso(self.updated_at),
        }

    def other(self, user_id: str) -> str:
        """The other side of a direct conversation; oneself where it is a note to oneself."""
        return next((member for member in self.members if member != user_id), user_id)


@dataclass(frozen=True, slots=True)
class Summary:
    """What a list of conversations tells one member about one of them; ``rev`` is the number of its latest change."""

    last_message: Message | None = None
    unread: int = 0
    rev: int = 0


def direct(user_id: str, other_id: str) -> Conversation:
    """The conversation of two people, the same from both sides; its id is both ids, the smaller first."""
    first, second = sorted((user_id, other_id))
    return Conversation(id=f"{first}_{second}", members=(first, second) if first != second else (first,))


def direct_from_id(conversation_id: str) -> Conversation | None:
    """The direct conversation that has this id; None where it is not the id of one."""
    first, _, second = conversation_id.partition("_")
    return direct(first, second) if is_id(first) and is_id(second) and first <= second else None
