"""Users, their sessions and blocks in SQLite."""

import json
from collections.abc import Collection

from msgspec import UNSET
from msgspec.structs import asdict, replace

from chat.lib import threads
from chat.models.user import Session, User
from chat.models.values import now
from chat.store.port import AccountChange, ProfileChange
from chat.store.sqlite import rows
from chat.store.sqlite.connection import Db
from chat.store.sqlite.conversations import leave_rooms
from chat.store.sqlite.file import SqliteFile
from chat.store.sqlite.rows import SESSION, USER, columns

PAGE = 500  # users of a long list that are read at once
_SESSIONS = f"SELECT {columns(SESSION)} FROM sessions WHERE user_id = ? ORDER BY number"


class SqliteUsers:
    """`chat.store.port.Users` in SQLite."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file

    def add(self, user: User) -> bool:
        def add(db: Db) -> bool:
            query = f"{rows.insert('users', USER)} ON CONFLICT (email) DO NOTHING"
            return db.execute(query, rows.row(user, USER)).rowcount == 1

        return self._file.write(add)

    def find(self, user_id: str) -> User | None:
        with self._file.reading() as db:
            return _find(db, "id = ?", user_id)

    def find_by_email(self, email: str) -> User | None:
        with self._file.reading() as db:
            return _find(db, "email = ?", email.lower())

    def all(self) -> list[User]:
        query = f"SELECT {columns(USER)} FROM users WHERE id > ? ORDER BY id LIMIT ?"
        users: list[User] = []
        while page := self._file.all(query, users[-1].id if users else "", PAGE):
            users += map(rows.user, page)
            threads.give_way()
        return users

    def search(self, text: str, before: str | None, limit: int) -> list[User]:
        query = f"""SELECT {columns(USER)} FROM users WHERE (? IS NULL OR id < ?)
            AND (instr(lower(full_name), lower(?)) OR instr(lower(email), lower(?))) ORDER BY id DESC LIMIT ?"""
        return [rows.user(row) for row in self._file.all(query, before, before, text, text, limit)]

    def change_account(self, user_id: str, change: AccountChange) -> User | None:
        wanted = {name: value for name, value in asdict(change).items() if value is not UNSET and name in USER}
        wanted["updated_at"] = now()

        def apply(db: Db) -> User | None:
            before = _find(db, "id = ?", user_id)
            if before is None:
                return None
            query = f"UPDATE users SET {' = ?, '.join(wanted)} = ? WHERE id = ?"
            db.execute(query, [*wanted.values(), user_id])
            if change.end_sessions:
                _end(db, list(before.sessions))
            _count_endings(db)
            return before

        return self._file.write(apply)

    def have_picture(self, addresses: Collection[str]) -> bool:
        query = "SELECT 1 FROM users WHERE profile_pic IN (SELECT value FROM json_each(?)) LIMIT 1"
        return bool(self._file.all(query, json.dumps(list(addresses))))

    def set_profile(self, user_id: str, *, full_name: str | None, profile_pic: str | None) -> ProfileChange | None:
        def change(db: Db) -> ProfileChange | None:
            before = _find(db, "id = ?", user_id)
            if before is None:
                return None
            after = replace(before, updated_at=now())
            if full_name is not None:
                after = replace(after, full_name=full_name)
            if profile_pic is not None:
                after = replace(after, profile_pic=profile_pic)
            query = "UPDATE users SET full_name = ?, profile_pic = ?, updated_at = ? WHERE id = ?"
            db.execute(query, [after.full_name, after.profile_pic, after.updated_at, user_id])
            replaced = before.profile_pic if before.profile_pic != after.profile_pic else ""
            return ProfileChange(after, replaced or None)

        return self._file.write(change)

    def set_password(self, user_id: str, *, old_hash: str, new_hash: str, keep_session: str) -> list[Session] | None:
        def change(db: Db) -> list[Session] | None:
            query = "UPDATE users SET password_hash = ?, updated_at = ? WHERE id = ? AND password_hash = ?"
            if not db.execute(query, [new_hash, now(), user_id, old_hash]).rowcount:
                return None
            return _end(db, [session for session in _sessions(db, user_id) if session.id != keep_session])

        return self._file.write(change)

    def set_email(self, user_id: str, email: str) -> bool:
        query = "UPDATE OR IGNORE users SET email = ?, updated_at = ? WHERE id = ?"
        return self._file.write(lambda db: db.execute(query, [email.lower(), now(), user_id]).rowcount == 1)

    def set_last_seen(self, user_id: str, time: int) -> None:
        self._file.write(lambda db: db.execute("UPDATE users SET last_seen = ? WHERE id = ?", [time, user_id]))

    def remove(self, user_id: str) -> User | None:
        def remove(db: Db) -> User | None:
            user = _find(db, "id = ?", user_id)
            leave_rooms(db, user_id)
            db.execute("DELETE FROM users WHERE id = ?", [user_id])
            _count_endings(db)
            return user

        return self._file.write(remove)

    def begin_session(self, user_id: str, session: Session, *, password_hash: str, keep: int) -> list[Session] | None:
        def begin(db: Db) -> list[Session] | None:
            query = f"""INSERT INTO sessions (user_id, {columns(SESSION)})
                SELECT id, ?, ?, ?, ? FROM users WHERE id = ? AND password_hash = ? AND deactivated_at IS NULL"""
            if not db.execute(query, [*rows.row(session, SESSION), user_id, password_hash]).rowcount:
                return None
            return _end(db, _sessions(db, user_id)[:-keep])

        return self._file.write(begin)

    def touch_session(self, user_id: str, session_id: str, time: int) -> None:
        query = "UPDATE sessions SET last_used_at = ? WHERE user_id = ? AND id = ?"
        self._file.write(lambda db: db.execute(query, [time, user_id, session_id]))

    def end_sessions(self, user_id: str, session_ids: Collection[str]) -> None:
        query = "DELETE FROM sessions WHERE user_id = ? AND id = ?"
        self._file.write(lambda db: db.executemany(query, [(user_id, session_id) for session_id in session_ids]))

    def sessions_alive(self, session_ids: Collection[str]) -> set[str]:
        query = "SELECT id FROM sessions WHERE id IN (SELECT value FROM json_each(?))"
        return {id for (id,) in self._file.all(query, json.dumps(list(session_ids)))}

    def endings(self) -> int:
        value: int = self._file.one("SELECT value FROM counters WHERE name = 'endings'")[0]
        return value

    def set_blocked(self, user_id: str, other_id: str, blocked: bool) -> None:
        add = "INSERT OR IGNORE INTO blocks (user_id, blocked_id) SELECT id, ? FROM users WHERE id = ?"
        remove = "DELETE FROM blocks WHERE blocked_id = ? AND user_id = ?"
        self._file.write(lambda db: db.execute(add if blocked else remove, [other_id, user_id]))

    def blockers_of(self, user_id: str) -> set[str]:
        return {id for (id,) in self._file.all("SELECT user_id FROM blocks WHERE blocked_id = ?", user_id)}

    def blocks_with(self, user_ids: Collection[str]) -> set[tuple[str, str]]:
        taking_part = "IN (SELECT value FROM json_each(:ids))"
        blocks = "SELECT user_id, blocked_id FROM blocks WHERE"
        query = f"{blocks} user_id {taking_part} UNION {blocks} blocked_id {taking_part}"
        with self._file.reading() as db:
            return set(db.execute(query, {"ids": json.dumps(list(user_ids))}).fetchall())

    def names(self, user_ids: Collection[str]) -> dict[str, str]:
        query = "SELECT id, full_name FROM users WHERE id IN (SELECT value FROM json_each(?))"
        return dict(self._file.all(query, json.dumps(list(user_ids))))


def _find(db: Db, condition: str, value: str) -> User | None:
    row = db.execute(f"SELECT {columns(USER)} FROM users WHERE {condition}", [value]).fetchone()
    if row is None:
        return None
    blocked = db.execute("SELECT blocked_id FROM blocks WHERE user_id = ?", row[:1]).fetchall()
    return rows.user(row, tuple(_sessions(db, row[0])), frozenset(id for (id,) in blocked))


def _sessions(db: Db, user_id: str) -> list[Session]:
    return [rows.session(row) for row in db.execute(_SESSIONS, [user_id])]


def _end(db: Db, sessions: list[Session]) -> list[Session]:
    db.executemany("DELETE FROM sessions WHERE id = ?", [(session.id,) for session in sessions])
    return sessions


def _count_endings(db: Db) -> None:
    db.execute("UPDATE counters SET value = value + 1 WHERE name = 'endings'")
