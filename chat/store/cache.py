"""Who was acting a moment ago: a request or an event need not ask the database about its session again."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from chat.models.user import Session, User
from chat.store.port import AccountChange, ProfileChange, Users

FRESH_SECONDS = 5.0  # for so long, a change by another process can go unnoticed if the bus did not tell of it
MOST = 2000  # users who are remembered


class CachedUsers:
    """`chat.store.port.Users`, and with `recall` a user of a session from memory.

    ``changed`` is called with the id of each user whom a call has changed, or may have changed if its answer was lost. It
    has to lead to `forget` on all processes.
    """

    def __init__(self, users: Users, changed: Callable[[str], None]) -> None:
        self._users = users
        self._changed = changed
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[User, float]] = OrderedDict()  # with the time when it was read
        self._forgotten = 0  # how often `forget` was called
        self._endings = 0

    def recall(self, user_id: str, session_id: str) -> User | None:
        """What `find` returned in the last `FRESH_SECONDS`, if the user had that session then and nothing has changed.

        Else it is asked again.
        """
        now = time.monotonic()
        known = self._known.get(user_id)
        if known and now - known[1] < FRESH_SECONDS and known[0].session(session_id):
            return known[0]
        forgotten = self._forgotten
        user = self.find(user_id)
        with self._lock:
            if user and forgotten == self._forgotten:  # else it may have been read before a change
                self._known[user_id] = user, now
                self._known.move_to_end(user_id)
                if len(self._known) > MOST:
                    self._known.popitem(last=False)
        return user

    def forget(self, user_id: str | None = None) -> None:
        """Ask for a user again, or for all."""
        with self._lock:
            self._forgotten += 1
            if user_id is None:
                self._known.clear()
            else:
                self._known.pop(user_id, None)

    @contextmanager
    def _change(self, user_id: str) -> Iterator[Users]:
        try:
            yield self._users
        finally:
            self._changed(user_id)

    def change_account(self, user_id: str, change: AccountChange) -> User | None:
        with self._change(user_id) as users:
            return users.change_account(user_id, change)

    def set_profile(self, user_id: str, *, full_name: str | None, profile_pic: str | None) -> ProfileChange | None:
        with self._change(user_id) as users:
            return users.set_profile(user_id, full_name=full_name, profile_pic=profile_pic)

    def set_password(self, user_id: str, *, old_hash: str, new_hash: str, keep_session: str) -> list[Session] | None:
        with self._change(user_id) as users:
            return users.set_password(user_id, old_hash=old_hash, new_hash=new_hash, keep_session=keep_session)

    def set_email(self, user_id: str, email: str) -> bool:
        with self._change(user_id) as users:
            return users.set_email(user_id, email)

    def remove(self, user_id: str) -> User | None:
        with self._change(user_id) as users:
            return users.remove(user_id)

    def begin_session(self, user_id: str, session: Session, *, password_hash: str, keep: int) -> list[Session] | None:
        with self._change(user_id) as users:
            return users.begin_session(user_id, session, password_hash=password_hash, keep=keep)

    def touch_session(self, user_id: str, session_id: str, time: int) -> None:
        with self._change(user_id) as users:
            users.touch_session(user_id, session_id, time)

    def end_sessions(self, user_id: str, session_ids: Collection[str]) -> None:
        with self._change(user_id) as users:
            users.end_sessions(user_id, session_ids)

    def set_blocked(self, user_id: str, other_id: str, blocked: bool) -> None:
        with self._change(user_id) as users:
            users.set_blocked(user_id, other_id, blocked)

    def endings(self) -> int:
        endings = self._users.endings()
        if endings != self._endings:
            self._endings = endings
            self.forget()
        return endings

    def add(self, user: User) -> bool:
        return self._users.add(user)

    def find(self, user_id: str) -> User | None:
        return self._users.find(user_id)

    def find_by_email(self, email: str) -> User | None:
        return self._users.find_by_email(email)

    def all(self) -> list[User]:
        return self._users.all()

    def search(self, text: str, before: str | None, limit: int) -> list[User]:
        return self._users.search(text, before, limit)

    def set_last_seen(self, user_id: str, time: int) -> None:
        self._users.set_last_seen(user_id, time)

    def sessions_alive(self, session_ids: Collection[str]) -> set[str]:
        return self._users.sessions_alive(session_ids)

    def blockers_of(self, user_id: str) -> set[str]:
        return self._users.blockers_of(user_id)

    def blocks_with(self, user_ids: Collection[str]) -> set[tuple[str, str]]:
        return self._users.blocks_with(user_ids)

    def have_picture(self, addresses: Collection[str]) -> bool:
        return self._users.have_picture(addresses)

    def names(self, user_ids: Collection[str]) -> dict[str, str]:
        return self._users.names(user_ids)
