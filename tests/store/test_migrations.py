"""A database that an earlier release wrote is brought up to date when it is opened."""

import shutil
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId, json_util
from pymongo import MongoClient

from chat.errors import DatabaseTooNewError
from chat.models.conversation import Direct, Room, direct
from chat.models.message import Draft, Message
from chat.models.values import iso
from chat.store import Store, open_store
from chat.store.mongo import migrations as mongo_migrations
from chat.store.sqlite import migrations as sqlite_migrations

FIXTURES = Path(__file__).parent.parent / "fixtures"
ANN, BOB, CARL = ("65a0000000000000000000a1", "65a0000000000000000000b0", "65a0000000000000000000c1")
ROOM, EMPTY_ROOM = "65a0000000000000000000e1", "65a0000000000000000000e2"
PAIR = direct(ANN, BOB)


@pytest.fixture(params=["sqlite", "mongo"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str | None, Path]:
    """The arguments of `open_store` for a database of release 1.0."""
    if request.param == "sqlite":
        shutil.copy(FIXTURES / "v1.0.sqlite", tmp_path / "chat.db")
        return None, tmp_path
    url = f"{request.getfixturevalue('mongo')}/chat_{uuid.uuid4().hex}"
    with MongoClient[dict[str, Any]](url) as client:
        for name, documents in json_util.loads((FIXTURES / "v1.0.mongo.json").read_text()).items():
            client.get_default_database()[name].insert_many(documents)
    return url, tmp_path


@pytest.fixture
def store(place: tuple[str | None, Path]) -> Iterator[Store]:
    with closing(open_store(*place)) as store:
        yield store


def _page(store: Store, conversation: Direct | Room) -> list[Message]:
    return [
        message for message in store.messages.page(conversation, None, 100).messages if isinstance(message, Message)
    ]


def test_users_keep_their_fields_sessions_and_blocks(store: Store) -> None:
    ann, bob, carl = (store.users.find(id) for id in (ANN, BOB, CARL))
    assert ann
    assert bob
    assert carl
    assert (ann.email, ann.full_name, ann.profile_pic) == ("ann@example.org", "Ann", "/uploads/ann.png")
    assert ann.password_hash == f"$2b$10${'Ann':.>53}"
    assert iso(ann.created_at) == "2026-01-02T03:04:05.678Z"
    assert [session.user_agent for session in ann.sessions] == ["Firefox/0", "Firefox/1", "Firefox/2"]
    assert bob.last_seen
    assert iso(bob.last_seen) == "2026-01-02T03:10:05.678Z"
    assert (ann.blocked, carl.blocked) == (frozenset(), frozenset({BOB}))


def test_messages_keep_their_numbers_and_content(store: Store) -> None:
    hello, answer, picture, mistake, last = _page(store, PAIR)
    assert [(m.seq, m.rev) for m in (hello, answer, picture, mistake, last)] == [(1, 6), (2, 7), (3, 3), (4, 8), (5, 5)]
    assert (hello.text, hello.client_id, hello.fingerprint) == ("Hello, Bob", "hello-1", "f" * 64)
    assert hello.edited_at
    assert iso(hello.edited_at) == "2026-01-02T04:04:05.678Z"
    assert (answer.text, answer.reply_to) == ("Grüße, Ann 👋", hello.id)
    assert answer.reactions == {"👍": [ANN, BOB], "❤️": [ANN]}
    assert (picture.text, picture.image) == (None, "/uploads/cat.png")
    assert (mistake.text, mistake.reactions) == (None, {})
    assert mistake.deleted_at
    assert (last.text, last.receiver_id) == ("last words", ANN)


def test_rooms_keep_their_members_cursors_and_notices(store: Store) -> None:
    room = store.conversations.find(ROOM)
    assert isinstance(room, Room)
    assert (room.name, room.public, room.owner_id, room.members) == ("Kitchen", True, BOB, (BOB, ANN, CARL))
    assert room.read_cursors() == {BOB: 0, ANN: 0, CARL: 2}
    assert [(m.text, m.system, m.user_id) for m in _page(store, room)] == [
        (None, "joined", CARL),
        ("Who makes the coffee?", None, None),
        ("I did", None, None),
    ]


def test_summaries_are_those_of_before(store: Store) -> None:
    conversations = store.conversations.of_member(ANN)
    summaries = store.conversations.summarize(ANN, conversations)
    told = {
        id: (summary.rev, summary.unread, summary.last_message and summary.last_message.text)
        for id, summary in summaries.items()
    }
    assert told == {
        PAIR.id: (8, 1, "last words"),
        direct(ANN, ANN).id: (1, 0, "a note to myself"),
        ROOM: (4, 1, "I did"),
        EMPTY_ROOM: (0, 0, None),
    }


def test_the_next_number_follows_the_highest_that_was_given(store: Store) -> None:
    draft = Draft(conversation=PAIR.id, sender_id=ANN, receiver_id=BOB, text="new")
    assert store.messages.append(draft).message.seq == 9
    revision = store.messages.revise(_page(store, PAIR)[0].id, lambda message: message.edited("Hi"), author=ANN)
    assert revision
    assert revision.message.rev == 10
    notice = Draft(conversation=EMPTY_ROOM, sender_id=ANN, text="first")
    assert store.messages.append(notice).message.seq == 1


def test_a_client_id_of_before_is_still_known(store: Store) -> None:
    again = Draft(conversation=PAIR.id, sender_id=ANN, receiver_id=BOB, text="Hello Bob", client_id="hello-1")
    appended = store.messages.append(again)
    assert (appended.new, appended.message.seq) == (False, 1)


def test_what_was_written_before_can_be_found(store: Store) -> None:
    assert [message.seq for message in store.messages.search(BOB, ["coffee", "makes"], None, 10)] == [2]
    assert [message.text for message in store.messages.search(BOB, ["gruße"], None, 10)] == []
    assert [message.text for message in store.messages.search(BOB, ["grusse"], None, 10)] == ["Grüße, Ann 👋"]
    assert store.messages.search(BOB, ["mistake"], None, 10) == []


def test_opening_it_again_changes_nothing(place: tuple[str | None, Path]) -> None:
    with closing(open_store(*place)) as store:
        before = store.messages.changes_since(PAIR.id, 0, 100)
    with closing(open_store(*place)) as store:
        assert store.messages.changes_since(PAIR.id, 0, 100) == before


def test_an_sqlite_file_is_backed_up_first(tmp_path: Path) -> None:
    shutil.copy(FIXTURES / "v1.0.sqlite", tmp_path / "chat.db")
    open_store(None, tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "chat.db.backup-v1")) as backup:
        assert backup.execute("SELECT count(*) FROM messages").fetchone() == (9,)
        assert backup.execute("PRAGMA user_version").fetchone() == (0,)


def test_a_new_sqlite_file_is_not_backed_up(tmp_path: Path) -> None:
    open_store(None, tmp_path).close()
    assert [path.name for path in tmp_path.iterdir()] == ["chat.db"]


def test_a_migration_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(FIXTURES / "v1.0.sqlite", tmp_path / "chat.db")

    def fail(_db: object) -> None:
        raise RuntimeError("the step fails")

    monkeypatch.setattr(sqlite_migrations, "STEPS", (*sqlite_migrations.STEPS, fail))
    with pytest.raises(RuntimeError):
        open_store(None, tmp_path)
    with closing(sqlite3.connect(tmp_path / "chat.db")) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (0,)
        assert "rev" not in [row[1] for row in db.execute("PRAGMA table_info(conversations)")]


@pytest.mark.parametrize("module", [sqlite_migrations, mongo_migrations])
def test_a_database_of_a_newer_version_is_refused_by_name(
    module: Any, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    mongo = module is mongo_migrations
    place = f"{request.getfixturevalue('mongo')}/chat_{uuid.uuid4().hex}" if mongo else None, tmp_path
    with monkeypatch.context() as newer:
        newer.setattr(module, "STEPS", (*module.STEPS, lambda _db: None))
        open_store(*place).close()
    known = len(module.STEPS)
    with pytest.raises(DatabaseTooNewError, match=rf"written by a newer version \({known + 1}\); this is {known}"):
        open_store(*place)


@pytest.mark.parametrize("place", ["mongo"], indirect=True)
def test_a_migration_of_mongodb_goes_on_where_it_was_cut_off(place: tuple[str, Path]) -> None:
    url, _ = place
    with closing(open_store(*place)), MongoClient[dict[str, Any]](url) as client:
        database = client.get_default_database()
        database.conversations.update_one({"_id": PAIR.id}, {"$unset": {"rev": "", "last": ""}})
        database.meta.update_one({"_id": "schema"}, {"$set": {"version": 1}})
    with closing(open_store(*place)) as store:
        assert store.conversations.summarize(ANN, [PAIR])[PAIR.id].rev == 8


def test_notices_lose_the_names_of_users(place: tuple[str | None, Path]) -> None:
    url, folder = place
    notices = [("joined", "Ann joined"), ("renamed", "Ann named the room Garden")]
    if url is None:
        with closing(sqlite3.connect(folder / "chat.db", isolation_level=None)) as db:
            for number, (kind, text) in enumerate(notices, 101):
                db.execute(
                    """INSERT INTO messages (id, conversation, seq, rev, sender_id, text, system, reactions, created_at,
                    updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, '{}', 0, 0)""",
                    [f"{number:024x}", ROOM, number, number, ANN, text, kind],
                )
    else:
        with MongoClient[dict[str, Any]](url) as client:
            for number, (kind, text) in enumerate(notices, 101):
                place_ = {"conversation": ROOM, "seq": number, "rev": number, "senderId": ObjectId(ANN)}
                times = {"createdAt": datetime(2024, 1, 1, tzinfo=UTC), "updatedAt": datetime(2024, 1, 1, tzinfo=UTC)}
                client.get_default_database().messages.insert_one({**place_, **times, "text": text, "system": kind})
    with closing(open_store(*place)) as store:
        room = store.conversations.find(ROOM)
        assert isinstance(room, Room)
        assert [(m.system, m.text) for m in _page(store, room)[-2:]] == [("joined", None), ("renamed", "Garden")]
        assert [m.system for m in store.messages.search(ANN, ["ann"], None, 10) if m.system] == []
