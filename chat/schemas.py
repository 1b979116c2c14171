"""What endpoints and events take: the types and bounds from which the checks at the door and their description come.

A key that is not named is ignored, and null is the same as absent. Bounds that are said by ``extra_json_schema`` are
checked where the rule is kept, in a controller, which has better words for it; one that is the name of a setting is
described with that setting's value. ``title`` is what people call such a value.
"""

from typing import Annotated

from msgspec import Meta, Struct

MAX_NUMBER = 2**53 - 1  # the largest whole number that JavaScript can hold
MIN_PASSWORD = 6  # characters, as clients of the Express backend expect
MAX_PASSWORD = 72  # bytes of UTF-8: bcrypt reads no further
MAX_EMAIL = 254  # characters: RFC 5321's longest path, less its brackets
MAX_EMOJI = 16  # code points: the longest family with its joiners and skin tones has 10
MAX_MEMBERS = 1000  # of a room
MAX_FOUND = 100  # messages that a search finds
MAX_QUERY = 256  # characters to search for: servers refuse addresses of over 4,000 bytes, and one may take 12 of them
Number = Annotated[int, Meta(ge=0, le=MAX_NUMBER)]
# The length beside the pattern: in Python its $ would let a line break through at the end.
Id = Annotated[str, Meta(pattern="^[0-9a-fA-F]{24}$", max_length=24, title="id")]
Time = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", title="time")]
ClientId = Annotated[str, Meta(min_length=1, max_length=64, title="text")]
Text = Annotated[str, Meta(title="text", extra_json_schema={"maxLength": "max_text_length"})]
Name = Annotated[str, Meta(title="text", extra_json_schema={"minLength": 1, "maxLength": "max_name_length"})]
NewPassword = Annotated[
    str, Meta(title="password", extra_json_schema={"minLength": MIN_PASSWORD, "maxLength": MAX_PASSWORD})
]
Email = Annotated[
    str, Meta(title="email", extra_json_schema={"pattern": r"^\s*[^@\s]+@[^@\s]+\s*$", "maxLength": MAX_EMAIL})
]
Emoji = Annotated[str, Meta(title="emoji", extra_json_schema={"minLength": 1, "maxLength": MAX_EMOJI})]
Image = Annotated[
    str,
    Meta(
        title="image as a data URI",
        extra_json_schema={"pattern": "^(data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+={0,2})?$"},
    ),
]


class Signup(Struct, rename="camel"):
    """A new account; the password has 6 characters to 72 bytes."""

    full_name: Name
    email: Email
    password: NewPassword


class Credentials(Struct):
    """A login."""

    email: str
    password: str


class Profile(Struct, rename="camel"):
    """What a user changes of themselves; the picture is a data URI."""

    full_name: Name | None = None
    profile_pic: Image | None = None


class PasswordChange(Struct, rename="camel"):
    """Another password, and the present one."""

    current_password: str
    new_password: NewPassword


class Password(Struct):
    """The present password, to make sure who it is."""

    password: str


class NewMessage(Struct, rename="camel"):
    """A message to send: a text, an image (a data URI), or both."""

    text: Text | None = None
    image: Image | None = None
    client_id: ClientId | None = None
    reply_to: Id | None = None


class Edit(Struct):
    """Another text for a message."""

    text: Text


class Read(Struct):
    """How far a conversation has been read."""

    conversation: str
    seq: Number


class Sync(Struct):
    """How far a client has followed each conversation: its id → the ``rev`` reached."""

    cursors: Annotated[dict[str, Number], Meta(max_length=10_000)] = {}


class NewRoom(Struct):
    """A room to open; the one who opens it is its owner and a member."""

    name: Name
    public: bool | None = None
    members: Annotated[list[Id], Meta(max_length=MAX_MEMBERS)] | None = None


class RoomName(Struct):
    """Another name for a room."""

    name: Name


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


class Page(Struct):
    """Which page of history: the newest messages, or those ``before`` a ``seq``."""

    before: Annotated[int, Meta(ge=1, le=MAX_NUMBER)] | None = None
    limit: Annotated[int, Meta(ge=1, extra_json_schema={"maximum": "max_history_page"})] | None = None


class Search(Struct, rename={"with_id": "with"}):
    """What to search for, as literal text; ``with`` is a user's or a room's id."""

    q: Annotated[str, Meta(max_length=MAX_QUERY, title="text")]
    with_id: Id | None = None
    limit: Annotated[int, Meta(ge=1, le=MAX_FOUND)] = MAX_FOUND // 2
