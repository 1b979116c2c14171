"""How models look to clients: each function turns a model into its answer."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import TypeVar

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import asdict

from chat import answers
from chat.current import config, images
from chat.models.audit import Entry
from chat.models.conversation import Conversation, Room, Summary
from chat.models.link import Link
from chat.models.message import LegacyMessage, Message, renamed_to
from chat.models.report import Report
from chat.models.user import Session, User
from chat.models.values import iso

DELETED = "A deleted user"
A = TypeVar("A", bound=answers.Answer)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who sees something, which decides what of it: see `chat.controllers.seeing`.

    ``blocked`` are the ids of those whose messages in rooms are marked, ``hidden`` of those whose signs are not shown.
    ``names`` are those of the users in notices, by id. ``emails`` says whether emails of others are shown.
    """

    blocked: Set[str] = frozenset()
    hidden: Set[str] = frozenset()
    names: Mapping[str, str] = field(default_factory=dict)
    emails: bool = False


def user(user: User) -> answers.User:
    """A user with all that clients may get to see."""
    return answers.User(
        id=user.id,
        email=user.email,
        full_name=user.full_name,
        profile_pic=user.profile_pic,
        created_at=iso(user.created_at),
        updated_at=iso(user.updated_at),
    )


def _other(viewer: Viewer, other: User) -> answers.User:
    """A user as another one sees them."""
    seen = user(other)
    if not viewer.emails:
        seen.email = ""
    return seen


def me(me: User) -> answers.Me:
    """A user as they see themselves."""
    return _joined(
        answers.Me, user(me), admin=me.admin or UNSET, unverified=(config.verify_email and not me.verified) or UNSET
    )


def account(account: User) -> answers.Account:
    """A user as admins see them."""
    return _joined(
        answers.Account,
        user(account),
        admin=account.admin,
        verified=account.verified,
        deactivated_at=iso(account.deactivated_at) if account.deactivated_at else None,
        last_seen=iso(account.last_seen) if account.last_seen else None,
    )


def admin_room(room: Room) -> answers.AdminRoom:
    """A room as admins see it."""
    return answers.AdminRoom(
        id=room.id,
        name=room.name,
        public=room.public,
        owner_id=room.owner_id,
        owners=list(room.owners),
        message_ttl_days=room.message_ttl_days,
        member_count=len(room.members),
        created_at=iso(room.created_at),
    )


def invitation(link: Link) -> answers.Invitation:
    """An invitation as admins see it."""
    return answers.Invitation(
        id=link.id,
        created_at=iso(link.created_at),
        created_by=link.created_by,
        expires_at=iso(link.expires_at),
        uses_left=link.uses_left,
        room=link.room_id,
        note=link.note,
    )


def new_invitation(link: Link, address: str) -> answers.NewInvitation:
    """A new invitation with its address."""
    return _joined(answers.NewInvitation, invitation(link), link=address)


def offer(link: Link, room_name: str | None) -> answers.Offer:
    """What an invitation offers."""
    return answers.Offer(expires_at=iso(link.expires_at), room_name=room_name)


def report(report: Report, names: Mapping[str, str]) -> answers.Report:
    """A report as admins see it; ``names`` are those of the users in it, by id."""
    return answers.Report(
        id=report.id,
        created_at=iso(report.created_at),
        reporter_id=report.reporter_id,
        reporter_name=names.get(report.reporter_id),
        user_id=report.user_id,
        user_name=names.get(report.user_id),
        message_id=report.message_id,
        text=report.text,
        reason=report.reason,
        outcome=report.outcome,
        closed_at=iso(report.closed_at) if report.closed_at else None,
    )


def audit_entry(entry: Entry) -> answers.AuditEntry:
    """An entry of the audit log as admins see it."""
    return answers.AuditEntry(**{**asdict(entry), "at": iso(entry.at)})


def logged_in(user: answers.Me, token: str) -> answers.LoggedIn:
    """The user who has logged in, with the token."""
    return _joined(answers.LoggedIn, user, token=token)


def session(session: Session, current_id: str) -> answers.Session:
    """A session as its user sees it."""
    return answers.Session(
        id=session.id,
        current=session.id == current_id,
        created_at=iso(session.created_at),
        last_used_at=iso(session.last_used_at),
        user_agent=session.user_agent,
    )


def message(viewer: Viewer, message: Message | LegacyMessage) -> answers.Message:
    """A message as that viewer sees it."""
    if isinstance(message, LegacyMessage):
        return _legacy_message(message)
    shown = ((emoji, [id for id in ids if id not in viewer.hidden]) for emoji, ids in message.reactions.items())
    reactions = {emoji: ids for emoji, ids in shown if ids}
    return answers.Message(
        id=message.id,
        sender_id=message.sender_id,
        created_at=iso(message.created_at),
        updated_at=iso(message.updated_at),
        conversation=message.conversation,
        seq=message.seq,
        rev=message.rev,
        receiver_id=message.receiver_id or UNSET,
        room=UNSET if message.receiver_id else message.conversation,
        text=(_notice(message, viewer.names) if message.system else message.text) or UNSET,
        image=message.image or UNSET,
        thumbnail=_thumbnail(message),
        client_id=message.client_id or UNSET,
        reply_to=message.reply_to or UNSET,
        reactions=reactions or UNSET,
        edited_at=iso(message.edited_at) if message.edited_at else UNSET,
        deleted_at=iso(message.deleted_at) if message.deleted_at else UNSET,
        deleted_by=message.deleted_by or UNSET,
        system=message.system or UNSET,
        user_id=message.user_id or UNSET,
        blocked=(message.receiver_id is None and message.sender_id in viewer.blocked) or UNSET,
    )


def _notice(message: Message, names: Mapping[str, str]) -> str:
    """What a notice of a room says, with the names of today. Only the room's new name, topic or time is stored."""
    actor = names.get(message.sender_id, DELETED)
    user = names.get(message.user_id or "", DELETED)
    match message.system:
        case "joined":
            return f"{user} joined"
        case "left":
            return f"{user} left"
        case "added":
            return f"{actor} added {user}"
        case "removed":
            return f"{actor} removed {user}"
        case "owner":
            return f"{user} is now an owner of the room"
        case "not_owner":
            return f"{user} is no longer an owner of the room"
        case "public" | "private":
            return f"{actor} made the room {message.system}"
        case "topic":
            return f"{actor} set the topic: {message.text}" if message.text else f"{actor} removed the topic"
        case "retention":
            if message.text == "0":
                return "Messages are kept as long as the server keeps them"
            return f"Messages lose their content after {message.text} days"
        case _:
            return f"{actor} named the room {renamed_to(message.text or '')}"


def _legacy_message(message: LegacyMessage) -> answers.Message:
    return answers.Message(
        id=message.id,
        sender_id=message.sender_id,
        receiver_id=message.receiver_id,
        created_at=iso(message.created_at),
        updated_at=iso(message.updated_at),
        text=message.text or UNSET,
        image=message.image or UNSET,
        thumbnail=_thumbnail(message),
        deleted_at=iso(message.deleted_at) if message.deleted_at else UNSET,
    )


def _thumbnail(message: Message | LegacyMessage) -> str | UnsetType:
    return (images.thumbnail(message.image) if message.image else None) or UNSET


def room(room: Room) -> answers.Room:
    """A room as its members see it, and others if it is public."""
    return answers.Room(
        id=room.id,
        name=room.name,
        topic=room.topic,
        public=room.public,
        owner_id=room.owner_id,
        owners=list(room.owners),
        members=list(room.members),
        members_invite=room.members_invite,
        message_ttl_days=room.message_ttl_days,
        created_at=iso(room.created_at),
        updated_at=iso(room.updated_at),
    )


def room_change(room_: Room, deleted: bool = False) -> answers.RoomChange:
    """What became of a room."""
    return _joined(answers.RoomChange, room(room_), deleted=deleted or UNSET)


def room_entry(viewer: Viewer, room_: Room, summary: Summary) -> answers.RoomEntry:
    """A room in the viewer's list of rooms."""
    return _joined(answers.RoomEntry, room(room_), _standing(viewer, room_, summary))


def sidebar_entry(viewer: Viewer, other: User, conversation: Conversation, summary: Summary) -> answers.SidebarEntry:
    """Another user in the viewer's sidebar."""
    standing = _standing(viewer, conversation, summary)
    last_seen = iso(other.last_seen) if other.last_seen and other.id not in viewer.hidden else None
    mine = {"last_seen": last_seen, "blocked": other.id in viewer.blocked, "deleted": other.deleted}
    return _joined(answers.SidebarEntry, _other(viewer, other), standing, **mine)


def _standing(viewer: Viewer, conversation: Conversation, summary: Summary) -> answers.Standing:
    """How a conversation stands for the viewer."""
    cursors = conversation.read_cursors()
    return answers.Standing(
        conversation=conversation.id,
        rev=summary.rev,
        unread=summary.unread,
        last_message=message(viewer, summary.last_message) if summary.last_message else None,
        cursors={member: 0 if member in viewer.hidden else seq for member, seq in cursors.items()},
    )


def _joined(kind: type[A], *parts: Struct, **more: object) -> A:
    """One answer with the fields of several: a Struct can't have two bases."""
    fields = {name: value for part in parts for name, value in asdict(part).items()}
    return kind(**fields, **more)
