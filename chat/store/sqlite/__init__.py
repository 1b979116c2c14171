"""The embedded store: one SQLite file, nothing to install."""

from pathlib import Path

from chat.store.port import Audit, Conversations, Links, Messages, Outbox, Reports, Upkeep, Users
from chat.store.sqlite.audit import SqliteAudit
from chat.store.sqlite.conversations import SqliteConversations
from chat.store.sqlite.file import SqliteFile
from chat.store.sqlite.links import SqliteLinks
from chat.store.sqlite.messages import SqliteMessages
from chat.store.sqlite.outbox import SqliteOutbox
from chat.store.sqlite.reports import SqliteReports
from chat.store.sqlite.upkeep import SqliteUpkeep
from chat.store.sqlite.users import SqliteUsers


class SqliteStore:
    """`chat.store.port.Store` on one file, which is created if it doesn't exist.

    Raises `DatabaseTooNewError` if a newer version wrote the file.
    """

    def __init__(self, path: Path) -> None:
        self._file = SqliteFile(path)
        self.users: Users = SqliteUsers(self._file)
        self.conversations: Conversations = SqliteConversations(self._file)
        self.messages: Messages = SqliteMessages(self._file)
        self.upkeep: Upkeep = SqliteUpkeep(self._file)
        self.audit: Audit = SqliteAudit(self._file)
        self.links: Links = SqliteLinks(self._file)
        self.reports: Reports = SqliteReports(self._file)
        self.outbox: Outbox = SqliteOutbox(self._file)

    def ping(self) -> None:
        """Raise `DatabaseUnavailableError` or `DatabaseDamagedError` if the file can't be used."""
        self._file.check()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
