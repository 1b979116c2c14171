"""What endpoints and events take and give.

First what they take: the types and bounds from which the checks at the door come. A key that is not named is ignored, and
null is the same as absent. Then what they give: shapes that the documentation and the tests hold the real answers to.
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

MAX_NUMBER = 2**53 - 1  # the largest whole number that JavaScript can hold
Number = Annotated[int, Meta(ge=0, le=MAX_NUMBER)]
Id = Annotated[str, Meta(pattern="^[0-9a-fA-F]{24}$")]
Time = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]
ClientId = Annotated[str, Meta(min_length=1, max_length=64)]


class Signup(Struct, rename="camel"):
    """A new account; the password has 6 characters to 72 bytes."""

    full_name: str
    email: str
    password: str


class Credentials(Struct):
    """A login."""

    email: str
    password: str


class Profile(Struct, rename="camel"):
    """What a user changes of themselves; the picture is a data URI."""

    full_name: str | None = None
    profile_pic: str | None = None


class PasswordChange(Struct, rename="camel"):
    """Another password, and the present one."""

    current_password: str
    new_password: str


class Password(Struct):
    """The present password, to make sure who it is."""

    password: str


class NewMessage(Struct, rename="camel"):
    """A message to send: a text, an image (a data URI), or both."""

    text: str | None = None
    image: str | None = None
    client_id: ClientId | None = None
    reply_to: Id | None = None


class Edit(Struct):
    """Another text for a message."""

    text: str


class Read(Struct):
    """How far a conversation has been read."""

    conversation: str
    seq: Number


class Sync(Struct):
    """How far a client has followed each conversation: its id → the ``rev`` reached."""

    cursors: Annotated[dict[str, Number], Meta(max_length=10_000)] = {}


class NewRoom(Struct):
    """A room to open; the one who opens it is its owner and a member."""

    name: str
    public: bool | None = None
    members: Annotated[list[Id], Meta(max_length=1000)] | None = None


class RoomName(Struct):
    """Another name for a room."""

    name: str


class Member(Struct, rename="camel"):
    """Whom to add to a room."""

    user_id: Id


class RoomId(Struct):
    """Which room."""

    room: Id


class To(Struct):
    """Whom an event is for: a user or a room, one of both."""

    to: Id | None = None
    room: Id | None = None


class Send(NewMessage, rename="camel"):
    """A message over the socket: ``NewMessage`` and whom it is for, a user or a room."""

    to: Id | None = None
    room: Id | None = None


def _on_the_wire(name: str) -> str:
    """The name of a field as clients see it: ``id`` as in MongoDB, the others in camelCase."""
    first, *others = name.split("_")
    return "_id" if name == "id" else first + "".join(word.title() for word in others)


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
    """A room and its members; ``deleted`` where it is gone."""

    id: Id
    name: str
    public: bool
    owner_id: Id
    members: list[Id]
    created_at: Time
    updated_at: Time
    deleted: bool | UnsetType = UNSET


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
