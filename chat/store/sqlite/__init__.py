"""The embedded store: one SQLite file, nothing to install."""

from pathlib import Path

from chat.store.sqlite.conversations import Conversations
from chat.store.sqlite.file import SqliteFile
from chat.store.sqlite.messages import Messages
from chat.store.sqlite.rows import SCHEMA
from chat.store.sqlite.users import Users


class SqliteStore(Users, Conversations, Messages):
    """`chat.store.Store` on one file; see there for what each method promises."""

    def __init__(self, path: Path) -> None:
        self.file = SqliteFile(path, SCHEMA)

    def ping(self) -> None:
        self.file.one("SELECT 1 FROM users")

    def close(self) -> None:
        self.file.close()
