"""Conversations, rooms among them, their members and read cursors in SQLite."""

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from chat.models.conversation import Conversation, Summary
from chat.store.sqlite import rows
from chat.store.sqlite.file import Db, SqliteFile

_UNREAD = """SELECT count(*) FROM messages u WHERE u.conversation = m.conversation AND u.seq > m.cursor
    AND u.sender_id <> m.user_id AND u.deleted_at IS NULL AND u.system IS NULL"""
_LAST = "SELECT coalesce(max({0}), 0) FROM messages l WHERE l.conversation = m.conversation"
_LAST_MESSAGE = ", ".join(f"last.{name}" for name in rows.MESSAGE.split(", "))
_SUMMARIES = f"""SELECT ({_UNREAD}), ({_LAST.format("rev")}), {_LAST_MESSAGE}
    FROM members m JOIN messages last ON last.conversation = m.conversation AND last.seq = ({_LAST.format("seq")})
    WHERE m.user_id = ? AND m.conversation IN (SELECT value FROM json_each(?))"""


class Conversations:
    """The part of `chat.store.Store` that is about conversations."""

    file: SqliteFile

    def find_conversation(self, conversation_id: str) -> Conversation | None:
        with self.file.reading() as db:
            return _one(db, conversation_id)

    def conversations_of(self, user_id: str) -> list[Conversation]:
        with self.file.reading() as db:
            return _several(db, "SELECT conversation FROM members WHERE user_id = :me", {"me": user_id})

    def summarize(self, user_id: str, conversations: Sequence[Conversation]) -> dict[str, Summary]:
        ids = json.dumps([conversation.id for conversation in conversations])
        summaries = {conversation.id: Summary() for conversation in conversations}
        for unread, rev, *last in self.file.all(_SUMMARIES, user_id, ids):
            message = rows.message(last)
            summaries[message.conversation or ""] = Summary(message, unread, rev)
        return summaries

    def move_read_cursor(self, conversation_id: str, user_id: str, seq: int) -> tuple[int, bool]:
        to = f"({_LAST.format('seq')} AND l.seq <= ?)"
        update = f"UPDATE members AS m SET cursor = {to} WHERE conversation = ? AND user_id = ? AND cursor < {to}"

        def move(db: Db) -> tuple[int, bool]:
            moved = db.execute(update, [seq, conversation_id, user_id, seq]).rowcount == 1
            query = "SELECT cursor FROM members WHERE conversation = ? AND user_id = ?"
            row = db.execute(query, [conversation_id, user_id]).fetchone()
            return (row[0] if row else 0), moved

        return self.file.write(move)

    def count_unread(self, conversation_id: str, user_id: str) -> int:
        query = f"SELECT ({_UNREAD}) FROM members m WHERE m.conversation = ? AND m.user_id = ?"
        row = self.file.one(query, conversation_id, user_id)
        return row[0] if row else 0

    def add_room(self, room: Conversation) -> None:
        self.file.write(lambda db: open_conversation(db, room))

    def public_rooms(self) -> list[Conversation]:
        with self.file.reading() as db:
            return _several(db, "SELECT id FROM conversations WHERE public", {})

    def update_room(self, room_id: str, **changes: Any) -> Conversation | None:
        assignments = ", ".join(f"{name} = ?" for name in changes)
        values = [rows.column(value) for value in changes.values()]
        query = f"UPDATE conversations SET {assignments} WHERE id = ?"
        return self._change(room_id, lambda db: db.execute(query, [*values, room_id]))

    def add_member(self, room_id: str, user_id: str) -> Conversation | None:
        room = "SELECT id AS conversation FROM conversations WHERE id = ?"
        query = f"""INSERT OR IGNORE INTO members (conversation, user_id, cursor)
            SELECT m.conversation, ?, ({_LAST.format("seq")}) FROM ({room}) m"""
        return self._change(room_id, lambda db: db.execute(query, [user_id, room_id]))

    def remove_member(self, room_id: str, user_id: str) -> Conversation | None:
        query = "DELETE FROM members WHERE conversation = ? AND user_id = ?"
        return self._change(room_id, lambda db: db.execute(query, [room_id, user_id]))

    def remove_room(self, room_id: str) -> list[str]:
        def remove(db: Db) -> list[str]:
            db.execute("DELETE FROM conversations WHERE id = ?", [room_id])
            removed = db.execute("DELETE FROM messages WHERE conversation = ? RETURNING image", [room_id])
            return [image for (image,) in removed.fetchall() if image]

        return self.file.write(remove)

    def _change(self, room_id: str, change: Callable[[Db], object]) -> Conversation | None:
        def apply(db: Db) -> Conversation | None:
            change(db)
            return _one(db, room_id)

        return self.file.write(apply)


def open_conversation(db: Db, conversation: Conversation) -> None:
    """Keep a conversation and its members, unless it is kept already."""
    row = rows.row(conversation, rows.CONVERSATION)
    query = f"INSERT OR IGNORE INTO conversations ({rows.CONVERSATION}) VALUES ({rows.marks(row)})"
    if db.execute(query, row).rowcount:
        members = [(conversation.id, member) for member in conversation.members]
        db.executemany("INSERT INTO members (conversation, user_id) VALUES (?, ?)", members)


def _one(db: Db, conversation_id: str) -> Conversation | None:
    found = _several(db, "SELECT :id", {"id": conversation_id})
    return found[0] if found else None


def _several(db: Db, ids: str, values: dict[str, str]) -> list[Conversation]:
    """The conversations whose ids a query finds."""
    cursors: defaultdict[str, dict[str, int]] = defaultdict(dict)
    members = f"SELECT conversation, user_id, cursor FROM members WHERE conversation IN ({ids}) ORDER BY joined"
    for id, member, cursor in db.execute(members, values):
        cursors[id][member] = cursor
    found = db.execute(f"SELECT {rows.CONVERSATION} FROM conversations WHERE id IN ({ids})", values).fetchall()
    return [rows.conversation(row, cursors[row[0]]) for row in found]
