"""Users, their sessions and blocks in SQLite."""

from datetime import datetime
from typing import Any

from chat.models.user import Session, User
from chat.store.sqlite import rows
from chat.store.sqlite.file import Db, SqliteFile


class Users:
    """The part of `chat.store.Store` that is about users."""

    file: SqliteFile

    def add_user(self, user: User) -> bool:
        row = rows.row(user, rows.USER)

        def add(db: Db) -> bool:
            query = f"INSERT INTO users ({rows.USER}) VALUES ({rows.marks(row)}) ON CONFLICT (email) DO NOTHING"
            return db.execute(query, row).rowcount == 1

        return self.file.write(add)

    def find_user(self, user_id: str) -> User | None:
        return self._find("id = ?", user_id)

    def find_user_by_email(self, email: str) -> User | None:
        return self._find("email = ?", email.lower())

    def list_users(self) -> list[User]:
        return [rows.user(row) for row in self.file.all(f"SELECT {rows.USER} FROM users")]

    def update_user(self, user_id: str, **changes: Any) -> User | None:
        assignments = ", ".join(f"{name} = ?" for name in changes)
        values = [rows.column(value) for value in changes.values()]
        self.file.write(lambda db: db.execute(f"UPDATE users SET {assignments} WHERE id = ?", [*values, user_id]))
        return self.find_user(user_id)

    def remove_user(self, user_id: str) -> None:
        self.file.write(lambda db: db.execute("DELETE FROM users WHERE id = ?", [user_id]))

    def add_session(self, user_id: str, session: Session, keep: int) -> None:
        row = [user_id, *rows.row(session, rows.SESSION)]
        newest = "SELECT id FROM sessions WHERE user_id = ? ORDER BY created_at DESC, id DESC LIMIT ?"

        def add(db: Db) -> None:
            db.execute(f"INSERT INTO sessions (user_id, {rows.SESSION}) VALUES ({rows.marks(row)})", row)
            db.execute(f"DELETE FROM sessions WHERE user_id = ? AND id NOT IN ({newest})", [user_id, user_id, keep])

        self.file.write(add)

    def touch_session(self, user_id: str, session_id: str, time: datetime) -> None:
        query = "UPDATE sessions SET last_used_at = ? WHERE user_id = ? AND id = ?"
        self.file.write(lambda db: db.execute(query, [rows.column(time), user_id, session_id]))

    def remove_session(self, user_id: str, session_id: str) -> None:
        query = "DELETE FROM sessions WHERE user_id = ? AND id = ?"
        self.file.write(lambda db: db.execute(query, [user_id, session_id]))

    def set_blocked(self, user_id: str, other_id: str, blocked: bool) -> None:
        add = "INSERT OR IGNORE INTO blocks (user_id, blocked_id) VALUES (?, ?)"
        remove = "DELETE FROM blocks WHERE user_id = ? AND blocked_id = ?"
        self.file.write(lambda db: db.execute(add if blocked else remove, [user_id, other_id]))

    def blockers_of(self, user_id: str) -> set[str]:
        return {id for (id,) in self.file.all("SELECT user_id FROM blocks WHERE blocked_id = ?", user_id)}

    def _find(self, condition: str, value: str) -> User | None:
        with self.file.reading() as db:
            row = db.execute(f"SELECT {rows.USER} FROM users WHERE {condition}", [value]).fetchone()
            if row is None:
                return None
            sessions = db.execute(
                f"SELECT {rows.SESSION} FROM sessions WHERE user_id = ? ORDER BY created_at, id", row[:1]
            ).fetchall()
            blocked = db.execute("SELECT blocked_id FROM blocks WHERE user_id = ?", row[:1]).fetchall()
        return rows.user(row, tuple(map(rows.session, sessions)), frozenset(id for (id,) in blocked))
