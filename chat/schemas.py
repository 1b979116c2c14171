"""What comes in: a Struct for each body, query string and event payload, with its types and bounds.

An unknown key is ignored, and null is the same as absent. Checks and the API's description both come from here.
``title`` is what error messages call such a value.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta, Struct

from chat.config import Config

MAX_NUMBER = 2**53 - 1  # the largest whole number that JavaScript can hold
MIN_PASSWORD = 6  # characters, as clients of the Express backend expect
MAX_PASSWORD = 72  # bytes of UTF-8: bcrypt reads no further
MAX_EMAIL = 254  # characters: RFC 5321's longest path, less its brackets
MAX_EMOJI = 16  # code points: the longest family with its joiners and skin tones has 10
MAX_MEMBERS = 1000  # of a room
MAX_TOPIC = 250  # characters of a room's topic
MAX_TTL_DAYS = 36_500  # for messages in a room
MAX_FOUND = 100  # messages that a search finds
MAX_QUERY = 256  # characters to search for: servers refuse addresses of over 4,000 bytes, and one may take 12 of them
MAX_REASON = 500  # characters of why an admin does something, or a user reports something
MAX_TOKEN = 100  # characters of a one-time link's token
MAX_DAYS = 365  # until an invitation ends
MAX_USES = 1000  # of an invitation
MAX_PAGE = 200  # accounts or rooms in one page of an admin's list
MAX_CURSORS = 10_000  # conversations in one sync


Outcome = Literal["dismissed", "message_deleted", "user_deactivated"]  # of a report


@dataclass(frozen=True, slots=True)
class AtMost:
    """A bound that is a setting: the largest number, or the most characters (code points) of a text."""

    setting: Callable[[Config], int]


@dataclass(frozen=True, slots=True)
class LowerCase:
    """A text that is normalised to lower case when it is parsed: ids, in bodies, queries, addresses and events alike."""


# The length beside the pattern: in Python its $ would let a line break through at the end.
Id = Annotated[str, Meta(pattern="^[0-9a-fA-F]{24}$", max_length=24, title="id"), LowerCase()]
ConversationId = Annotated[str, LowerCase()]
Number = Annotated[int, Meta(ge=0, le=MAX_NUMBER)]
TtlDays = Annotated[int, Meta(ge=0, le=MAX_TTL_DAYS)]
ClientId = Annotated[str, Meta(min_length=1, max_length=64, title="text")]
Text = Annotated[str, Meta(title="text"), AtMost(lambda config: config.max_text_length)]
Name = Annotated[
    str, Meta(title="text", extra_json_schema={"minLength": 1}), AtMost(lambda config: config.max_name_length)
]
NewPassword = Annotated[
    str, Meta(title="password", extra_json_schema={"minLength": MIN_PASSWORD, "maxLength": MAX_PASSWORD})
]
Email = Annotated[
    str, Meta(title="email", extra_json_schema={"pattern": r"^\s*[^@\s]+@[^@\s]+\s*$", "maxLength": MAX_EMAIL})
]
Emoji = Annotated[str, Meta(title="emoji", extra_json_schema={"minLength": 1, "maxLength": MAX_EMOJI})]
Token = Annotated[str, Meta(max_length=MAX_TOKEN, title="text")]
Image = Annotated[
    str,
    Meta(
        title="image as a data URI",
        extra_json_schema={"pattern": "^(data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+={0,2})?$"},
    ),
]


class LinkToken(Struct):
    """The token that a link ends in, behind the ``#``."""

    token: Token


class EmailOnly(Struct):
    """An email."""

    email: str


class NewPasswordByLink(Struct):
    """A new password, and the token of the link that allows it."""

    token: Token
    password: NewPassword


class NewEmail(Struct):
    """Another email, and the current password as a confirmation."""

    email: Email
    password: str


class Signup(Struct, rename="camel"):
    """A new account; the password has 6 characters to 72 bytes. The invitation is the token that its link ends in."""

    full_name: Name
    email: Email
    password: NewPassword
    invitation: Token | None = None


class Credentials(Struct):
    """A login."""

    email: str
    password: str


class WithToken(Struct):
    """Whether a login returns its token too: ``?token=1``, for phones and programs that keep no cookies."""

    token: bool | None = None


class Profile(Struct, rename="camel"):
    """What a user changes in their profile; the picture is a data URI."""

    full_name: Name | None = None
    profile_pic: Image | None = None


class PasswordChange(Struct, rename="camel"):
    """A new password, and the current one."""

    current_password: str
    new_password: NewPassword


class Password(Struct):
    """The current password, as a confirmation."""

    password: str


class NewMessage(Struct, rename="camel"):
    """A message to send: a text, an image (a data URI), or both."""

    text: Text | None = None
    image: Image | None = None
    client_id: ClientId | None = None
    reply_to: Id | None = None


class Edit(Struct):
    """The new text of a message."""

    text: Text


class Read(Struct):
    """How far a conversation has been read."""

    conversation: ConversationId
    seq: Number


class Sync(Struct):
    """How far a client has followed each conversation: its id → the ``rev`` reached."""

    cursors: Annotated[dict[str, Number], Meta(max_length=MAX_CURSORS)] = {}

    def __post_init__(self) -> None:
        self.cursors = {conversation.lower(): rev for conversation, rev in self.cursors.items()}


class NewRoom(Struct):
    """A room to create; the user who creates it owns it and is a member."""

    name: Name
    public: bool | None = None
    members: Annotated[list[Id], Meta(max_length=MAX_MEMBERS)] | None = None


class RoomSettings(Struct, rename="camel", omit_defaults=True):
    """What to change in a room; what is left out stays.

    An empty ``topic`` removes it. With ``membersInvite``, all members can add people. Messages that are older than
    ``messageTtlDays`` lose their content; 0 is as old as the server lets them be.
    """

    name: Name | None = None
    topic: Annotated[str, Meta(max_length=MAX_TOPIC, title="text")] | None = None
    public: bool | None = None
    members_invite: bool | None = None
    message_ttl_days: TtlDays | None = None


class Member(Struct, rename="camel"):
    """Whom to add to a room."""

    user_id: Id


class RoomId(Struct):
    """Which room."""

    room: Id


class TypingTarget(Struct, rename="camel"):
    """Where the user is typing: with a user (``to``, or ``receiverId`` as older clients call it) or in a ``room``."""

    to: Id | None = None
    room: Id | None = None
    receiver_id: Id | None = None

    def __post_init__(self) -> None:
        self.to = self.to or self.receiver_id
        _check_one_target(self.to, self.room)


class Send(NewMessage, rename="camel"):
    """A message over the socket: ``NewMessage``, and either a user (``to``) or a ``room``."""

    to: Id | None = None
    room: Id | None = None

    def __post_init__(self) -> None:
        _check_one_target(self.to, self.room)


class Page(Struct):
    """Which page of history: the newest, that ``before`` a ``seq``, or the ``page`` with that number (1: the newest)."""

    before: Annotated[int, Meta(ge=1, le=MAX_NUMBER)] | None = None
    limit: Annotated[int, Meta(ge=1), AtMost(lambda config: config.max_history_page)] | None = None
    page: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None


class Search(Struct, rename={"with_id": "with"}):
    """The words to search for, as literal text; ``with`` is a user's or a room's id."""

    q: Annotated[str, Meta(max_length=MAX_QUERY, title="text")]
    with_id: Id | None = None
    limit: Annotated[int, Meta(ge=1, le=MAX_FOUND)] = MAX_FOUND // 2


class Reason(Struct):
    """Why an admin does this; the audit log keeps it."""

    reason: Annotated[str, Meta(min_length=1, max_length=MAX_REASON, title="text")]


class RoomTtl(Reason, rename="camel"):
    """After how many days messages in a room lose their content, and why; 0 is when the server lets them."""

    message_ttl_days: TtlDays


class NewInvitation(Struct):
    """An invitation for so many people, until it ends; ``room`` is the room that they become members of."""

    days: Annotated[int, Meta(ge=1, le=MAX_DAYS)] = 7
    uses: Annotated[int, Meta(ge=1, le=MAX_USES)] = 1
    room: Id | None = None
    note: Annotated[str, Meta(max_length=MAX_REASON, title="text")] = ""


class People(Struct):
    """Which users: all, or only the one with exactly that email."""

    email: Annotated[str, Meta(max_length=MAX_EMAIL, title="email")] | None = None


class NewReport(Struct):
    """What a user reports: a message, or a user; and why."""

    reason: Annotated[str, Meta(min_length=1, max_length=MAX_REASON, title="text")]
    message: Id | None = None
    user: Id | None = None

    def __post_init__(self) -> None:
        if (self.message is None) == (self.user is None):
            raise ValueError("say what you report: either a message or a user")


class ReportPage(Struct):
    """A page of reports: those whose id is less than ``before``."""

    status: Literal["open", "closed"] = "open"
    before: Id | None = None
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = 50


class Decision(Reason):
    """What an admin decides about a report, and why."""

    outcome: Outcome


class Found(Struct):
    """A page of what contains a text: the newest whose id is less than ``before``."""

    q: Annotated[str, Meta(max_length=MAX_QUERY, title="text")] = ""
    before: Id | None = None
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = 50


class LogPage(Struct):
    """A page of the audit log: the entries whose id is less than ``before``."""

    before: Id | None = None
    limit: Annotated[int, Meta(ge=1, le=500)] = 100


def _check_one_target(to: Id | None, room: Id | None) -> None:
    if (to is None) == (room is None):
        raise ValueError("say who it is for: either to (a user) or room")
