"""The tables, and how the models become rows and back. Times are whole milliseconds since 1970, in UTC."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from chat.models.conversation import Conversation
from chat.models.message import Message
from chat.models.user import Session, User

SCHEMA = """
CREATE TABLE IF NOT EXISTS users (
    id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE, full_name TEXT NOT NULL, password_hash TEXT NOT NULL,
    profile_pic TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, last_seen INTEGER
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sessions (
    id TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL, last_used_at INTEGER NOT NULL, user_agent TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS sessions_of_user ON sessions(user_id, created_at);
CREATE TABLE IF NOT EXISTS blocks (
    user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE, blocked_id TEXT NOT NULL,
    PRIMARY KEY (user_id, blocked_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS blockers ON blocks(blocked_id);
CREATE TABLE IF NOT EXISTS conversations (
    id TEXT PRIMARY KEY, name TEXT, public INTEGER NOT NULL, owner_id TEXT, created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS public_rooms ON conversations(public) WHERE public;
CREATE TABLE IF NOT EXISTS members (
    conversation TEXT NOT NULL REFERENCES conversations(id) ON DELETE CASCADE, user_id TEXT NOT NULL,
    cursor INTEGER NOT NULL DEFAULT 0, joined INTEGER PRIMARY KEY, UNIQUE (conversation, user_id)
);
CREATE INDEX IF NOT EXISTS conversations_of_user ON members(user_id);
CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, conversation TEXT NOT NULL, seq INTEGER NOT NULL,
    rev INTEGER NOT NULL, sender_id TEXT NOT NULL, receiver_id TEXT, text TEXT, image TEXT, client_id TEXT,
    fingerprint TEXT, reply_to TEXT, reactions TEXT NOT NULL, system TEXT, user_id TEXT, edited_at INTEGER,
    deleted_at INTEGER, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS messages_by_rev ON messages(conversation, rev);
CREATE UNIQUE INDEX IF NOT EXISTS messages_by_seq ON messages(conversation, seq);
CREATE UNIQUE INDEX IF NOT EXISTS messages_by_client_id ON messages(sender_id, client_id) WHERE client_id IS NOT NULL;
CREATE VIRTUAL TABLE IF NOT EXISTS message_text
    USING fts5(text, content='messages', content_rowid='number', tokenize='trigram');
CREATE TRIGGER IF NOT EXISTS message_added AFTER INSERT ON messages WHEN new.text IS NOT NULL BEGIN
    INSERT INTO message_text(rowid, text) VALUES (new.number, new.text);
END;
CREATE TRIGGER IF NOT EXISTS message_changed AFTER UPDATE OF text ON messages WHEN new.text IS NOT old.text BEGIN
    INSERT INTO message_text(message_text, rowid, text)
        SELECT 'delete', old.number, old.text WHERE old.text IS NOT NULL;
    INSERT INTO message_text(rowid, text) SELECT new.number, new.text WHERE new.text IS NOT NULL;
END;
CREATE TRIGGER IF NOT EXISTS message_removed AFTER DELETE ON messages WHEN old.text IS NOT NULL BEGIN
    INSERT INTO message_text(message_text, rowid, text) VALUES ('delete', old.number, old.text);
END;
"""

USER = "id, email, full_name, password_hash, profile_pic, created_at, updated_at, last_seen"
SESSION = "id, created_at, last_used_at, user_agent"
CONVERSATION = "id, name, public, owner_id, created_at, updated_at"
MESSAGE = (
    "id, conversation, seq, rev, sender_id, receiver_id, text, image, client_id, fingerprint, reply_to, reactions,"
    " system, user_id, edited_at, deleted_at, created_at, updated_at"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def row(model: object, names: str) -> list[Any]:
    """The values of a model's fields, in the order of ``names``, as SQLite keeps them."""
    return [column(getattr(model, name)) for name in names.split(", ")]


def column(value: Any) -> Any:
    """One value as SQLite keeps it."""
    if isinstance(value, datetime):
        return (value - _EPOCH) // timedelta(milliseconds=1)
    return json.dumps(value) if isinstance(value, Mapping) else value


def marks(values: list[Any]) -> str:
    """As many placeholders as there are values."""
    return ", ".join("?" * len(values))


def user(row: Any, sessions: tuple[Session, ...] = (), blocked: frozenset[str] = frozenset()) -> User:
    """A row of the columns `USER`."""
    id, email, full_name, password_hash, profile_pic, created_at, updated_at, last_seen = row
    return User(
        id=id,
        email=email,
        full_name=full_name,
        password_hash=password_hash,
        profile_pic=profile_pic,
        created_at=_time(created_at),
        updated_at=_time(updated_at),
        last_seen=_time_or_none(last_seen),
        sessions=sessions,
        blocked=blocked,
    )


def session(row: Any) -> Session:
    """A row of the columns `SESSION`."""
    id, created_at, last_used_at, user_agent = row
    return Session(id=id, created_at=_time(created_at), last_used_at=_time(last_used_at), user_agent=user_agent)


def conversation(row: Any, cursors: dict[str, int]) -> Conversation:
    """A row of the columns `CONVERSATION`, and the members with their read cursors."""
    id, name, public, owner_id, created_at, updated_at = row
    return Conversation(
        id=id,
        name=name,
        public=bool(public),
        owner_id=owner_id,
        members=tuple(cursors),
        cursors=cursors,
        created_at=_time(created_at),
        updated_at=_time(updated_at),
    )


def message(row: Any) -> Message:
    """A row of the columns `MESSAGE`."""
    *head, reactions, system, user_id, edited_at, deleted_at, created_at, updated_at = row
    id, conversation, seq, rev, sender_id, receiver_id, text, image, client_id, fingerprint, reply_to = head
    return Message(
        id=id,
        conversation=conversation,
        seq=seq,
        rev=rev,
        sender_id=sender_id,
        receiver_id=receiver_id,
        text=text,
        image=image,
        client_id=client_id,
        fingerprint=fingerprint,
        reply_to=reply_to,
        reactions={} if reactions == "{}" else json.loads(reactions),
        system=system,
        user_id=user_id,
        edited_at=_time_or_none(edited_at),
        deleted_at=_time_or_none(deleted_at),
        created_at=_time(created_at),
        updated_at=_time(updated_at),
    )


def _time(milliseconds: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=milliseconds)


def _time_or_none(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else _time(milliseconds)
