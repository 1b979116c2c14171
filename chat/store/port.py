"""The port to the database: what the app asks of it, in the words of the app.

Two adapters keep these promises, `chat.store.sqlite` and `chat.store.mongo`, and one suite of tests holds both to them. Any
method raises `DatabaseUnavailableError` if the database can't be used; then nothing was changed, or a repeated call finds
the change. When a method that writes returns, killing any process or cutting the power does not undo it.

Numbers. Each conversation has one counter, which only grows. A new message takes the next number as its ``seq`` and
``rev``, a change takes the next as its ``rev``. A number is given once, for ever, and becomes visible in order: after
number n of a conversation was seen, no number under n appears. A client catches up with `Messages.changes_since`, from the
last ``rev`` that this or `Conversations.summarize` gave it.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Protocol

from msgspec import UNSET, Struct, UnsetType

from chat.answers import Deleter
from chat.models.audit import Entry
from chat.models.conversation import Conversation, Room, Summary
from chat.models.link import Key, Link, Purpose
from chat.models.mail import Mail
from chat.models.message import Draft, LegacyMessage, Message
from chat.models.report import Report
from chat.models.user import Session, User
from chat.schemas import Outcome

SKIPPED = 1_000_000  # numbers of a conversation; more than it gives between two backups

KEEP_EXPIRED_DAYS = 30  # so long an expired link stays in lists


class ProfileChange(Struct, frozen=True):
    """A user after a change of their profile, and the address of the picture that it replaced, if any."""

    user: User
    replaced_picture: str | None


class AccountChange(Struct, frozen=True, kw_only=True):
    """What to set in an account; what is unset stays. ``end_sessions`` also ends all sessions, in the same write."""

    password_hash: str | UnsetType = UNSET
    admin: bool | UnsetType = UNSET
    deactivated_at: int | UnsetType | None = UNSET
    verified: bool | UnsetType = UNSET
    end_sessions: bool = False


class RoomChange(Struct, frozen=True):
    """A room before and after a change. They are the same object if this call changed nothing."""

    before: Room
    room: Room

    @property
    def changed(self) -> bool:
        """Whether this call changed the room."""
        return self.room is not self.before


class CursorMove(Struct, frozen=True):
    """Where a read cursor is, and whether this call moved it."""

    seq: int
    moved: bool


class Appended(Struct, frozen=True):
    """A stored message. It is not ``new`` if its sender had used the ``client_id`` before: then it is the earlier one."""

    message: Message
    new: bool


class Revision(Struct, frozen=True):
    """A message after `Messages.revise`, and whether that changed it."""

    message: Message
    changed: bool


class Page(Struct, frozen=True):
    """A page of history, oldest first, and the ``before`` that asks for the next older page, if there is one."""

    messages: list[Message | LegacyMessage]
    older: int | None


class Users(Protocol):
    """Users, their sessions, and whom they block."""

    def add(self, user: User) -> bool:
        """Store a new user. Return False, and store nothing, if the email is taken in any case."""

    def find(self, user_id: str) -> User | None:
        """The user with that id, with their sessions and blocks."""

    def find_by_email(self, email: str) -> User | None:
        """The user with that email, in any case; if old data has several spellings, the exact one wins."""

    def all(self) -> list[User]:
        """All users, without sessions and blocks, in no particular order."""

    def search(self, text: str, before: str | None, limit: int) -> list[User]:
        """The newest users whose id is less than ``before`` and whose name or email contains the text, in any case.

        Without sessions and blocks, the newest account first.
        """

    def change_account(self, user_id: str, change: AccountChange) -> User | None:
        """Change an account in one write. Return the user as they were, or None if there is no such user."""

    def have_picture(self, addresses: Collection[str]) -> bool:
        """Whether one of these addresses is some user's profile picture."""

    def set_profile(self, user_id: str, *, full_name: str | None, profile_pic: str | None) -> ProfileChange | None:
        """Set what is not None, in one write. Return None if there is no such user."""

    def set_password(self, user_id: str, *, old_hash: str, new_hash: str, keep_session: str) -> list[Session] | None:
        """Replace the password and end all sessions but one, in one write; return the sessions that ended.

        Return None, and change nothing, if ``old_hash`` is no longer the user's hash.
        """

    def set_email(self, user_id: str, email: str) -> bool:
        """Change the email. Return False, and change nothing, if it is taken in any case, or there is no such user."""

    def set_last_seen(self, user_id: str, time: int) -> None:
        """Note when the user was last connected."""

    def remove(self, user_id: str) -> User | None:
        """Remove a user with their sessions and blocks, and from all rooms; their messages stay.

        Return the user as they were, or None if there is no such user.
        """

    def begin_session(self, user_id: str, session: Session, *, password_hash: str, keep: int) -> list[Session] | None:
        """Begin a session, in one write. Only the newest ``keep`` of the user go on; return those that ended.

        Return None, and begin nothing, if ``password_hash`` is no longer the user's hash, or the user is deactivated.
        """

    def touch_session(self, user_id: str, session_id: str, time: int) -> None:
        """Note when a session was last used."""

    def end_sessions(self, user_id: str, session_ids: Collection[str]) -> None:
        """End these sessions; those that have already ended are ignored."""

    def sessions_alive(self, session_ids: Collection[str]) -> set[str]:
        """Those of these sessions that have not ended, in one query."""

    def endings(self) -> int:
        """A number that grows with each `change_account`, `remove` and `Upkeep.mark_restored`, in whatever process.

        The command line is a process that no bus connects to the servers: so they notice what it does.
        """

    def set_blocked(self, user_id: str, other_id: str, blocked: bool) -> None:
        """Whether the user blocks the other. Once this returns, no message of the other to the user is appended."""

    def blockers_of(self, user_id: str) -> set[str]:
        """The ids of the users who block this one."""

    def blocks_with(self, user_ids: Collection[str]) -> set[tuple[str, str]]:
        """All blocks in which one of these users takes part: who blocks, and whom."""

    def names(self, user_ids: Collection[str]) -> dict[str, str]:
        """The full names of those of these users who exist, by id."""


class Conversations(Protocol):
    """Direct conversations and rooms, their members and read cursors."""

    def find(self, conversation_id: str) -> Conversation | None:
        """The conversation with that id. A direct one exists from its first message on."""

    def of_member(self, user_id: str, *, unnumbered: bool = False) -> list[Conversation]:
        """All conversations that the user is a member of and that exist.

        With ``unnumbered``, also those that have only messages of the Express backend without numbers, which takes longer.
        """

    def summarize(self, user_id: str, conversations: Sequence[Conversation]) -> dict[str, Summary]:
        """How each of these conversations stands for that member, by id."""

    def move_cursor(self, conversation_id: str, user_id: str, seq: int) -> CursorMove:
        """Move a member's read cursor to the last message whose ``seq`` is at most this one; never back."""

    def count_unread(self, conversation_id: str, user_id: str) -> int:
        """How many messages are past the member's cursor: not their own, not deleted, not notices of the room."""

    def add_room(self, room: Room, *, most: int | None = None) -> bool:
        """Store a new room. Return False, and store nothing, if its owner owns ``most`` rooms already.

        Raises `BlockedError` if a member blocks the owner.
        """

    def search_rooms(self, text: str, before: str | None, limit: int) -> list[Room]:
        """The newest rooms whose id is less than ``before`` and whose name contains the text, in any case, newest first."""

    def public_rooms(self) -> list[Room]:
        """All public rooms."""

    def rooms_with_ttl(self) -> list[Room]:
        """All rooms that set a time for their messages."""

    def change_room(self, room_id: str, change: Callable[[Room], Room]) -> RoomChange | None:
        """Change a room in one write: its name and settings, its owners, or which of its members stay.

        ``change`` is a pure function from the present state to the next, or to the same object to change nothing. It may be
        called again, and may raise. Return None if there is no such room. A room without members stays until it is removed.
        """

    def add_member(self, room_id: str, user_id: str, *, by: str | None, most: int) -> RoomChange | None:
        """Add a member, for whom everything so far counts as read, unless the room has ``most`` members already.

        Return None if there is no such room. Raises as `Room.require_may_add` does, decided in the same write, and
        `BlockedError` if the user blocks the one who adds them.
        """

    def remove_oldest(self, room_id: str, limit: int, *, only_if_empty: bool = False) -> list[str | None]:
        """Remove the oldest ``limit`` messages of a room, with ``only_if_empty`` if it has no members.

        Return the address of the image of each that was removed, or None in its place.
        """

    def remove_room(self, room_id: str, *, only_if_empty: bool = False) -> list[str]:
        """Remove a room and its messages; return the addresses of their images. Nothing can be appended to it any more."""


class Messages(Protocol):
    """Messages and their changes."""

    def append(self, draft: Draft) -> Appended:
        """Give a message the next number of its conversation and store it.

        Who may write is decided at the moment of writing. Raises `NotFoundError` if the room or the receiver doesn't exist,
        `UserNotFoundError` if the sender doesn't, `NotAMemberError` if the sender is not in the room (except for notices),
        and `BlockedError` if the receiver blocks the sender. A repeated ``client_id`` is answered before any of these.
        The first message opens a direct conversation; a room is never opened here.
        """

    def revise(
        self, message_id: str, change: Callable[[Message], Message | None], *, author: str | None
    ) -> Revision | None:
        """Change a message under the next number of its conversation.

        ``change`` is a pure function from the present state to the next, or None to change nothing. It may be called again,
        and may raise. If ``author`` is given, they must be allowed to write in the conversation, as for `append`.
        Return None if there is no such message. Raises `NotMigratedError` for a message of the Express backend.
        """

    def erase(self, message_ids: Sequence[str], by: Deleter | None = None) -> list[Message]:
        """Make tombstones of messages, as `Message.deleted` and `revise` do; return those that it changed.

        Raises `NotMigratedError`.
        """

    def find(self, message_id: str) -> Message | LegacyMessage | None:
        """The message with that id."""

    def find_sent(self, sender_id: str, client_id: str) -> Message | None:
        """The message that this sender sent under that ``client_id``."""

    def with_image(self, addresses: Collection[str]) -> Message | LegacyMessage | None:
        """The message whose image has one of these addresses."""

    def older_than(self, time: int, after: str, limit: int) -> list[Message]:
        """The first ``limit`` messages of before that time with an id greater than ``after``, in the order of ids.

        Without those that are deleted, notices of rooms, and those that have no number.
        """

    def older_in_room(self, room_id: str, time: int, after: int, limit: int) -> list[Message]:
        """The same in one room: the first ``limit`` with a ``seq`` greater than ``after``, in the order of ``seq``."""

    def of_sender(self, sender_id: str, after: str, limit: int) -> list[Message | LegacyMessage]:
        """The first ``limit`` messages of that sender with an id greater than ``after``, in the order of ids."""

    def with_reactions_of(self, user_id: str, after: str, limit: int) -> list[Message]:
        """The first ``limit`` messages with a reaction of that user and an id greater than ``after``, ordered by id."""

    def erase_unnumbered(self, sender_id: str) -> list[str]:
        """Make tombstones of that sender's messages that have no numbers yet; return the addresses of their images."""

    def page(self, conversation: Conversation, before: int | None, limit: int, skip: int = 0) -> Page:
        """The newest ``limit`` messages with a ``seq`` under ``before``, or of all, after the ``skip`` newest of these."""

    def changes_since(self, conversation_id: str, rev: int, limit: int) -> list[Message]:
        """The first ``limit`` messages that are new or changed after ``rev``, in the order of their changes."""

    def search(self, user_id: str, words: Sequence[str], conversation_id: str | None, limit: int) -> list[Message]:
        """The newest messages that contain all of these words, in one or all of the user's conversations.

        The words are folded, and so are the texts: see `chat.models.folding`. Raises `SearchTooLongError`.
        """


class Upkeep(Protocol):
    """What the server's owner does to the database as a whole. Each reads or writes all of it."""

    def image_addresses(self) -> Iterator[str]:
        """The addresses of all images of messages and profiles, in no particular order."""

    def problems(self) -> Iterator[str]:
        """What is wrong with what is stored, a sentence each. A number is wrong if its conversation hasn't given it."""

    def missing_indexes(self) -> set[str]:
        """The names of indexes that someone has removed. Quick."""

    def clock(self) -> float:
        """The time on the database's machine, in seconds since 1970. Quick."""

    def mark_restored(self) -> None:
        """Make a restored backup fit to go on: end all sessions, since some had ended since the backup, and leave
        `SKIPPED` numbers out in each conversation, since clients may have seen some that the backup doesn't have."""


class Links(Protocol):
    """One-time links. A link can be used until it expires or has no uses left."""

    def add(self, link: Link) -> None:
        """Store a link, and forget those that expired more than `KEEP_EXPIRED_DAYS` ago."""

    def find(self, purpose: Purpose, key: Key) -> Link | None:
        """The link that the key opens, if it can be used."""

    def use(self, purpose: Purpose, key: Key) -> Link | None:
        """Use the link that the key opens, in one write; the link after that. Return None if it can't be used."""

    def give_back(self, link_id: str) -> None:
        """Undo one use, which came to nothing."""

    def of_purpose(self, purpose: Purpose) -> list[Link]:
        """All links with this purpose, the newest first."""

    def remove(self, purpose: Purpose, link_id: str) -> bool:
        """Remove a link; whether there was one."""

    def remove_of_user(self, user_id: str) -> None:
        """Remove all links that are for that user."""


class Outbox(Protocol):
    """Mails that wait to be sent."""

    def add(self, mail: Mail) -> None:
        """Store a mail."""

    def take(self, until: int) -> Mail | None:
        """Take a mail that is due, with one attempt more; no one else takes it before ``until``. None if none is due."""

    def postpone(self, mail_id: str, until: int) -> None:
        """Have a mail that was taken wait until then."""

    def remove(self, mail_id: str) -> None:
        """Forget a mail, which was sent or is given up."""


class Reports(Protocol):
    """What users reported, and what became of it."""

    def add(self, report: Report) -> None:
        """Store a report."""

    def find(self, report_id: str) -> Report | None:
        """The report with that id."""

    def page(self, *, is_open: bool, before: str | None, limit: int) -> list[Report]:
        """The newest reports that are open, or closed, and whose id is less than ``before``, the newest first."""

    def close(self, report_id: str, outcome: Outcome) -> bool:
        """Close a report. Return False, and change nothing, if it is closed already."""


class Audit(Protocol):
    """What admins did. Entries are added and read; there is no way to change or remove one."""

    def add(self, entry: Entry) -> None:
        """Store an entry."""

    def page(self, before: str | None, limit: int) -> list[Entry]:
        """The newest entries whose id is less than ``before``, or of all, the newest first."""


class Store(Protocol):
    """Everything that is kept."""

    users: Users
    conversations: Conversations
    messages: Messages
    upkeep: Upkeep
    audit: Audit
    links: Links
    reports: Reports
    outbox: Outbox

    def ping(self) -> None:
        """Return if the database answers, else raise `DatabaseUnavailableError`."""

    def close(self) -> None:
        """Close files and connections; the store is not used again."""
