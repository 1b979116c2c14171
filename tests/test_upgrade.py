"""A rolling upgrade: a process of release 1.0 and one of this version are one chat, on one MongoDB and one Redis.

``fixtures/v1.0.tar.xz`` is the server of that release as it was published (`chat` without its web client, `wsgi.py` and
`gunicorn.conf.py`): a test must not need the history of the repository.
"""

import tarfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from tests.clients.http import Person
from tests.clients.sockets import wait_until
from tests.services import ROOT, ChatServer, RedisServer


class Release10(ChatServer):
    """A server of release 1.0."""

    def __init__(self, source: Path, **settings: str) -> None:
        super().__init__("gunicorn", **settings)
        self.source = source


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="module")
def servers(mongo: str, redis: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[ChatServer]]:
    """One of release 1.0, which was there first, and one of this version."""
    source = tmp_path_factory.mktemp("release")
    with tarfile.open(ROOT / "tests/fixtures/v1.0.tar.xz") as archive:
        archive.extractall(source, filter="data")
    database = f"{mongo}/upgrade_{uuid.uuid4().hex}"
    shared = {"MONGO_URL": database, "REDIS_URL": redis.url, "JWT_SECRET": "s" * 40}
    with Release10(source, **shared) as old, ChatServer("gunicorn", **shared) as new:
        yield [old, new]


@pytest.fixture(params=["from 1.0", "to 1.0"])
def pair(request: pytest.FixtureRequest, servers: list[ChatServer]) -> tuple[Person, Person]:
    """Ann, who is at one of the two processes, and Bob, who is at the other."""
    here, there = servers if request.param == "from 1.0" else reversed(servers)
    return here.site.sign_up("Ann"), there.site.sign_up("Bob")


def _elsewhere(person: Person, other: Person) -> Person:
    """A person at the process of another."""
    moved = Person(other.site, person.name, person.email, person.password)
    moved.id, moved.token = person.id, person.token
    return moved


def test_messages_and_changes_cross(pair: tuple[Person, Person]) -> None:
    ann, bob = pair
    with bob.socket() as bobs, _elsewhere(ann, bob).socket() as anns_other:
        message = ann.send(bob, "hello")
        for socket in (bobs, anns_other):
            assert socket.wait_for("newMessage")["_id"] == message["_id"]
        edited = ann.call("PUT", f"/api/messages/{message['_id']}", {"text": "hello again"})
        assert bobs.wait_for("messageUpdated")["rev"] == edited["rev"]
        answered = bob.send(ann, "and back")
        assert (answered["seq"], answered["rev"]) == (3, 3)
        assert [found["text"] for found in ann.history(bob)] == ["hello again", "and back"]
        assert len(bobs.all("newMessage")) == 2  # its own one, and Ann's once


def test_presence_crosses(pair: tuple[Person, Person]) -> None:
    ann, bob = pair
    with bob.socket() as bobs:
        with ann.socket() as anns:
            anns.wait_for("getOnlineUsers", lambda online: {ann.id, bob.id} <= set(online))
            bobs.wait_for("getOnlineUsers", lambda online: {ann.id, bob.id} <= set(online))
            bob.call("POST", f"/api/messages/block/{ann.id}")
            wait_until(lambda: ann.id not in bobs.all("getOnlineUsers")[-1])
            bob.call("DELETE", f"/api/messages/block/{ann.id}")
            wait_until(lambda: ann.id in bobs.all("getOnlineUsers")[-1])
        wait_until(lambda: ann.id not in bobs.all("getOnlineUsers")[-1])


def test_the_end_of_a_session_crosses(pair: tuple[Person, Person]) -> None:
    ann, bob = pair
    moved = _elsewhere(ann, bob)
    with moved.socket() as there:
        there.wait_for("getOnlineUsers")
        assert moved.ask("GET", "/api/auth/check").status_code == 200
        ann.ask("POST", "/api/auth/logout")
        there.wait_for("sessionRevoked")
        assert moved.ask("GET", "/api/auth/check").status_code == 401
        wait_until(lambda: not there.connected)


def test_what_either_does_not_know_is_skipped(pair: tuple[Person, Person], redis: RedisServer) -> None:
    ann, bob = pair
    with bob.socket() as bobs, Redis.from_url(redis.url) as client:
        bobs.wait_for("getOnlineUsers")
        old = next(name.decode() for name in client.zrange("chat:processes", 0, -1) if b":" not in name)
        for message in (
            "",
            "[]",
            '{"method":"unknown"}',
            '{"method":"emit","event":"x","room":null,"data":["foreign"]}',
        ):
            client.publish("socketio", message)
        # 1.0 itself stops listening at a topic that it doesn't know, so these come from a process that it takes for itself
        client.publish("chat:cluster", f'{{"from":"{old}","topic":"of the future","value":"x","more":1}}')
        client.publish("chat:cluster", f'{{"from":"{old}","topic":"hidden","value":"not a list"}}')
        sent = ann.send(bob, "still here")
        assert bobs.wait_for("newMessage")["_id"] == sent["_id"]
        with ann.socket():
            bobs.wait_for("getOnlineUsers", lambda online: ann.id in online)
