"""The tables, as a list of numbered steps. ``PRAGMA user_version`` says how many of them a file has gone through.

A file of release 1.0 has no number but its tables; the first step leaves those as they are. Never change a step that was
released: add one. The module is long because it keeps them all.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from chat.errors import DatabaseTooNewError
from chat.lib.progress import progress_bar
from chat.models.folding import fold
from chat.models.message import renamed_to
from chat.store.sqlite.connection import Db
from chat.store.sqlite.snapshot import copy_database

LONG = 10_000  # messages: preparing so many for search takes a while


def migrate(db: Db, path: Path) -> None:
    """Bring the file to the newest version, after making a copy of it, such as ``chat.db.backup-v1``.

    Raises `DatabaseTooNewError`.
    """
    if _version(db) == len(STEPS):
        return
    db.execute("BEGIN IMMEDIATE")  # other processes that start now wait, and then find nothing to do
    try:
        done = _version(db)
        if done > len(STEPS):
            raise DatabaseTooNewError(done, len(STEPS))
        if 0 < done < len(STEPS):
            backup = path.with_name(f"{path.name}.backup-v{done}")
            copy_database(path, backup, f"Backing up the database to {backup.name}")
        for step in STEPS[done:]:
            step(db)
        db.execute(f"PRAGMA user_version = {len(STEPS)}")
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def _version(db: Db) -> int:
    """How many steps the file has gone through; 0 if it is empty."""
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    tables: int = db.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'messages'").fetchone()[0]
    return version or tables  # release 1.0 wrote no number


def _release_1_0(db: Db) -> None:
    """The tables of release 1.0."""
    _execute(db, _SCHEMA_1_0)


def _counters(db: Db) -> None:
    """Each conversation gets a counter that only grows; sessions are ordered by a number, not by a clock."""
    _execute(
        db,
        """
        ALTER TABLE conversations ADD COLUMN rev INTEGER NOT NULL DEFAULT 0;
        UPDATE conversations SET rev =
            (SELECT coalesce(max(rev), 0) FROM messages WHERE conversation = conversations.id);
        ALTER TABLE sessions RENAME TO old_sessions;
        CREATE TABLE sessions (
            number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
            user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
            created_at INTEGER NOT NULL, last_used_at INTEGER NOT NULL, user_agent TEXT NOT NULL
        );
        INSERT INTO sessions (id, user_id, created_at, last_used_at, user_agent)
            SELECT id, user_id, created_at, last_used_at, user_agent FROM old_sessions ORDER BY created_at, id;
        DROP TABLE old_sessions;
        CREATE INDEX sessions_of_user ON sessions(user_id, number);
        """,
    )


def _admins(db: Db) -> None:
    """Users can be admins, and can be deactivated; what admins do is logged, in a table that only grows."""
    _execute(
        db,
        """
        ALTER TABLE users ADD COLUMN admin INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE users ADD COLUMN deactivated_at INTEGER;
        ALTER TABLE users ADD COLUMN verified INTEGER NOT NULL DEFAULT 1;
        CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
        INSERT INTO counters VALUES ('endings', 0);
        CREATE TABLE audit (
            id TEXT PRIMARY KEY, at INTEGER NOT NULL, actor_id TEXT, actor TEXT NOT NULL, action TEXT NOT NULL,
            user_id TEXT, room_id TEXT, message_id TEXT, reason TEXT NOT NULL, details TEXT NOT NULL, failed TEXT NOT NULL
        ) WITHOUT ROWID;
        CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN
            SELECT RAISE(ABORT, 'the audit log only grows'); END;
        CREATE TRIGGER audit_is_not_cut BEFORE DELETE ON audit BEGIN
            SELECT RAISE(ABORT, 'the audit log only grows'); END;
        """,
    )


def _search_texts(db: Db) -> None:
    """What is searched: folded texts, next to each other by conversation, in place of an index of trigrams."""
    _execute(
        db,
        """
        DROP TRIGGER message_added;
        DROP TRIGGER message_changed;
        DROP TRIGGER message_removed;
        DROP TABLE message_text;
        CREATE TABLE search_texts (
            conversation TEXT NOT NULL, number INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (conversation, number)
        ) WITHOUT ROWID;
        CREATE TRIGGER message_removed AFTER DELETE ON messages BEGIN
            DELETE FROM search_texts WHERE conversation = old.conversation AND number = old.number;
        END;
        """,
    )
    count: int = db.execute("SELECT count(*) FROM messages").fetchone()[0]
    found = db.execute("SELECT conversation, number, text FROM messages ORDER BY conversation, seq")
    with progress_bar("Preparing search", count, hidden=count < LONG) as bar:
        while messages := found.fetchmany(LONG):
            texts = [(conversation, number, fold(text)) for conversation, number, text in messages if text]
            db.executemany("INSERT INTO search_texts VALUES (?, ?, ?)", texts)
            bar.update(len(messages))


def _pictures(db: Db) -> None:
    """Pictures are found by their address: who may see one is looked up each time."""
    _execute(
        db,
        """
        CREATE INDEX messages_by_image ON messages(image) WHERE image IS NOT NULL;
        CREATE INDEX users_by_picture ON users(profile_pic) WHERE profile_pic <> '';
        """,
    )


def _links(db: Db) -> None:
    """One-time links: invitations, new passwords, confirmed emails."""
    _execute(
        db,
        """
        CREATE TABLE links (
            id TEXT PRIMARY KEY, purpose TEXT NOT NULL, secret_hash TEXT NOT NULL, created_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL, uses_left INTEGER NOT NULL, created_by TEXT NOT NULL, note TEXT NOT NULL,
            user_id TEXT, email TEXT, room_id TEXT
        ) WITHOUT ROWID;
        """,
    )


def _reports(db: Db) -> None:
    """Users report messages and people; a tombstone says who else than the sender left it."""
    _execute(
        db,
        """
        CREATE TABLE reports (
            id TEXT PRIMARY KEY, created_at INTEGER NOT NULL, reporter_id TEXT NOT NULL, user_id TEXT NOT NULL,
            message_id TEXT, text TEXT, reason TEXT NOT NULL, outcome TEXT, closed_at INTEGER
        ) WITHOUT ROWID;
        CREATE INDEX open_reports ON reports(id) WHERE outcome IS NULL;
        ALTER TABLE messages ADD COLUMN deleted_by TEXT;
        """,
    )


def _erasure(db: Db) -> None:
    """Notices keep no names of users, and the reactions of one user are found."""
    _execute(
        db,
        """
        CREATE INDEX messages_with_reactions ON messages(id) WHERE reactions <> '{}';
        DELETE FROM search_texts WHERE (conversation, number) IN
            (SELECT conversation, number FROM messages WHERE system IS NOT NULL);
        UPDATE messages SET text = NULL WHERE system IN ('joined', 'left', 'added', 'removed');
        """,
    )
    for number, text in db.execute("SELECT number, text FROM messages WHERE system = 'renamed'").fetchall():
        db.execute("UPDATE messages SET text = ? WHERE number = ?", [renamed_to(text or ""), number])


def _outbox(db: Db) -> None:
    """Mails wait until they are sent."""
    _execute(
        db,
        """
        CREATE TABLE outbox (
            id TEXT PRIMARY KEY, kind TEXT NOT NULL, email TEXT NOT NULL, user_id TEXT, details TEXT NOT NULL,
            created_at INTEGER NOT NULL, due_at INTEGER NOT NULL, attempts INTEGER NOT NULL
        ) WITHOUT ROWID;
        """,
    )


def _room_settings(db: Db) -> None:
    """Rooms have several owners, a topic, and a time for their messages; members may add people."""
    _execute(
        db,
        """
        ALTER TABLE conversations ADD COLUMN topic TEXT NOT NULL DEFAULT '';
        ALTER TABLE conversations ADD COLUMN members_invite INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE conversations ADD COLUMN message_ttl_days INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE members ADD COLUMN co_owner INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX rooms_with_ttl ON conversations(id) WHERE message_ttl_days > 0;
        """,
    )


def _execute(db: Db, script: str) -> None:
    """Execute statements, each of which ends at the end of a line, within the open transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            db.execute(statement)
            statement = ""


STEPS: tuple[Callable[[Db], None], ...] = (
    _release_1_0,
    _counters,
    _admins,
    _search_texts,
    _pictures,
    _links,
    _reports,
    _erasure,
    _outbox,
    _room_settings,
)

_SCHEMA_1_0 = """
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
