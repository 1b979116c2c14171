"""Messages in SQLite."""

from dataclasses import replace

from chat.models.conversation import Conversation
from chat.models.message import Message
from chat.store.sqlite import rows
from chat.store.sqlite.conversations import open_conversation
from chat.store.sqlite.file import Db, SqliteFile

_NO_END = 2**63 - 1  # SQLite's largest integer


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

    def find_message(self, message_id: str) -> Message | None:
        row = self.file.one(f"SELECT {rows.MESSAGE} FROM messages WHERE id = ?", message_id)
        return row and rows.message(row)

    def find_sent(self, sender_id: str, client_id: str) -> Message | None:
        with self.file.reading() as db:
            return _find_sent(db, sender_id, client_id)

    def messages_before(self, conversation: Conversation, before: int | None, limit: int) -> tuple[list[Message], int]:
        found = self.file.all(
            f"SELECT {rows.MESSAGE} FROM messages WHERE conversation = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
            *(conversation.id, _NO_END if before is None else before, limit + 1),
        )
        page = [rows.message(row) for row in reversed(found[:limit])]
        return page, (page[0].seq or 0) if len(found) > limit else 0


def _find_sent(db: Db, sender_id: str, client_id: str) -> Message | None:
    query = f"SELECT {rows.MESSAGE} FROM messages WHERE sender_id = ? AND client_id = ?"
    row = db.execute(query, [sender_id, client_id]).fetchone()
    return row and rows.message(row)


def _last_rev(db: Db, conversation_id: str) -> int:
    query = "SELECT coalesce(max(rev), 0) FROM messages WHERE conversation = ?"
    number: int = db.execute(query, [conversation_id]).fetchone()[0]
    return number
