"""What goes out: a Struct for each response, acknowledgement and emitted event.

Clients refuse no field that they don't know, but the server sends only fields that are named here. The module is long
because it is the one list of all that goes out.
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from chat.schemas import ClientId, Number, Outcome
from chat.version import VERSION

Id = Annotated[str, Meta(pattern="^[0-9a-f]{24}$", title="id")]
NoticeKind = Literal[  # what a notice of a room says; its text says it in words
    "joined",
    "left",
    "added",
    "removed",
    "renamed",
    "topic",
    "public",
    "private",
    "owner",
    "not_owner",
    "retention",
]
# Who deleted a message, if not its sender: an owner of the room, an admin, or the server when it was too old.
Deleter = Literal["owner", "admin", "retention"]
AuditAction = Literal[  # what admins do
    "user_created",
    "user_made_admin",
    "user_no_longer_admin",
    "user_deactivated",
    "user_reactivated",
    "user_logged_out",
    "user_deleted",
    "user_exported",
    "password_set",
    "room_deleted",
    "room_owner_added",
    "room_retention_set",
    "invitation_made",
    "invitation_revoked",
    "message_deleted",
    "messages_purged",
    "report_dismissed",
    "reset_link_made",
    "log_exported",
]
Time = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", title="time")]


def _wire_name(name: str) -> str:
    """The name of a field as clients see it: ``id`` as in MongoDB, the others in camelCase."""
    first, *others = name.split("_")
    return "_id" if name == "id" else first + "".join(word.title() for word in others)


class Answer(Struct, kw_only=True, rename=_wire_name, forbid_unknown_fields=True):
    """The base of everything that goes out."""


class Refusal(Answer):
    """Why an event or a connection was refused: a message for people, and a stable code for programs."""

    message: str
    code: str


class Failure(Refusal):
    """What went wrong with a request; ``error`` repeats the message for older clients."""

    error: str


class Done(Answer):
    """It is done; a message for people."""

    message: str


class Health(Answer):
    """The state of the server, and its version."""

    status: Literal["alive", "ready"]
    version: str = VERSION


class Limits(Answer):
    """The limits that a client needs to know. Lengths are in code points, passwords in bytes at most, images in bytes."""

    max_text_length: int
    max_name_length: int
    max_image_bytes: int
    max_image_pixels: int
    max_room_members: int
    min_password_length: int
    max_password_bytes: int
    image_types: list[str]


class User(Answer):
    """A person; ``profilePic`` is the address of an image, or empty."""

    id: Id
    email: str
    full_name: str
    profile_pic: str
    created_at: Time
    updated_at: Time


class Me(User):
    """The user who asks; ``admin`` if they are one, ``unverified`` if they have to confirm their email first."""

    admin: bool | UnsetType = UNSET
    unverified: bool | UnsetType = UNSET


class LoggedIn(Me, omit_defaults=True):
    """The user who has logged in; ``token`` only if the request asked for it with ``?token=1``."""

    token: str | UnsetType = UNSET


class Account(User):
    """A user as admins see them."""

    admin: bool
    verified: bool
    deactivated_at: Time | None
    last_seen: Time | None


class Accounts(Answer):
    """A page of accounts; ``older`` is the ``before`` that asks for the next page, if there is one."""

    users: list[Account]
    older: Id | None


class AdminRoom(Answer):
    """A room as admins see it: what was said in it is not theirs to read."""

    id: Id
    name: str
    public: bool
    owner_id: Id
    owners: list[Id]
    message_ttl_days: Number
    member_count: int
    created_at: Time


class AdminRooms(Answer):
    """A page of rooms; ``older`` is the ``before`` that asks for the next page, if there is one."""

    rooms: list[AdminRoom]
    older: Id | None


class Invitation(Answer):
    """An invitation as admins see it; the link itself is shown only once, when it is made."""

    id: Id
    created_at: Time
    created_by: str
    expires_at: Time
    uses_left: Number
    room: Id | None
    note: str


class NewInvitation(Invitation):
    """A new invitation, with its ``link``: an address, or without `PUBLIC_URL` a path with a fragment."""

    link: str


class Offer(Answer):
    """What an invitation offers: an account, and maybe the membership of a room."""

    expires_at: Time
    room_name: str | None


class About(Answer):
    """What a client needs to know before the login: who may join (``signup``), and whether the server sends mail."""

    version: str
    signup: Literal["open", "invite", "closed"]
    signup_domains: list[str]
    mail: bool


class Report(Answer):
    """A message or a person that a user reported; ``text`` is what the message said then.

    The names are null if the accounts are gone.
    """

    id: Id
    created_at: Time
    reporter_id: Id
    reporter_name: str | None
    user_id: Id
    user_name: str | None
    message_id: Id | None
    text: str | None
    reason: str
    outcome: Outcome | None
    closed_at: Time | None


class Reports(Answer):
    """A page of reports; ``older`` is the ``before`` that asks for the next page, if there is one."""

    reports: list[Report]
    older: Id | None


class ResetLink(Answer):
    """A link to set a new password: an address, or without `PUBLIC_URL` a path with a fragment."""

    link: str


class AuditEntry(Answer):
    """Something that an admin did: who (``actorId`` is null for the command line), what, to whom, when and why.

    ``failed`` says why it did not happen after all.
    """

    id: Id
    at: Time
    actor_id: Id | None
    actor: str
    action: AuditAction
    user_id: Id | None
    room_id: Id | None
    message_id: Id | None
    reason: str
    details: str
    failed: str


class AuditLog(Answer):
    """A page of the audit log; ``older`` is the ``before`` that asks for the next page, if there is one."""

    entries: list[AuditEntry]
    older: Id | None


class Session(Answer, rename="camel"):
    """One login, in one browser or on one device; ``current`` marks the one that asks."""

    id: Id
    current: bool
    created_at: Time
    last_used_at: Time
    user_agent: str


class Message(Answer, omit_defaults=True):
    """A message; absent fields are left out.

    ``conversation``, ``seq`` and ``rev`` are missing in messages that another backend wrote, until they are migrated. A
    direct message has ``receiverId``, a room's has ``room``. A deleted one has ``deletedAt``, and no text or image. In
    rooms, ``blocked`` marks messages of users whom I block. At the address ``thumbnail``, the image is at most 480 pixels
    wide and high; a small or an animated one is served there as it is.
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
    thumbnail: str | UnsetType = UNSET
    client_id: ClientId | UnsetType = UNSET
    reply_to: Id | UnsetType = UNSET
    reactions: dict[str, list[Id]] | UnsetType = UNSET
    edited_at: Time | UnsetType = UNSET
    deleted_at: Time | UnsetType = UNSET
    deleted_by: Deleter | UnsetType = UNSET
    system: NoticeKind | UnsetType = UNSET
    user_id: Id | UnsetType = UNSET
    blocked: bool | UnsetType = UNSET


class Room(Answer):
    """A room and its members.

    ``ownerId`` is the first of the ``owners``. With ``membersInvite``, all members can add people. Messages that are older
    than ``messageTtlDays`` lose their content; 0 is as old as the server lets them be.
    """

    id: Id
    name: str
    topic: str
    public: bool
    owner_id: Id
    owners: list[Id]
    members: list[Id]
    members_invite: bool
    message_ttl_days: Number
    created_at: Time
    updated_at: Time


class RoomChange(Room, omit_defaults=True):
    """A room as it is now; ``deleted`` if it no longer exists."""

    deleted: bool | UnsetType = UNSET


class Standing(Answer):
    """How a conversation stands for me: its last message, what I have not read, how far each member has read.

    It is 0 for members who block me or whom I block.
    """

    conversation: str
    rev: Number
    unread: Number
    last_message: Message | None
    cursors: dict[Id, Number]


class RoomEntry(Room):
    """A room, and how it stands for me (the fields of `Standing`)."""

    conversation: Id
    rev: Number
    unread: Number
    last_message: Message | None
    cursors: dict[Id, Number]


class SidebarEntry(User):
    """Another user, and how our conversation stands (the fields of `Standing`); ``blocked`` if I block them.

    ``deleted`` if they have deleted their account: the conversation can be read, and nothing can be sent.
    """

    conversation: str
    rev: Number
    unread: Number
    last_message: Message | None
    cursors: dict[Id, Number]
    last_seen: Time | None
    blocked: bool
    deleted: bool


class Changes(Answer, rename="camel"):
    """What is new or changed in one conversation; if there is ``more``, ask again from ``upTo``."""

    id: str
    messages: list[Message]
    up_to: Number
    more: bool


class SyncAnswer(Answer):
    """The conversations with changes."""

    conversations: list[Changes]


class ReadAnswer(Answer):
    """Where my read cursor is now, and how many messages are unread."""

    conversation: str
    seq: Number
    unread: Number


class BlockAnswer(Answer):
    """Whether I block the user."""

    blocked: bool


class Profile(Answer, omit_defaults=True):
    """The name and the picture of a user as they are now; both empty, and ``deleted``, if the account no longer exists."""

    id: Id
    full_name: str
    profile_pic: str
    deleted: bool | UnsetType = UNSET


class PublicRoom(Answer, omit_defaults=True):
    """The name of a public room as it is now; ``deleted`` if it no longer exists or is no longer public."""

    id: Id
    name: str
    deleted: bool | UnsetType = UNSET


class ListChanges(Answer):
    """What changed in the lists of users and of public rooms."""

    users: list[Profile]
    rooms: list[PublicRoom]


class PresenceChange(Answer):
    """The ids of the users who came online and went offline."""

    online: list[Id]
    offline: list[Id]


class Typing(Answer):
    """Who is typing, and where."""

    conversation: str
    user_id: Id


class Receipt(Answer):
    """How far a user has read."""

    conversation: str
    user_id: Id
    seq: Number


class Joined(Answer):
    """The room that the socket asked to join."""

    room: Id


class Nothing(Answer):
    """No fields."""


class MessageAnswer(Answer):
    """The stored message."""

    message: Message


class RoomAnswer(Answer):
    """The room as it is now."""

    room: Room
