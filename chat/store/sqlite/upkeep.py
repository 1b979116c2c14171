"""What is done to the whole file."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing

from chat.store.port import SKIPPED
from chat.store.sqlite.connection import Db
from chat.store.sqlite.file import SqliteFile
from chat.store.sqlite.migrations import STEPS

_IMAGES = "SELECT image FROM messages WHERE image IS NOT NULL UNION ALL SELECT profile_pic FROM users"
_WRONG_NUMBERS = """
    SELECT c.id, 'has given number ' || c.rev || ', but has a message with number ' || max(m.rev, m.seq)
        FROM conversations c JOIN messages m ON m.conversation = c.id GROUP BY c.id HAVING max(max(m.rev, m.seq)) > c.rev
    UNION ALL
    SELECT conversation, 'has message ' || id || ', whose last change has a number before its first'
        FROM messages WHERE rev < seq
    UNION ALL
    SELECT conversation, 'does not exist, but has messages' FROM messages
        WHERE conversation NOT IN (SELECT id FROM conversations) GROUP BY conversation"""


class SqliteUpkeep:
    """`chat.store.port.Upkeep` on SQLite."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file

    def image_addresses(self) -> Iterator[str]:
        with self._file.reading() as db:
            for (address,) in db.execute(_IMAGES):
                yield address

    def problems(self) -> Iterator[str]:
        with self._file.reading() as db:
            for (found,) in db.execute("PRAGMA integrity_check"):
                if found != "ok":
                    yield f"the file is damaged: {found}"
            for table, row, other, _ in db.execute("PRAGMA foreign_key_check"):
                yield f"row {row} of table {table} refers to a row of table {other} that isn't there"
            for conversation, wrong in db.execute(_WRONG_NUMBERS):
                yield f"conversation {conversation} {wrong}"

    def missing_indexes(self) -> set[str]:
        with self._file.reading() as db, closing(sqlite3.connect(":memory:")) as empty:
            for step in STEPS:
                step(empty)
            return _indexes(empty) - _indexes(db)

    def clock(self) -> float:
        return time.time()

    def mark_restored(self) -> None:
        def mark(db: Db) -> None:
            db.execute("DELETE FROM sessions")
            db.execute("UPDATE counters SET value = value + 1 WHERE name = 'endings'")
            db.execute("UPDATE conversations SET rev = rev + ?", [SKIPPED])

        self._file.write(mark)


def _indexes(db: Db) -> set[str]:
    return {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type IN ('index', 'trigger')")}
