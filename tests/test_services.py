"""The services that other tests stand on: they start, keep their data, hang when told to, and end."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import redis
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from chat.config import Config
from tests.services import STALL_MS, ChatServer, MongoServer, RedisServer


class _Reader(dict[str, str]):
    """An environment that remembers which variables it was asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(values)
        self.asked: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.asked.add(name)
        return super().get(name, default)


def test_a_database_keeps_its_port_and_its_data_over_a_kill() -> None:
    with MongoServer(durable=True) as server, MongoClient[dict[str, Any]](server.url, timeoutMS=10_000) as client:
        client.db.things.insert_one({"_id": 1})
        server.kill()
        server.start()
        assert client.db.things.find_one() == {"_id": 1}


def test_a_paused_database_hangs_and_goes_on_when_resumed() -> None:
    with MongoServer() as server, MongoClient[dict[str, Any]](server.url, timeoutMS=500) as client:
        client.db.things.insert_one({"_id": 1})
        server.pause()
        with pytest.raises(PyMongoError):
            client.db.things.find_one()
        server.resume()
        with MongoClient[dict[str, Any]](server.url, timeoutMS=10_000) as again:
            assert again.db.things.find_one() == {"_id": 1}


def test_redis_passes_messages_on() -> None:
    with RedisServer() as server, redis.Redis.from_url(server.url) as client, client.pubsub() as listener:
        listener.subscribe("channel")
        listener.get_message(timeout=5)
        client.publish("channel", "hello")
        message = listener.get_message(timeout=5)
        assert message is not None
        assert message["data"] == b"hello"


def test_a_stopped_service_leaves_no_folder() -> None:
    with RedisServer() as server:
        folder = server.folder
        server.stop()
        assert not server.answers()
    assert not folder.exists()


def test_no_setting_of_the_developer_reaches_a_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    reader = _Reader({"DATA_DIR": str(tmp_path)})
    Config.from_env(reader)
    for name in reader.asked:
        monkeypatch.setenv(name, "the developer's")
    server = ChatServer("flask")
    try:
        environment = server.environment()
        own = {
            "DATA_DIR": str(server.folder / "data"),
            "PORT": str(server.port),
            "BCRYPT_COST": "4",
            "STALL_MS": STALL_MS,
        }
        assert {name: environment[name] for name in reader.asked} == {name: own.get(name, "") for name in reader.asked}
        assert environment["PATH"] == os.environ["PATH"]
    finally:
        server.folder.rmdir()
