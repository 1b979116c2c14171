"""What is remembered of users who act, and when it is forgotten."""

from collections.abc import Callable

import pytest

from chat.errors import DatabaseUnavailableError
from chat.models.user import Session, User
from chat.store import Store, cache
from chat.store.cache import CachedUsers
from chat.store.port import AccountChange


class Login:
    """Ann, her session, and how often the store was asked for her."""

    def __init__(self, store: Store, ann: User) -> None:
        self.id = ann.id
        self.session = Session()
        self.asked = 0
        self.while_reading: Callable[[], object] = lambda: None
        store.users.begin_session(ann.id, self.session, password_hash="hash", keep=9)
        find = store.users.find

        def counted(user_id: str) -> User | None:
            user = find(user_id)
            self.asked += 1
            self.while_reading()
            return user

        store.users.find = counted  # type: ignore[method-assign]
        self.users = CachedUsers(store.users, lambda user_id: self.users.forget(user_id))

    def recall(self) -> User | None:
        return self.users.recall(self.id, self.session.id)


@pytest.fixture
def login(store: Store, people: list[User]) -> Login:
    return Login(store, people[0])


def test_a_user_is_asked_for_once(login: Login) -> None:
    assert login.recall() == login.recall() == login.users.find(login.id)
    assert login.asked == 2  # the second time by the line above


def test_a_user_is_asked_for_again_after_a_while(login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    login.recall()
    monkeypatch.setattr(cache, "FRESH_SECONDS", 0.0)
    login.recall()
    assert login.asked == 2


def test_a_session_that_began_elsewhere_is_found_at_once(login: Login, store: Store) -> None:
    login.recall()
    new = Session()
    store.users.begin_session(login.id, new, password_hash="hash", keep=9)
    user = login.users.recall(login.id, new.id)
    assert user
    assert user.session(new.id)


CHANGES: dict[str, Callable[[CachedUsers, Login], object]] = {
    "a profile": lambda users, ann: users.set_profile(ann.id, full_name="Anna", profile_pic=None),
    "a password": lambda users, ann: users.set_password(ann.id, old_hash="hash", new_hash="new", keep_session=""),
    "an account": lambda users, ann: users.change_account(ann.id, AccountChange(admin=True)),
    "a deactivation": lambda users, ann: users.change_account(ann.id, AccountChange(end_sessions=True)),
    "a login": lambda users, ann: users.begin_session(ann.id, Session(), password_hash="hash", keep=1),
    "a use": lambda users, ann: users.touch_session(ann.id, ann.session.id, 1),
    "a logout": lambda users, ann: users.end_sessions(ann.id, [ann.session.id]),
    "a block": lambda users, ann: users.set_blocked(ann.id, ann.id, True),
    "a removal": lambda users, ann: users.remove(ann.id),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_seen_at_once(login: Login, change: str) -> None:
    before = login.recall()
    CHANGES[change](login.users, login)
    after = login.recall()
    assert after == login.users.find(login.id)
    assert after != before


def test_what_was_read_before_a_change_is_not_remembered(login: Login) -> None:
    def log_out() -> None:
        login.while_reading = lambda: None
        login.users.end_sessions(login.id, [login.session.id])

    login.while_reading = log_out
    login.recall()
    user = login.recall()
    assert user
    assert user.session(login.session.id) is None


def test_a_change_whose_answer_was_lost_is_seen(login: Login, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    before = login.recall()
    set_profile = store.users.set_profile

    def lose(user_id: str, **fields: str | None) -> None:
        set_profile(user_id, full_name="Anna", profile_pic=None)
        raise DatabaseUnavailableError

    monkeypatch.setattr(store.users, "set_profile", lose)
    with pytest.raises(DatabaseUnavailableError):
        login.users.set_profile(login.id, full_name="Anna", profile_pic=None)
    assert login.recall() != before


def test_what_the_command_line_has_ended_is_seen_once_it_is_noticed(login: Login, store: Store) -> None:
    before = login.recall()
    store.users.change_account(login.id, AccountChange(end_sessions=True))
    assert login.recall() == before
    login.users.endings()
    assert login.recall() != before


def test_the_users_who_acted_last_are_remembered(
    login: Login, store: Store, people: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "MOST", 1)
    session = Session()
    store.users.begin_session(people[1].id, session, password_hash="hash", keep=9)
    login.recall()
    login.users.recall(people[1].id, session.id)
    login.users.recall(people[1].id, session.id)
    assert login.asked == 2
    login.recall()
    assert login.asked == 3
