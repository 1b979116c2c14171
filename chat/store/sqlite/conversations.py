"""Conversations, their members and read cursors in SQLite."""

from collections import defaultdict

from chat.models.conversation import Conversation, Summary
from chat.store.sqlite import rows
from chat.store.sqlite.file import Db, SqliteFile

_MINE = "SELECT conversation FROM members WHERE user_id = :me"
_UNREAD = """SELECT count(*) FROM messages u WHERE u.conversation = m.conversation AND u.seq > m.cursor
    AND u.sender_id <> :me AND u.deleted_at IS NULL AND u.system IS NULL"""
_SUMMARIES = f"""SELECT ({_UNREAD}), (SELECT max(rev) FROM messages r WHERE r.conversation = m.conversation),
    {", ".join(f"last.{name}" for name in rows.MESSAGE.split(", "))}
    FROM members m JOIN messages last ON last.conversation = m.conversation
        AND last.seq = (SELECT max(seq) FROM messages s WHERE s.conversation = m.conversation)
    WHERE m.user_id = :me"""


class Conversations:
    """The part of `chat.store.Store` that is about conversations."""

    file: SqliteFile

    def conversations_of(self, user_id: str) -> dict[str, tuple[Conversation, Summary]]:
        me = {"me": user_id}
        with self.file.reading() as db:
            cursors: dict[str, dict[str, int]] = defaultdict(dict)
            members = f"SELECT conversation, user_id, cursor FROM members WHERE conversation IN ({_MINE})"
            for id, member, cursor in db.execute(members, me):
                cursors[id][member] = cursor
            found = db.execute(f"SELECT {rows.CONVERSATION} FROM conversations WHERE id IN ({_MINE})", me).fetchall()
            summaries: dict[str, Summary] = {}
            for unread, rev, *last in db.execute(_SUMMARIES, me):
                message = rows.message(last)
                summaries[message.conversation or ""] = Summary(message, unread, rev)
        return {row[0]: (rows.conversation(row, cursors[row[0]]), summaries.get(row[0], Summary())) for row in found}


def open_conversation(db: Db, conversation: Conversation) -> None:
    """Keep a conversation and its members, unless it is kept already."""
    row = rows.row(conversation, rows.CONVERSATION)
    query = f"INSERT OR IGNORE INTO conversations ({rows.CONVERSATION}) VALUES ({rows.marks(row)})"
    if db.execute(query, row).rowcount:
        members = [(conversation.id, member) for member in conversation.members]
        db.executemany("INSERT INTO members (conversation, user_id) VALUES (?, ?)", members)
