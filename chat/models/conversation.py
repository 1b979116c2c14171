"""Conversations: two people, or a room. Both have members, one counter, and a read cursor for each member."""

from collections.abc import Mapping

from msgspec import Struct, field

from chat.models.message import Message
from chat.models.values import is_id, new_id, now


class _Members(Struct, frozen=True, kw_only=True):
    """What both kinds have: the members, and how far each has read (``cursors``: user id → ``seq``; absent means 0)."""

    id: str = field(default_factory=new_id)
    members: tuple[str, ...]
    cursors: Mapping[str, int] = {}
    created_at: int = field(default_factory=now)
    updated_at: int = field(default_factory=now)

    def read_cursors(self) -> dict[str, int]:
        """How far each member has read; 0 for those who have not begun."""
        return {member: self.cursors.get(member, 0) for member in self.members}


class Direct(_Members, frozen=True, kw_only=True):
    """A conversation of two people, or one's notes to oneself. Its id is both user ids, the smaller first: ``a_b``."""

    def other(self, user_id: str) -> str:
        """The other member; oneself in notes to oneself."""
        return next((member for member in self.members if member != user_id), user_id)


class Room(_Members, frozen=True, kw_only=True):
    """A conversation with a name and an owner, whose members come and go. ``members`` are in the order of joining."""

    name: str
    public: bool
    owner_id: str

    @property
    def owners(self) -> tuple[str, ...]:
        """The ids of the members who may change the room."""
        return (self.owner_id,)


Conversation = Direct | Room


class Summary(Struct, frozen=True):
    """How a conversation stands for one member; ``rev`` is the number of its latest change."""

    last_message: Message | None = None
    unread: int = 0
    rev: int = 0


def direct(user_id: str, other_id: str) -> Direct:
    """The conversation of two people, the same from both sides, whether or not it has begun."""
    first, second = sorted((user_id, other_id))
    return Direct(id=f"{first}_{second}", members=(first, second) if first != second else (first,))


def direct_from_id(conversation_id: str) -> Direct | None:
    """The direct conversation with this id; None if it is not the id of one."""
    first, _, second = conversation_id.partition("_")
    return direct(first, second) if is_id(first) and is_id(second) and first <= second else None
