"""Direct conversations and rooms, their members and read cursors in SQLite."""

import json
from collections import defaultdict
from collections.abc import Callable, Sequence

from chat.errors import BlockedError
from chat.lib.threads import in_slices
from chat.models.conversation import Conversation, Room, Summary
from chat.store.port import CursorMove, RoomChange
from chat.store.sqlite import rows
from chat.store.sqlite.connection import Db
from chat.store.sqlite.file import SqliteFile
from chat.store.sqlite.rows import CONVERSATION, MESSAGE, ROOM, columns

_UNREAD = """SELECT count(*) FROM messages u WHERE u.conversation = m.conversation AND u.seq > m.cursor
    AND u.sender_id <> m.user_id AND u.deleted_at IS NULL AND u.system IS NULL"""
_LAST_SEQ = "SELECT coalesce(max(seq), 0) FROM messages l WHERE l.conversation = m.conversation"
_SUMMARIES = f"""SELECT ({_UNREAD}), c.rev, {columns(MESSAGE, "last.")} FROM members m
    JOIN conversations c ON c.id = m.conversation
    JOIN messages last ON last.conversation = m.conversation AND last.seq = ({_LAST_SEQ})
    WHERE m.user_id = ? AND m.conversation IN (SELECT value FROM json_each(?))"""

SUMMARIES = 50  # conversations in one query


class SqliteConversations:
    """`chat.store.port.Conversations` in SQLite."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file

    def find(self, conversation_id: str) -> Conversation | None:
        with self._file.reading() as db:
            return find_conversation(db, conversation_id)

    def of_member(self, user_id: str, *, unnumbered: bool = False) -> list[Conversation]:
        with self._file.reading() as db:
            return _find_all(db, "SELECT conversation FROM members WHERE user_id = :value", value=user_id)

    def summarize(self, user_id: str, conversations: Sequence[Conversation]) -> dict[str, Summary]:
        summaries = {conversation.id: Summary() for conversation in conversations}
        ids = list(summaries)
        for start in in_slices(range(0, len(ids), SUMMARIES)):
            some = json.dumps(ids[start : start + SUMMARIES])
            for unread, rev, *last in self._file.all(_SUMMARIES, user_id, some):
                message = rows.message(last)
                summaries[message.conversation] = Summary(message, unread, rev)
        return summaries

    def move_cursor(self, conversation_id: str, user_id: str, seq: int) -> CursorMove:
        to = f"({_LAST_SEQ} AND l.seq <= ?)"
        update = f"UPDATE members AS m SET cursor = {to} WHERE conversation = ? AND user_id = ? AND cursor < {to}"

        def move(db: Db) -> CursorMove:
            moved = db.execute(update, [seq, conversation_id, user_id, seq]).rowcount == 1
            query = "SELECT cursor FROM members WHERE conversation = ? AND user_id = ?"
            row = db.execute(query, [conversation_id, user_id]).fetchone()
            return CursorMove(row[0] if row else 0, moved)

        return self._file.write(move)

    def count_unread(self, conversation_id: str, user_id: str) -> int:
        query = f"SELECT ({_UNREAD}) FROM members m WHERE m.conversation = ? AND m.user_id = ?"
        row = self._file.one(query, conversation_id, user_id)
        return row[0] if row else 0

    def add_room(self, room: Room, *, most: int | None = None) -> bool:
        def add(db: Db) -> bool:
            _require_no_block(db, room.members, room.owner_id)
            owned = "SELECT count(*) FROM members m JOIN conversations c ON c.id = m.conversation"
            (count,) = db.execute(f"{owned} WHERE m.user_id = ? AND c.owner_id = m.user_id", [room.owner_id]).fetchone()
            if most is not None and count >= most:
                return False
            add_conversation(db, room)
            return True

        return self._file.write(add)

    def search_rooms(self, text: str, before: str | None, limit: int) -> list[Room]:
        query = """SELECT id FROM conversations WHERE owner_id IS NOT NULL AND (:before IS NULL OR id < :before)
            AND instr(lower(name), lower(:text)) ORDER BY id DESC LIMIT :limit"""
        with self._file.reading() as db:
            found = _find_all(db, query, before=before, text=text, limit=limit)
        return sorted((room for room in found if isinstance(room, Room)), key=lambda room: room.id, reverse=True)

    def public_rooms(self) -> list[Room]:
        with self._file.reading() as db:
            found = _find_all(db, "SELECT id FROM conversations WHERE public")
        return [room for room in found if isinstance(room, Room)]

    def rooms_with_ttl(self) -> list[Room]:
        with self._file.reading() as db:
            found = _find_all(db, "SELECT id FROM conversations WHERE message_ttl_days > 0")
        return [room for room in found if isinstance(room, Room)]

    def change_room(self, room_id: str, change: Callable[[Room], Room]) -> RoomChange | None:
        def write(db: Db) -> RoomChange | None:
            before = find_room(db, room_id)
            if before is None:
                return None
            after = change(before)
            if after is not before:
                _replace(db, before, after)
            return RoomChange(before, after)

        return self._file.write(write)

    def add_member(self, room_id: str, user_id: str, *, by: str | None, most: int) -> RoomChange | None:
        def add(db: Db) -> RoomChange | None:
            room = find_room(db, room_id)
            if room is None or user_id in room.members:
                return RoomChange(room, room) if room else None
            room.require_may_add(user_id, by)
            if len(room.members) >= most:
                return RoomChange(room, room)
            _require_no_block(db, [user_id], by or user_id)
            query = f"""INSERT INTO members (conversation, user_id, cursor)
                SELECT m.conversation, ?, ({_LAST_SEQ}) FROM (SELECT ? AS conversation) m"""
            db.execute(query, [user_id, room_id])
            return RoomChange(room, find_room(db, room_id) or room)

        return self._file.write(add)

    def remove_oldest(self, room_id: str, limit: int, *, only_if_empty: bool = False) -> list[str | None]:
        def remove(db: Db) -> list[str | None]:
            room = find_room(db, room_id)
            if room is None or (only_if_empty and room.members):
                return []
            oldest = "SELECT number FROM messages WHERE conversation = ? ORDER BY seq LIMIT ?"
            removed = db.execute(f"DELETE FROM messages WHERE number IN ({oldest}) RETURNING image", [room_id, limit])
            return [image for (image,) in removed.fetchall()]

        return self._file.write(remove)

    def remove_room(self, room_id: str, *, only_if_empty: bool = False) -> list[str]:
        def remove(db: Db) -> list[str]:
            room = find_room(db, room_id)
            if room is None or (only_if_empty and room.members):
                return []
            db.execute("DELETE FROM conversations WHERE id = ?", [room_id])
            removed = db.execute("DELETE FROM messages WHERE conversation = ? RETURNING image", [room_id])
            return [image for (image,) in removed.fetchall() if image]

        return self._file.write(remove)


def _require_no_block(db: Db, user_ids: Sequence[str], author: str) -> None:
    """Raise `BlockedError` if one of the users blocks the author."""
    query = "SELECT 1 FROM blocks WHERE blocked_id = ? AND user_id IN (SELECT value FROM json_each(?))"
    if db.execute(query, [author, json.dumps(user_ids)]).fetchone():
        raise BlockedError


def add_conversation(db: Db, conversation: Conversation) -> None:
    """Store a conversation and its members, unless it exists."""
    query = f"{rows.insert('conversations', CONVERSATION)} ON CONFLICT DO NOTHING"
    if db.execute(query, rows.conversation_row(conversation)).rowcount:
        members = [(conversation.id, member) for member in conversation.members]
        db.executemany("INSERT INTO members (conversation, user_id) VALUES (?, ?)", members)


def find_conversation(db: Db, conversation_id: str) -> Conversation | None:
    """The conversation with that id."""
    found = _find_all(db, "SELECT :value", value=conversation_id)
    return found[0] if found else None


def find_room(db: Db, room_id: str) -> Room | None:
    """The room with that id."""
    found = find_conversation(db, room_id)
    return found if isinstance(found, Room) else None


def leave_rooms(db: Db, user_id: str) -> None:
    """Remove a user from all rooms."""
    for conversation in _find_all(db, "SELECT conversation FROM members WHERE user_id = :value", value=user_id):
        if isinstance(conversation, Room):
            _replace(db, conversation, conversation.without(user_id))


def _replace(db: Db, before: Room, after: Room) -> None:
    """Store a room's next state, which has no new members."""
    gone = [(before.id, member) for member in before.members if member not in after.members]
    db.executemany("DELETE FROM members WHERE conversation = ? AND user_id = ?", gone)
    update = f"UPDATE conversations SET {' = ?, '.join(ROOM)} = ?, updated_at = ? WHERE id = ?"
    db.execute(update, [*rows.row(after, ROOM), after.updated_at, after.id])
    owning = "UPDATE members SET co_owner = user_id IN (SELECT value FROM json_each(?)) WHERE conversation = ?"
    db.execute(owning, [json.dumps(after.co_owners), after.id])


def _find_all(db: Db, ids: str, **values: str | int | None) -> list[Conversation]:
    """The conversations whose ids a query with these values finds."""
    cursors: defaultdict[str, dict[str, int]] = defaultdict(dict)
    owners: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
    members = (
        f"SELECT conversation, user_id, cursor, co_owner FROM members WHERE conversation IN ({ids}) ORDER BY joined"
    )
    for id, member, cursor, co_owner in db.execute(members, values):
        cursors[id][member] = cursor
        if co_owner:
            owners[id] += (member,)
    query = f"SELECT {columns(CONVERSATION)} FROM conversations WHERE id IN ({ids})"
    return [rows.conversation(row, cursors[row[0]], owners[row[0]]) for row in db.execute(query, values).fetchall()]
