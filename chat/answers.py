"""What endpoints answer and events tell: shapes that the documentation and the tests hold the real ones to."""

from types import GenericAlias
from typing import Any, Literal, get_type_hints

from msgspec import UNSET, Struct, UnsetType, defstruct

from chat.schemas import ClientId, Id, Number, Time


def _on_the_wire(name: str) -> str:
    """The name of a field as clients see it: ``id`` as in MongoDB, the others in camelCase."""
    first, *others = name.split("_")
    return "_id" if name == "id" else first + "".join(word.title() for word in others)


class Failure(Struct, forbid_unknown_fields=True):
    """What went wrong: words for people, a stable code for programs."""

    message: str
    code: str


class Done(Struct, forbid_unknown_fields=True):
    """It is done; words for people."""

    message: str


class Health(Struct, forbid_unknown_fields=True):
    """How the server is."""

    status: Literal["alive", "ready"]


class User(Struct, rename=_on_the_wire, forbid_unknown_fields=True):
    """A person; ``profilePic`` is the address of an image, and empty where there is none."""

    id: Id
    email: str
    full_name: str
    profile_pic: str
    created_at: Time
    updated_at: Time


class Session(Struct, rename="camel", forbid_unknown_fields=True):
    """One login, on one browser or device; ``current`` is the one that asks."""

    id: Id
    current: bool
    created_at: Time
    last_used_at: Time
    user_agent: str


class Message(Struct, rename=_on_the_wire, forbid_unknown_fields=True, omit_defaults=True):
    """A message; what is absent is left out.

    ``conversation``, ``seq`` and ``rev`` are missing in messages that another backend wrote, until they are migrated. A
    direct message has ``receiverId``, a room's has ``room``. A deleted one has ``deletedAt``, and no text or image.
    """

    id: Id
    sender_id: Id
    created_at: Time
    updated_at: Time
    conversation: str | UnsetType = UNSET
    seq: Number | UnsetType = UNSET
    rev: Number | UnsetType = UNSET
    receiver_id: Id | UnsetType = UNSET
    room: Id | UnsetType = UNSET
    text: str | UnsetType = UNSET
    image: str | UnsetType = UNSET
    client_id: ClientId | UnsetType = UNSET
    reply_to: Id | UnsetType = UNSET
    reactions: dict[str, list[Id]] | UnsetType = UNSET
    edited_at: Time | UnsetType = UNSET
    deleted_at: Time | UnsetType = UNSET
    system: Literal["joined", "left", "added", "removed", "renamed"] | UnsetType = UNSET
    user_id: Id | UnsetType = UNSET
    blocked: bool | UnsetType = UNSET


class Room(Struct, rename=_on_the_wire, forbid_unknown_fields=True):
    """A room and its members."""

    id: Id
    name: str
    public: bool
    owner_id: Id
    members: list[Id]
    created_at: Time
    updated_at: Time


class RoomChange(Room):
    """A room as it is now; ``deleted`` where it is gone."""

    deleted: bool | UnsetType = UNSET


class Standing(Struct, rename=_on_the_wire, forbid_unknown_fields=True):
    """How a conversation stands for me: its last message, what I have not read, how far each member has read."""

    conversation: str
    rev: Number
    unread: Number
    last_message: Message | None
    cursors: dict[Id, Number]


def _with_standing(name: str, promise: str, kind: type[Struct], **more: Any) -> type[Struct]:
    """A ``kind`` with the fields of `Standing`, and ``more``: two Structs cannot both be bases of one."""
    fields = get_type_hints(kind, include_extras=True) | get_type_hints(Standing, include_extras=True) | more
    namespace = {"__doc__": promise}
    return defstruct(name, fields.items(), namespace=namespace, rename=_on_the_wire, forbid_unknown_fields=True)


SidebarEntry = _with_standing(
    "SidebarEntry",
    "Another user, and how our conversation stands; ``blocked`` where I block them.",
    User,
    last_seen=Time | None,
    blocked=bool,
)
RoomEntry = _with_standing("RoomEntry", "A room, and how it stands for me.", Room)
Sidebar, RoomList = GenericAlias(list, SidebarEntry), GenericAlias(list, RoomEntry)


class Changes(Struct, rename="camel", forbid_unknown_fields=True):
    """What is new or changed in one conversation; where there is ``more``, ask again from ``upTo``."""

    id: str
    messages: list[Message]
    up_to: Number
    more: bool


class SyncAnswer(Struct, forbid_unknown_fields=True):
    """The conversations with changes."""

    conversations: list[Changes]


class ReadAnswer(Struct, forbid_unknown_fields=True):
    """Where my read cursor is now, and what is left to read."""

    conversation: str
    seq: Number
    unread: Number


class BlockAnswer(Struct, forbid_unknown_fields=True):
    """Whether I block the user."""

    blocked: bool


class PresenceChange(Struct, forbid_unknown_fields=True):
    """The ids of those who came and of those who went."""

    online: list[Id]
    offline: list[Id]


class Typing(Struct, rename=_on_the_wire, forbid_unknown_fields=True):
    """Who is typing where."""

    conversation: str
    user_id: Id


class Receipt(Struct, rename=_on_the_wire, forbid_unknown_fields=True):
    """How far somebody has read."""

    conversation: str
    user_id: Id
    seq: Number


class Nothing(Struct, forbid_unknown_fields=True):
    """No fields at all."""
