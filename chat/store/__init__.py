"""The port to the database: what the app asks of it, in the words of the app.

Two adapters keep these promises, `chat.store.sqlite` and `chat.store.mongo`, and one suite of tests holds both to them.
A store that cannot be reached raises `Unavailable`, and has changed nothing that it then forgets to tell.
"""

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

    def add_session(self, user_id: str, session: Session, keep: int) -> None:
        """Begin a session; only the newest ``keep`` of that user live on."""

    def remove_session(self, user_id: str, session_id: str) -> None:
        """End a session; one that has ended already is fine."""

    # Messages

    def append_message(self, conversation: Conversation, message: Message) -> Message:
        """Give the message the next number of the conversation, keep it, and return it.

        Where its sender has used its ``client_id`` before, nothing is kept and the message of that time is returned.
        When this returns, a kill of any process undoes nothing.
        """

    def find_message(self, message_id: str) -> Message | None:
        """The message with that id."""

    def find_sent(self, sender_id: str, client_id: str) -> Message | None:
        """The message which that sender sent under that ``client_id``."""

    def messages_before(self, conversation: Conversation, before: int | None, limit: int) -> tuple[list[Message], int]:
        """The newest ``limit`` messages with a ``seq`` under ``before`` (None: of all), oldest first.

        With them comes the ``before`` of the next older page, 0 where there is none.
        """

    # Conversations

    def conversations_of(self, user_id: str) -> dict[str, tuple[Conversation, Summary]]:
        """By id, every conversation that the user is a member of and that has begun."""


def open_store(mongo_url: str | None, data_dir: Path) -> Store:
    """The store that the settings ask for: MongoDB where an address is given, else a file in ``data_dir``."""
    return MongoStore(mongo_url) if mongo_url else SqliteStore(data_dir / "chat.db")


store = cast(Store, LocalProxy(lambda: current_app.extensions["chat.store"]))
