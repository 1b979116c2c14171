"""How often MongoDB is asked: each command is a round trip, and a thread that waits."""

import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pytest
from pymongo import MongoClient
from pymongo.monitoring import CommandListener, CommandStartedEvent

from chat import create_app
from chat.config import Config
from chat.models.conversation import Room, direct
from chat.models.message import Draft
from chat.models.user import User
from chat.store.mongo import MongoStore, connection, writing
from tests.clients.wsgi import in_process
from tests.store.conftest import add_user


class Commands(CommandListener):
    """The names of the commands that a store has sent."""

    def __init__(self) -> None:
        self._names: list[str] = []

    def started(self, event: CommandStartedEvent) -> None:
        self._names.append(event.command_name)

    def succeeded(self, event: object) -> None: ...

    def failed(self, event: object) -> None: ...

    @contextmanager
    def during(self) -> Iterator[list[str]]:
        """The commands that are sent inside."""
        self._names.clear()
        sent: list[str] = []
        yield sent
        sent += self._names


@pytest.fixture
def commands() -> Commands:
    return Commands()


@pytest.fixture
def store(mongo: str, commands: Commands, monkeypatch: pytest.MonkeyPatch) -> Iterator[MongoStore]:
    monkeypatch.setattr(connection, "MongoClient", partial(MongoClient, event_listeners=[commands]))
    with closing(MongoStore(f"{mongo}/chat_{uuid.uuid4().hex}")) as store:
        yield store


@pytest.fixture
def people(store: MongoStore) -> list[User]:
    return [add_user(store, name) for name in ("Ann", "Bob")]


def _direct(people: list[User], client_id: str | None = None) -> Draft:
    ann, bob = people[0].id, people[1].id
    return Draft(conversation=direct(ann, bob).id, sender_id=ann, receiver_id=bob, text="text", client_id=client_id)


def test_a_direct_message_is_one_comparison_and_one_insert(
    store: MongoStore, people: list[User], commands: Commands
) -> None:
    store.messages.append(_direct(people))
    with commands.during() as sent:
        store.messages.append(_direct(people))
    assert sent == ["update", "insert"]


def test_a_client_id_costs_one_query(store: MongoStore, people: list[User], commands: Commands) -> None:
    store.messages.append(_direct(people))
    with commands.during() as sent:
        store.messages.append(_direct(people, client_id="one"))
    assert sent == ["find", "update", "insert"]


def test_a_message_to_a_room_reads_no_users(store: MongoStore, people: list[User], commands: Commands) -> None:
    room = Room(name="Room", public=True, owner_id=people[0].id, members=tuple(user.id for user in people))
    store.conversations.add_room(room)
    draft = Draft(conversation=room.id, sender_id=people[0].id, text="text")
    store.messages.append(draft)
    with commands.during() as sent:
        store.messages.append(Draft(conversation=room.id, sender_id=people[0].id, text="text"))
    assert sent == ["update", "insert", "find"]  # the last: whether the room was removed meanwhile


def test_a_send_over_http_asks_no_more_than_its_message_does(
    mongo: str, tmp_path: Path, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "MongoClient", partial(MongoClient, event_listeners=[commands]))
    database = f"{mongo}/chat_{uuid.uuid4().hex}"
    app = create_app(Config(jwt_secret="x" * 48, data_dir=tmp_path, mongo_url=database, bcrypt_cost=4))
    with closing(app.extensions["chat"].store):
        site = in_process(app)
        ann, bob = site.sign_up("Ann"), site.sign_up("Bob")
        ann.send(bob, "hello")
        with commands.during() as sent:
            ann.send(bob, "hello")
    assert sent == ["update", "insert"]


def test_who_may_write_is_read_again_after_a_while(
    store: MongoStore, people: list[User], commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "CLEARED_SECONDS", 0.0)
    store.messages.append(_direct(people))
    with commands.during() as sent:
        store.messages.append(_direct(people))
    assert sent == ["find", "update", "insert"]
