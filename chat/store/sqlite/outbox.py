"""The mails that wait, in SQLite."""

from chat.models.mail import Mail
from chat.models.values import now
from chat.store.sqlite import rows
from chat.store.sqlite.file import SqliteFile
from chat.store.sqlite.rows import MAIL, columns


class SqliteOutbox:
    """`chat.store.port.Outbox` in SQLite."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file

    def add(self, mail: Mail) -> None:
        self._file.write(lambda db: db.execute(rows.insert("outbox", MAIL), rows.row(mail, MAIL)))

    def take(self, until: int) -> Mail | None:
        if not self._file.one("SELECT 1 FROM outbox WHERE due_at <= ? LIMIT 1", now()):
            return None
        query = f"""UPDATE outbox SET due_at = ?, attempts = attempts + 1
            WHERE id = (SELECT id FROM outbox WHERE due_at <= ? ORDER BY due_at LIMIT 1) RETURNING {columns(MAIL)}"""
        row = self._file.write(lambda db: db.execute(query, [until, now()]).fetchone())
        return row and rows.mail(row)

    def postpone(self, mail_id: str, until: int) -> None:
        self._file.write(lambda db: db.execute("UPDATE outbox SET due_at = ? WHERE id = ?", [until, mail_id]))

    def remove(self, mail_id: str) -> None:
        self._file.write(lambda db: db.execute("DELETE FROM outbox WHERE id = ?", [mail_id]))
