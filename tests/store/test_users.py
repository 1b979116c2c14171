"""Users, their sessions and blocks, on both stores."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from chat.models.audit import Entry
from chat.models.conversation import Room
from chat.models.user import Session, User
from chat.store import Store, open_store
from chat.store.port import AccountChange
from tests.store.conftest import add_user


def test_an_email_is_taken_in_any_case(store: Store) -> None:
    ann = add_user(store, "Ann")
    assert not store.users.add(User(email=ann.email, full_name="Other", password_hash="-"))
    found = store.users.find_by_email(ann.email.upper())
    assert found
    assert found.id == ann.id


def test_a_profile_change_tells_which_picture_it_replaced(store: Store) -> None:
    ann = add_user(store, "Ann")
    first = store.users.set_profile(ann.id, full_name=None, profile_pic="/a")
    second = store.users.set_profile(ann.id, full_name="Anna", profile_pic="/b")
    third = store.users.set_profile(ann.id, full_name="Ann", profile_pic=None)
    assert first
    assert second
    assert third
    assert [change.replaced_picture for change in (first, second, third)] == [None, "/a", None]
    found = store.users.find(ann.id)
    assert found == third.user
    assert (found.full_name, found.profile_pic) == ("Ann", "/b")


def test_only_the_newest_sessions_go_on(store: Store) -> None:
    ann = add_user(store, "Ann")
    sessions = [Session(created_at=1000 - n) for n in range(3)]  # a clock that goes back does not change the order
    ended = [store.users.begin_session(ann.id, session, password_hash="hash", keep=2) for session in sessions]
    assert ended == [[], [], [sessions[0]]]
    found = store.users.find(ann.id)
    assert found
    assert found.sessions == tuple(sessions[1:])


def test_no_session_begins_with_a_password_that_was_replaced(store: Store) -> None:
    ann = add_user(store, "Ann")
    kept, other = Session(), Session()
    for session in (kept, other):
        store.users.begin_session(ann.id, session, password_hash="hash", keep=9)
    assert store.users.set_password(ann.id, old_hash="hash", new_hash="new", keep_session=kept.id) == [other]
    assert store.users.set_password(ann.id, old_hash="hash", new_hash="other", keep_session=kept.id) is None
    assert store.users.begin_session(ann.id, Session(), password_hash="hash", keep=9) is None
    found = store.users.find(ann.id)
    assert found
    assert (found.password_hash, found.sessions) == ("new", (kept,))


def test_ended_sessions_are_not_alive(store: Store) -> None:
    ann, bob = add_user(store, "Ann"), add_user(store, "Bob")
    first, second, third = Session(), Session(), Session()
    for user, session in ((ann, first), (ann, second), (bob, third)):
        store.users.begin_session(user.id, session, password_hash="hash", keep=9)
    store.users.end_sessions(ann.id, [first.id, third.id])
    store.users.touch_session(ann.id, second.id, 77)
    assert store.users.sessions_alive([first.id, second.id, third.id, "other"]) == {second.id, third.id}
    found = store.users.find(ann.id)
    assert found
    assert [session.last_used_at for session in found.sessions] == [77]


def test_a_removed_user_leaves_all_rooms_to_the_longest_member(store: Store, people: list[User]) -> None:
    ann, bob, carl = (user.id for user in people)
    room = Room(name="Room", public=False, owner_id=ann, members=(ann, bob, carl))
    store.conversations.add_room(room)
    store.users.set_blocked(ann, carl, True)
    removed = store.users.remove(ann)
    assert removed
    assert (removed.id, removed.blocked) == (ann, frozenset({carl}))
    assert store.users.find(ann) is None
    assert store.users.remove(ann) is None
    left = store.conversations.find(room.id)
    assert isinstance(left, Room)
    assert (left.owner_id, left.members) == (bob, (bob, carl))


def test_blocks_are_seen_from_both_sides(store: Store, people: list[User]) -> None:
    ann, bob, carl = (user.id for user in people)
    store.users.set_blocked(ann, carl, True)
    store.users.set_blocked(bob, carl, True)
    store.users.set_blocked(bob, carl, False)
    assert store.users.blockers_of(carl) == {ann}
    assert {user.id for user in store.users.all()} == {ann, bob, carl}


def test_a_deactivated_user_has_no_session_and_begins_none(store: Store) -> None:
    ann = add_user(store, "Ann")
    session = Session()
    store.users.begin_session(ann.id, session, password_hash="hash", keep=9)
    before = store.users.endings()
    changed = store.users.change_account(ann.id, AccountChange(deactivated_at=7, end_sessions=True))
    assert changed
    assert changed.sessions == (session,)
    assert store.users.endings() > before
    assert store.users.sessions_alive([session.id]) == set()
    assert store.users.begin_session(ann.id, Session(), password_hash="hash", keep=9) is None
    store.users.change_account(ann.id, AccountChange(deactivated_at=None))
    assert store.users.begin_session(ann.id, Session(), password_hash="hash", keep=9) == []


def test_a_change_of_an_account_leaves_the_rest_as_it_is(store: Store) -> None:
    ann = add_user(store, "Ann")
    store.users.change_account(ann.id, AccountChange(admin=True, verified=False))
    store.users.change_account(ann.id, AccountChange(password_hash="new"))
    found = store.users.find(ann.id)
    assert found
    assert (found.admin, found.verified, found.password_hash, found.email) == (True, False, "new", ann.email)
    assert store.users.change_account("a" * 24, AccountChange(admin=True)) is None


def test_entries_of_the_audit_log_stay_as_they_are(store: Store) -> None:
    entries = [
        Entry(actor="Ann", actor_id="a" * 24, action="password_set", user_id="b" * 24),
        Entry(actor="root", action="log_exported", reason="why", details="what", failed="no"),
    ]
    for entry in entries:
        store.audit.add(entry)
    assert store.audit.page(None, 5) == entries[::-1]
    assert store.audit.page(entries[1].id, 5) == entries[:1]


def test_sqlite_itself_refuses_to_change_the_audit_log(tmp_path: Path) -> None:
    with closing(open_store(None, tmp_path)) as store:
        store.audit.add(Entry(actor="root", action="log_exported"))
    with closing(sqlite3.connect(tmp_path / "chat.db")) as db:
        for change in ("DELETE FROM audit", "UPDATE audit SET actor = 'other'"):
            with pytest.raises(sqlite3.IntegrityError, match="only grows"):
                db.execute(change)
