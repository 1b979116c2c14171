"""Messages in SQLite."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from chat.models.conversation import Conversation
from chat.models.message import Message
from chat.store.sqlite import rows
from chat.store.sqlite.conversations import open_conversation
from chat.store.sqlite.file import Db, SqliteFile

_NO_END = 2**63 - 1  # SQLite's largest integer
_TRIGRAM = 3  # characters


class Messages:
    """The part of `chat.store.Store` that is about messages."""

    file: SqliteFile

    def append_message(self, conversation: Conversation, message: Message) -> Message:
        def append(db: Db) -> Message:
            if message.client_id and (sent := _find_sent(db, message.sender_id, message.client_id)):
                return sent
            open_conversation(db, conversation)
            number = _last_rev(db, conversation.id) + 1
            numbered = replace(message, seq=number, rev=number)
            row = rows.row(numbered, rows.MESSAGE)
            db.execute(f"INSERT INTO messages ({rows.MESSAGE}) VALUES ({rows.marks(row)})", row)
            return numbered

        return self.file.write(append)

    def revise_message(self, message_id: str, revise: Callable[[Message], Message]) -> Message | None:
        def apply(db: Db) -> Message | None:
            before = _find(db, message_id)
            after = before and revise(before)
            if before is None or after is None or after is before:
                return before
            revised = replace(after, rev=_last_rev(db, before.conversation or "") + 1)
            assignments = ", ".join(f"{name} = ?" for name in rows.MESSAGE.split(", "))
            values = [*rows.row(revised, rows.MESSAGE), message_id]
            db.execute(f"UPDATE messages SET {assignments} WHERE id = ?", values)
            return revised

        return self.file.write(apply)

    def find_message(self, message_id: str) -> Message | None:
        with self.file.reading() as db:
            return _find(db, message_id)

    def find_sent(self, sender_id: str, client_id: str) -> Message | None:
        with self.file.reading() as db:
            return _find_sent(db, sender_id, client_id)

    def messages_of(self, sender_id: str, after: str, limit: int) -> list[Message]:
        query = f"SELECT {rows.MESSAGE} FROM messages WHERE sender_id = ? AND id > ? ORDER BY id LIMIT ?"
        return [rows.message(row) for row in self.file.all(query, sender_id, after, limit)]

    def messages_before(self, conversation: Conversation, before: int | None, limit: int) -> tuple[list[Message], int]:
        found = self.file.all(
            f"SELECT {rows.MESSAGE} FROM messages WHERE conversation = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
            *(conversation.id, _NO_END if before is None else before, limit + 1),
        )
        page = [rows.message(row) for row in reversed(found[:limit])]
        return page, (page[0].seq or 0) if len(found) > limit else 0

    def changes_since(self, conversation_id: str, rev: int, limit: int) -> list[Message]:
        query = f"SELECT {rows.MESSAGE} FROM messages WHERE conversation = ? AND rev > ? ORDER BY rev LIMIT ?"
        return [rows.message(row) for row in self.file.all(query, conversation_id, rev, limit)]

    def search_messages(self, user_id: str, text: str, conversation_id: str | None, limit: int) -> list[Message]:
        with self.file.reading() as db:
            found = db.execute(
                f"""SELECT {rows.MESSAGE} FROM messages WHERE {_contains(text)}
                AND conversation IN (SELECT conversation FROM members WHERE user_id = :me)
                AND (:one IS NULL OR conversation = :one) ORDER BY created_at DESC, number DESC LIMIT :limit""",
                {"me": user_id, "one": conversation_id, "limit": limit, "text": text, "phrase": _phrase(text)},
            ).fetchall()
        return [rows.message(row) for row in found]

    def count_unnumbered(self) -> int:
        return 0  # no other backend writes into this file

    def number_messages(self) -> Iterator[str]:
        return iter(())


def _contains(text: str) -> str:
    """The condition that finds the text: by the index of all trigrams, which knows nothing of shorter texts."""
    if len(text) < _TRIGRAM:
        return "instr(lower(text), lower(:text))"
    return "number IN (SELECT rowid FROM message_text WHERE message_text MATCH :phrase)"


def _phrase(text: str) -> str:
    """The text as a phrase of the search language, in which nothing in it means anything."""
    return '"' + text.replace('"', '""') + '"'


def _find(db: Db, message_id: str) -> Message | None:
    row = db.execute(f"SELECT {rows.MESSAGE} FROM messages WHERE id = ?", [message_id]).fetchone()
    return row and rows.message(row)


def _find_sent(db: Db, sender_id: str, client_id: str) -> Message | None:
    query = f"SELECT {rows.MESSAGE} FROM messages WHERE sender_id = ? AND client_id = ?"
    row = db.execute(query, [sender_id, client_id]).fetchone()
    return row and rows.message(row)


def _last_rev(db: Db, conversation_id: str) -> int:
    query = "SELECT coalesce(max(rev), 0) FROM messages WHERE conversation = ?"
    number: int = db.execute(query, [conversation_id]).fetchone()[0]
    return number
