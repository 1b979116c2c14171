"""The port to the database: what the app asks of it, in the words of the app.

Two adapters keep these promises, `chat.store.sqlite` and `chat.store.mongo`, and one suite of tests holds both to them.
A store that cannot be reached raises `Unavailable`, and has changed nothing that it then forgets to tell.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, cast

from flask import current_app
from werkzeug.local import LocalProxy

from chat.models.conversation import Conversation, Summary
from chat.models.message import Message
from chat.models.user import Session, User
from chat.store.mongo import MongoStore
from chat.store.sqlite import SqliteStore


class Store(Protocol):
    """Where users, sessions, conversations and messages are kept."""

    def ping(self) -> None:
        """Return if the database answers, else raise `Unavailable`."""

    def close(self) -> None:
        """Give back files and connections; the store is not used again."""

    # Users and their sessions

    def add_user(self, user: User) -> bool:
        """Keep a new user; False, and nothing kept, where the email is taken. The database decides, not a look first."""

    def find_user(self, user_id: str) -> User | None:
        """The user with that id, their sessions and blocks included."""

    def find_user_by_email(self, email: str) -> User | None:
        """The user with that email in any capitals; the very spelling wins where old data has several."""

    def list_users(self) -> list[User]:
        """Everybody, without sessions and blocks, by name."""

    def update_user(self, user_id: str, **changes: Any) -> User | None:
        """Set fields of a user, named as in `User`, and return the new state; None where there is no such user."""

    def remove_user(self, user_id: str) -> None:
        """Remove a user with their sessions and blocks; what they said stays. One who is gone already is fine."""

    def add_session(self, user_id: str, session: Session, keep: int) -> None:
        """Begin a session; only the newest ``keep`` of that user live on."""

    def touch_session(self, user_id: str, session_id: str, time: datetime) -> None:
        """Note when a session was used last."""

    def remove_session(self, user_id: str, session_id: str) -> None:
        """End a session; one that has ended already is fine."""

    def set_blocked(self, user_id: str, other_id: str, blocked: bool) -> None:
        """Whether the user blocks the other."""

    def blockers_of(self, user_id: str) -> set[str]:
        """The ids of those who block the user."""

    # Conversations

    def find_conversation(self, conversation_id: str) -> Conversation | None:
        """The conversation with that id, once it has begun."""

    def conversations_of(self, user_id: str) -> list[Conversation]:
        """Every conversation that the user is a member of and that has begun."""

    def summarize(self, user_id: str, conversations: Sequence[Conversation]) -> dict[str, Summary]:
        """By id, how each of these conversations stands for a member."""

    def move_read_cursor(self, conversation_id: str, user_id: str, seq: int) -> tuple[int, bool]:
        """Move a member's cursor to ``seq`` or the last message before it, never back: where it is, and if it moved."""

    def count_unread(self, conversation_id: str, user_id: str) -> int:
        """How many messages are past the member's cursor: not their own, not deleted, not a room's notices."""

    def add_room(self, room: Conversation) -> None:
        """Keep a new room."""

    def public_rooms(self) -> list[Conversation]:
        """Every room that anybody may join."""

    def update_room(self, room_id: str, **changes: Any) -> Conversation | None:
        """Set fields of a room, named as in `Conversation`, and return the new state; None where there is no such room."""

    def add_member(self, room_id: str, user_id: str) -> Conversation | None:
        """Add a member, for whom all that was said so far is read; None where there is no such room."""

    def remove_member(self, room_id: str, user_id: str) -> Conversation | None:
        """Remove a member; None where there is no such room."""

    def remove_room(self, room_id: str) -> list[str]:
        """Remove a room and everything that was said in it; the addresses of the images that were."""

    # Messages

    def append_message(self, conversation: Conversation, message: Message) -> Message:
        """Give the message the next number of the conversation, keep it, and return it.

        Where its sender has used its ``client_id`` before, nothing is kept and the message of that time is returned.
        When this returns, a kill of any process undoes nothing.
        """

    def revise_message(self, message_id: str, revise: Callable[[Message], Message]) -> Message | None:
        """Change a message under the next number of its conversation, and return its new state.

        ``revise`` is a pure function from the present state to the next: it may be called again when another change
        came first, may raise, and changes nothing by returning what it was given. None where there is no such message.
        """

    def find_message(self, message_id: str) -> Message | None:
        """The message with that id."""

    def find_sent(self, sender_id: str, client_id: str) -> Message | None:
        """The message which that sender sent under that ``client_id``."""

    def messages_of(self, sender_id: str, after: str, limit: int) -> list[Message]:
        """The first ``limit`` messages of that sender whose id is greater than ``after``, in the order of ids."""

    def messages_before(self, conversation: Conversation, before: int | None, limit: int) -> tuple[list[Message], int]:
        """The newest ``limit`` messages with a ``seq`` under ``before`` (None: of all), oldest first.

        With them comes the ``before`` of the next older page, 0 where there is none.
        """

    def changes_since(self, conversation_id: str, rev: int, limit: int) -> list[Message]:
        """The first ``limit`` messages that are new or changed after ``rev``, in the order of their changes."""

    def search_messages(self, user_id: str, text: str, conversation_id: str | None, limit: int) -> list[Message]:
        """The newest messages that contain the text, in any capitals, in one or all of the user's conversations."""

    # Messages of another backend

    def count_unnumbered(self) -> int:
        """How many messages another backend wrote that have no number yet."""

    def number_messages(self) -> Iterator[str]:
        """Number them, and yield the id of each as it is done.

        May be ended at any moment and begun again, also while the server runs: in each conversation the newest comes
        first, so that what has no number is always older than what has one.
        """


def open_store(mongo_url: str | None, data_dir: Path) -> Store:
    """The store that the settings ask for: MongoDB where an address is given, else a file in ``data_dir``."""
    return MongoStore(mongo_url) if mongo_url else SqliteStore(data_dir / "chat.db")


store = cast(Store, LocalProxy(lambda: current_app.extensions["chat.store"]))
