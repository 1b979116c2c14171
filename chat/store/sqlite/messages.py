"""Messages in SQLite."""

import json
from collections.abc import Callable, Collection, Sequence

from msgspec.structs import replace

from chat.answers import Deleter
from chat.errors import BlockedError, ChatError, NotAMemberError, NotFoundError, UserNotFoundError
from chat.models.conversation import Conversation, direct
from chat.models.folding import fold
from chat.models.message import Draft, LegacyMessage, Message
from chat.models.values import first_id
from chat.store.port import Appended, Page, Revision
from chat.store.sqlite import rows
from chat.store.sqlite.connection import Db
from chat.store.sqlite.conversations import add_conversation
from chat.store.sqlite.file import SqliteFile
from chat.store.sqlite.rows import MESSAGE, columns

_NO_END = 2**63 - 1  # SQLite's largest integer
_SELECT = f"SELECT {columns(MESSAGE)} FROM messages"
_UPDATE = f"UPDATE messages SET {' = ?, '.join(MESSAGE)} = ? WHERE id = ?"
# The greater of the two: release 1.0, which kept no counter, may still write into the file while it is being replaced.
_NEXT_NUMBER = """UPDATE conversations AS c
    SET rev = 1 + max(rev, (SELECT coalesce(max(rev), 0) FROM messages m WHERE m.conversation = c.id))
    WHERE id = ? RETURNING rev"""


class SqliteMessages:
    """`chat.store.port.Messages` in SQLite."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file

    def append(self, draft: Draft) -> Appended:
        def append(db: Db) -> Appended:
            if draft.client_id and (sent := _find_sent(db, draft.sender_id, draft.client_id)):
                return Appended(sent, False)
            _require_may_write(db, draft, draft.sender_id)
            if draft.receiver_id is not None:
                add_conversation(db, direct(draft.sender_id, draft.receiver_id))
            message = draft.numbered(_next_number(db, draft.conversation))
            db.execute(rows.insert("messages", MESSAGE), rows.row(message, MESSAGE))
            _set_search_text(db, message)
            return Appended(message, True)

        return self._file.write(append)

    def revise(
        self, message_id: str, change: Callable[[Message], Message | None], *, author: str | None
    ) -> Revision | None:
        return self._file.write(lambda db: _revise(db, message_id, change, author))

    def erase(self, message_ids: Sequence[str], by: Deleter | None = None) -> list[Message]:
        def erase(db: Db) -> list[Message]:
            revisions = [_revise(db, id, lambda message: message.deleted(by), author=None) for id in message_ids]
            return [revision.message for revision in revisions if revision and revision.changed]

        return self._file.write(erase)

    def find(self, message_id: str) -> Message | None:
        with self._file.reading() as db:
            return _find(db, message_id)

    def find_sent(self, sender_id: str, client_id: str) -> Message | None:
        with self._file.reading() as db:
            return _find_sent(db, sender_id, client_id)

    def with_image(self, addresses: Collection[str]) -> Message | None:
        query = f"{_SELECT} WHERE image IN (SELECT value FROM json_each(?)) LIMIT 1"
        return next(map(rows.message, self._file.all(query, json.dumps(list(addresses)))), None)

    def older_than(self, time: int, after: str, limit: int) -> list[Message]:
        query = f"""{_SELECT} WHERE id > ? AND id < ? AND deleted_at IS NULL AND system IS NULL ORDER BY id LIMIT ?"""
        return [rows.message(row) for row in self._file.all(query, after, first_id(time), limit)]

    def older_in_room(self, room_id: str, time: int, after: int, limit: int) -> list[Message]:
        query = f"""{_SELECT} WHERE conversation = ? AND seq > ? AND id < ? AND deleted_at IS NULL AND system IS NULL
            ORDER BY seq LIMIT ?"""
        return [rows.message(row) for row in self._file.all(query, room_id, after, first_id(time), limit)]

    def of_sender(self, sender_id: str, after: str, limit: int) -> list[Message | LegacyMessage]:
        query = f"{_SELECT} WHERE sender_id = ? AND id > ? ORDER BY id LIMIT ?"
        return [rows.message(row) for row in self._file.all(query, sender_id, after, limit)]

    def with_reactions_of(self, user_id: str, after: str, limit: int) -> list[Message]:
        query = f"{_SELECT} WHERE reactions <> '{{}}' AND id > ? AND instr(reactions, ?) ORDER BY id LIMIT ?"
        return [rows.message(row) for row in self._file.all(query, after, user_id, limit)]

    def erase_unnumbered(self, sender_id: str) -> list[str]:
        return []  # the Express backend writes only into MongoDB

    def page(self, conversation: Conversation, before: int | None, limit: int, skip: int = 0) -> Page:
        query = f"{_SELECT} WHERE conversation = ? AND seq < ? ORDER BY seq DESC LIMIT ? OFFSET ?"
        end = _NO_END if before is None else before
        found = [rows.message(row) for row in self._file.all(query, conversation.id, end, limit + 1, skip)]
        messages = found[:limit][::-1]
        return Page([*messages], messages[0].seq if len(found) > limit else None)

    def changes_since(self, conversation_id: str, rev: int, limit: int) -> list[Message]:
        query = f"{_SELECT} WHERE conversation = ? AND rev > ? ORDER BY rev LIMIT ?"
        return [rows.message(row) for row in self._file.all(query, conversation_id, rev, limit)]

    def search(self, user_id: str, words: Sequence[str], conversation_id: str | None, limit: int) -> list[Message]:
        contained = " AND ".join(["instr(s.text, ?)"] * len(words))
        one = "" if conversation_id is None else "AND m.conversation = ?"
        query = f"""SELECT json_group_array(number) FROM (
            SELECT s.number FROM members m CROSS JOIN search_texts s ON s.conversation = m.conversation
            WHERE m.user_id = ? {one} AND {contained} ORDER BY s.number DESC LIMIT ?)"""
        where = [user_id] if conversation_id is None else [user_id, conversation_id]
        (numbers,) = self._file.scan(query, *where, *words, limit)
        found = f"{_SELECT} WHERE number IN (SELECT value FROM json_each(?)) ORDER BY number DESC"
        return [rows.message(row) for row in self._file.all(found, numbers)]


def _require_may_write(db: Db, what: Draft, author: str) -> None:
    """Raise unless the author can write into the conversation of that draft or message at this moment."""
    if what.receiver_id is None:
        room = db.execute("SELECT 1 FROM conversations WHERE id = ?", [what.conversation]).fetchone()
        if room is None:
            raise NotFoundError
        _require_user(db, author, UserNotFoundError())
        member = "SELECT 1 FROM members WHERE conversation = ? AND user_id = ?"
        if what.system is None and not db.execute(member, [what.conversation, author]).fetchone():
            raise NotAMemberError
        return
    other = direct(what.sender_id, what.receiver_id).other(author)
    _require_user(db, other, NotFoundError("no such user"))
    _require_user(db, author, UserNotFoundError())
    blocks = "SELECT 1 FROM blocks WHERE user_id = ? AND blocked_id = ?"
    if db.execute(blocks, [other, author]).fetchone():
        raise BlockedError


def _require_user(db: Db, user_id: str, error: ChatError) -> None:
    if not db.execute("SELECT 1 FROM users WHERE id = ?", [user_id]).fetchone():
        raise error


def _next_number(db: Db, conversation_id: str) -> int:
    """Take the next number of the conversation, in the transaction that uses it."""
    number: int = db.execute(_NEXT_NUMBER, [conversation_id]).fetchone()[0]
    return number


def _revise(
    db: Db, message_id: str, change: Callable[[Message], Message | None], author: str | None
) -> Revision | None:
    before = _find(db, message_id)
    if before is None:
        return None
    if author is not None:
        _require_may_write(db, before, author)
    after = change(before)
    if after is None:
        return Revision(before, False)
    revised = replace(after, rev=_next_number(db, before.conversation))
    db.execute(_UPDATE, [*rows.row(revised, MESSAGE), message_id])
    if revised.text != before.text:
        _set_search_text(db, revised)
    return Revision(revised, True)


def _set_search_text(db: Db, message: Message) -> None:
    """Let the message be found by its present text, if it has one."""
    place = "SELECT conversation, number FROM messages WHERE id = ?"
    if message.text:
        query = f"REPLACE INTO search_texts (text, conversation, number) SELECT ?, * FROM ({place})"
        db.execute(query, [fold(message.text), message.id])
    else:
        db.execute(f"DELETE FROM search_texts WHERE (conversation, number) = ({place})", [message.id])


def _find(db: Db, message_id: str) -> Message | None:
    row = db.execute(f"{_SELECT} WHERE id = ?", [message_id]).fetchone()
    return row and rows.message(row)


def _find_sent(db: Db, sender_id: str, client_id: str) -> Message | None:
    row = db.execute(f"{_SELECT} WHERE sender_id = ? AND client_id = ?", [sender_id, client_id]).fetchone()
    return row and rows.message(row)
