"""`flask migrate`: numbers what the Express backend wrote, once, whatever happens meanwhile."""

import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId
from pymongo import MongoClient
from pymongo.collection import Collection

from chat.config import Config
from chat.models.conversation import direct
from chat.models.message import Draft, Message
from chat.models.user import User
from chat.store.mongo import MongoStore
from tests.node_runner import node
from tests.services import ROOT

ANN, BOB, CARL = (str(ObjectId()) for _ in range(3))
BETWEEN = direct(ANN, BOB)
START = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture(params=["mongo"])
def config(config: Config) -> Config:
    """Only MongoDB has anything to migrate."""
    return config


@pytest.fixture
def store(config: Config) -> Iterator[MongoStore]:
    store = MongoStore(config.mongo_url or "")
    for name, id in (("Ann", ANN), ("Bob", BOB)):
        store.users.add(User(id=id, email=f"{name}@example.org", full_name=name, password_hash="-"))
    yield store
    store.close()


@pytest.fixture
def messages(config: Config) -> Iterator[Collection[dict[str, Any]]]:
    with MongoClient[dict[str, Any]](config.mongo_url, tz_aware=True) as client:
        yield client.get_default_database().messages


def _write(messages: Collection[dict[str, Any]], *texts: str, start: datetime = START, other: str = BOB) -> None:
    """Write messages as the Express backend does, a second apart, from both sides in turn."""
    for number, text in enumerate(texts):
        sender, receiver = (ANN, other) if number % 2 else (other, ANN)
        time = start + timedelta(seconds=number)
        ids = {"senderId": ObjectId(sender), "receiverId": ObjectId(receiver)}
        messages.insert_one({**ids, "text": text, "createdAt": time, "updatedAt": time, "__v": 0})


def _send(store: MongoStore, text: str) -> Message:
    draft = Draft(conversation=BETWEEN.id, sender_id=ANN, receiver_id=BOB, text=text)
    return store.messages.append(draft).message


def _history(store: MongoStore) -> list[tuple[str | None, int | None]]:
    """The texts of the conversation with the numbers of those that have one."""
    page = store.messages.page(BETWEEN, None, 100)
    return [(message.text, getattr(message, "seq", None)) for message in page.messages]


def test_messages_get_their_numbers_in_the_order_of_their_time(
    store: MongoStore, messages: Collection[dict[str, Any]]
) -> None:
    _write(messages, "one", "two", "three")
    _write(messages, "other", other=CARL)
    assert store.legacy.count_unnumbered() == 4
    assert len(list(store.legacy.number_messages())) == 4
    assert _history(store) == [("one", 1), ("two", 2), ("three", 3)]
    assert [message.text for message in store.messages.changes_since(BETWEEN.id, 0, 10)] == ["one", "two", "three"]


def test_what_was_sent_since_comes_after_them(store: MongoStore, messages: Collection[dict[str, Any]]) -> None:
    _write(messages, "one", "two")
    _send(store, "three")
    list(store.legacy.number_messages())
    _send(store, "four")
    assert _history(store) == [("one", 1), ("two", 2), ("three", 3), ("four", 4)]


def test_running_again_changes_nothing(store: MongoStore, messages: Collection[dict[str, Any]]) -> None:
    _write(messages, "one", "two")
    list(store.legacy.number_messages())
    before = list(messages.find())
    assert list(store.legacy.number_messages()) == []
    assert list(messages.find()) == before


@pytest.mark.parametrize("done", range(1, 5))
def test_it_goes_on_where_it_was_ended_and_history_is_whole_meanwhile(
    store: MongoStore, messages: Collection[dict[str, Any]], done: int
) -> None:
    texts = ["one", "two", "three", "four", "five"]
    _write(messages, *texts)
    list(itertools.islice(store.legacy.number_messages(), done))
    assert [text for text, _ in _history(store)] == texts
    _send(store, "six")
    list(store.legacy.number_messages())
    assert _history(store) == [(text, number) for number, text in enumerate([*texts, "six"], 1)]


def test_what_the_express_backend_wrote_after_our_first_message_comes_last(
    store: MongoStore, messages: Collection[dict[str, Any]]
) -> None:
    _write(messages, "one")
    _send(store, "two")
    _write(messages, "three", start=datetime(2030, 1, 1, tzinfo=UTC))
    list(store.legacy.number_messages())
    assert _history(store) == [("one", 1), ("two", 2), ("three", 3)]


def test_fields_that_are_not_ours_stay(store: MongoStore, messages: Collection[dict[str, Any]]) -> None:
    _write(messages, "one")
    list(store.legacy.number_messages())
    found = messages.find_one()
    assert found is not None
    store.messages.revise(str(found["_id"]), lambda message: message.edited("other"), author=ANN)
    assert (messages.find_one() or {})["__v"] == 0


def test_the_command_tells_what_it_did(config: Config, store: MongoStore) -> None:
    node("express_writes.mjs", "7", MONGO_URL=config.mongo_url or "")
    settings = {**os.environ, "MONGO_URL": config.mongo_url or "", "DATA_DIR": str(config.data_dir)}

    def run(*options: str) -> str:
        command = [sys.executable, "-m", "flask", "migrate", *options]
        return subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, check=True).stdout

    assert "7 messages would get their numbers" in run("--dry-run")
    assert store.legacy.count_unnumbered() == 7
    assert "7 messages have their numbers now" in run()
    assert store.legacy.count_unnumbered() == 0
    assert "nothing to do" in run()
