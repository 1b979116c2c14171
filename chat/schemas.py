"""What each endpoint and event takes: the types and bounds from which the checks at the door come.

A key that is not named here is ignored, and null is the same as absent.
"""

from typing import Annotated

from msgspec import Meta, Struct

MAX_NUMBER = 2**53 - 1  # the largest whole number that JavaScript can hold
Number = Annotated[int, Meta(ge=0, le=MAX_NUMBER)]
Id = Annotated[str, Meta(pattern="^[0-9a-fA-F]{24}$")]
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


class Room(Struct):
    """Which room to join or leave."""

    room: Id


class To(Struct):
    """Whom an event is for: a user or a room, one of both."""

    to: Id | None = None
    room: Id | None = None


class Send(NewMessage, rename="camel"):
    """A message over the socket: ``NewMessage`` and whom it is for, a user or a room."""

    to: Id | None = None
    room: Id | None = None
