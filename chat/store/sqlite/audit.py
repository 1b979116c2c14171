"""The audit log in SQLite. Triggers refuse to change or remove an entry."""

from chat.models.audit import Entry
from chat.store.sqlite import rows
from chat.store.sqlite.file import SqliteFile
from chat.store.sqlite.rows import ENTRY, columns


class SqliteAudit:
    """`chat.store.port.Audit` in SQLite."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file

    def add(self, entry: Entry) -> None:
        self._file.write(lambda db: db.execute(rows.insert("audit", ENTRY), rows.row(entry, ENTRY)))

    def page(self, before: str | None, limit: int) -> list[Entry]:
        query = f"SELECT {columns(ENTRY)} FROM audit WHERE ? IS NULL OR id < ? ORDER BY id DESC LIMIT ?"
        found = self._file.all(query, before, before, limit)
        return [Entry(**dict(zip(ENTRY, row, strict=True))) for row in found]
