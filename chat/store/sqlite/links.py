"""One-time links in SQLite."""

from chat.models.link import DAY, Key, Link, Purpose
from chat.models.values import now
from chat.store.port import KEEP_EXPIRED_DAYS
from chat.store.sqlite import rows
from chat.store.sqlite.connection import Db
from chat.store.sqlite.file import SqliteFile
from chat.store.sqlite.rows import LINK, columns

_SELECT = f"SELECT {columns(LINK)} FROM links"
_OPEN = "purpose = ? AND id = ? AND secret_hash = ? AND expires_at > ? AND uses_left > 0"


class SqliteLinks:
    """`chat.store.port.Links` in SQLite."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file

    def add(self, link: Link) -> None:
        def add(db: Db) -> None:
            db.execute("DELETE FROM links WHERE expires_at < ?", [now() - KEEP_EXPIRED_DAYS * DAY])
            db.execute(rows.insert("links", LINK), rows.row(link, LINK))

        self._file.write(add)

    def find(self, purpose: Purpose, key: Key) -> Link | None:
        row = self._file.one(f"{_SELECT} WHERE {_OPEN}", purpose, key.id, key.secret_hash, now())
        return row and rows.link(row)

    def use(self, purpose: Purpose, key: Key) -> Link | None:
        query = f"UPDATE links SET uses_left = uses_left - 1 WHERE {_OPEN} RETURNING {columns(LINK)}"
        values = [purpose, key.id, key.secret_hash, now()]
        row = self._file.write(lambda db: db.execute(query, values).fetchone())
        return row and rows.link(row)

    def give_back(self, link_id: str) -> None:
        self._file.write(lambda db: db.execute("UPDATE links SET uses_left = uses_left + 1 WHERE id = ?", [link_id]))

    def of_purpose(self, purpose: Purpose) -> list[Link]:
        return [rows.link(row) for row in self._file.all(f"{_SELECT} WHERE purpose = ? ORDER BY id DESC", purpose)]

    def remove(self, purpose: Purpose, link_id: str) -> bool:
        query = "DELETE FROM links WHERE purpose = ? AND id = ?"
        return self._file.write(lambda db: db.execute(query, [purpose, link_id]).rowcount == 1)

    def remove_of_user(self, user_id: str) -> None:
        self._file.write(lambda db: db.execute("DELETE FROM links WHERE user_id = ?", [user_id]))
