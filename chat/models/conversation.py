"""Conversations: two people, or a room. Both have members, one counter, and a read cursor for each member."""

from collections.abc import Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from chat.errors import NotFoundError, NotTheOwnerError
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
    """A conversation with a name and owners, whose members come and go. ``members`` are in the order of joining.

    ``owner_id`` is the first owner, the only one that release 1.0 knows; ``co_owners`` are the others, in the order of
    joining. With ``members_invite``, all members can add people. ``message_ttl_days`` is how old messages may be; with 0,
    as old as the server lets them be. A change is a pure function from a room to its next state.
    """

    name: str
    public: bool
    owner_id: str
    co_owners: tuple[str, ...] = ()
    topic: str = ""
    members_invite: bool = False
    message_ttl_days: int = 0

    @property
    def owners(self) -> tuple[str, ...]:
        """The ids of the members who may change the room, the first owner first. A room without members has none."""
        return tuple(id for id in (self.owner_id, *self.co_owners) if id in self.members)

    def owned_by(self, user_id: str) -> "Room":
        """The room, if that user owns it. Raises `NotTheOwnerError`."""
        if user_id not in self.owners:
            raise NotTheOwnerError
        return self

    def require_may_add(self, user_id: str, by: str | None) -> None:
        """Raise `NotTheOwnerError` unless that user may be added by this one, or `NotFoundError` if they can't see it.

        Users add themselves to public rooms, owners add others, and members do if the room lets them. None may always.
        """
        if by == user_id and not self.public:
            raise NotFoundError("no such room")
        if by not in (None, user_id) and not (self.members_invite and by in self.members):
            self.owned_by(by or "")

    def with_owner(self, user_id: str) -> "Room":
        """With that member as an owner."""
        if user_id not in self.members or user_id in self.owners:
            return self
        return self._given_to([*self.owners, user_id])

    def without_owner(self, user_id: str) -> "Room":
        """With that owner as an ordinary member, unless there is no other owner."""
        others = [id for id in self.owners if id != user_id]
        return self._given_to(others) if others and user_id in self.owners else self

    def without(self, user_id: str) -> "Room":
        """Without that member. If they were the last owner, the longest member becomes one."""
        if user_id not in self.members:
            return self
        members = tuple(id for id in self.members if id != user_id)
        cursors = {id: seq for id, seq in self.cursors.items() if id != user_id}
        owners = [id for id in self.owners if id != user_id] or list(members[:1])
        return replace(self, members=members, cursors=cursors)._given_to(owners)

    def _given_to(self, owners: list[str]) -> "Room":
        if not owners:
            return replace(self, co_owners=())
        return replace(self, owner_id=owners[0], co_owners=tuple(id for id in self.members if id in owners[1:]))


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
