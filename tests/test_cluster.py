"""Two processes that are one chat, through Redis."""

import contextlib
import time
import uuid
from collections.abc import Iterator

import pytest
from redis import Redis

from tests.clients.http import Person
from tests.clients.sockets import Socket, wait_until
from tests.services import ChatServer, RedisServer


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@contextlib.contextmanager
def _two_processes(redis: RedisServer, mongo: str) -> Iterator[list[ChatServer]]:
    """Two of them, on one database and with one secret."""
    shared = {"REDIS_URL": redis.url, "MONGO_URL": f"{mongo}/cluster_{uuid.uuid4().hex}", "JWT_SECRET": "s" * 40}
    with ChatServer("gunicorn", **shared) as first, ChatServer("gunicorn", **shared) as second:
        yield [first, second]


@pytest.fixture
def processes(redis: RedisServer, mongo: str) -> Iterator[list[ChatServer]]:
    """Two processes of a test's own, of which it can stop one, or their Redis."""
    with _two_processes(redis, mongo) as processes:
        yield processes


@pytest.fixture(scope="module", params=[pytest.param(None, id="shared", marks=pytest.mark.xdist_group("cluster"))])
def shared_processes(mongo: str) -> Iterator[list[ChatServer]]:
    """Two processes for all tests that stop nothing."""
    with RedisServer() as redis, _two_processes(redis, mongo) as processes:
        yield processes


def _sees(socket: Socket, *people: Person) -> None:
    wait_until(lambda: set((socket.all("getOnlineUsers") or [[]])[-1]) == {person.id for person in people})


def test_messages_and_new_names_reach_people_on_the_other_process(shared_processes: list[ChatServer]) -> None:
    first, second = shared_processes
    ann = first.site.sign_up("Ann")
    bob = second.site.sign_up("Bob")
    with (
        Socket(second.url, token=bob.token) as bobs,
        Socket(second.url, token=ann.token) as anns,
    ):
        message = ann.send(bob, "hello")
        assert bobs.wait_for("newMessage") == anns.wait_for("newMessage") == message
        assert len(bobs.all("newMessage")) == 1
        ann.call("PUT", "/api/auth/update-profile", {"fullName": "Anna"})
        bobs.wait_for("listsChanged", lambda event: event["users"][0]["fullName"] == "Anna")


def test_people_on_both_processes_see_each_other_online_until_the_last_tab_closes(
    shared_processes: list[ChatServer],
) -> None:
    first, second = shared_processes
    ann = first.site.sign_up("Ann")
    bob = second.site.sign_up("Bob")
    with (
        Socket(first.url, token=ann.token) as anns,
    ):
        there, here = Socket(second.url, token=bob.token), Socket(first.url, token=bob.token)
        _sees(anns, ann, bob)
        _sees(there, ann, bob)
        here.close()
        assert bob.id in anns.all("getOnlineUsers")[-1]
        there.close()
        _sees(anns, ann)


def test_logout_closes_the_sockets_of_that_session_on_every_process(shared_processes: list[ChatServer]) -> None:
    first, second = shared_processes
    ann = first.site.sign_up("Ann")
    with Socket(second.url, token=ann.token) as there:
        there.wait_for("getOnlineUsers")
        ann.ask("POST", "/api/auth/logout")
        there.wait_for("sessionRevoked")
        wait_until(lambda: not there.connected)


def test_a_blocked_user_is_hidden_on_every_process(shared_processes: list[ChatServer]) -> None:
    first, second = shared_processes
    ann = first.site.sign_up("Ann")
    bob = second.site.sign_up("Bob")
    with (
        Socket(second.url, token=bob.token),
        Socket(second.url, token=ann.token) as anns,
    ):
        _sees(anns, ann, bob)
        ann.call("POST", f"/api/messages/block/{bob.id}")
        _sees(anns, ann)


def test_people_of_a_process_that_was_killed_go_offline(processes: list[ChatServer], redis: RedisServer) -> None:
    first, second = processes
    ann = first.site.sign_up("Ann")
    bob = second.site.sign_up("Bob")
    with (
        Socket(first.url, token=ann.token) as anns,
        Socket(second.url, token=bob.token),
    ):
        _sees(anns, ann, bob)
        second.kill()
        with Redis.from_url(redis.url) as database:
            # As if the time had passed for which a silent process counts as alive.
            for name in database.zrange("chat:processes", 0, -1):
                database.zadd("chat:processes", {name: 1})
            for key in database.keys("chat:online:*"):
                database.delete(key)
        wait_until(lambda: anns.all("getOnlineUsers")[-1] == [ann.id], seconds=12)


def test_a_redis_that_hangs_blocks_no_request(processes: list[ChatServer], redis: RedisServer) -> None:
    first, second = processes
    ann = first.site.sign_up("Ann")
    with (
        Socket(first.url, token=ann.token) as anns,
        Socket(second.url, token=ann.token) as there,
    ):
        there.wait_for("getOnlineUsers")
        redis.pause()
        begun = time.monotonic()
        assert ann.ask("POST", f"/api/messages/send/{ann.id}", {"text": "by HTTP"}).status_code == 201
        assert anns.ask("send_message", {"to": ann.id, "text": "by socket"})["ok"]
        with Socket(first.url, token=ann.token) as another:
            another.wait_for("getOnlineUsers")
        assert first.get("/readyz") == 503
        assert time.monotonic() - begun < 5
        assert anns.wait_for("newMessage")["text"] == "by HTTP"
        redis.resume()
        there.wait_for("newMessage", lambda message: message["text"] == "by socket")


def test_without_redis_messages_are_stored_and_reach_sockets_of_the_same_process(
    processes: list[ChatServer], redis: RedisServer
) -> None:
    first, _ = processes
    ann = first.site.sign_up("Ann")
    with Socket(first.url, token=ann.token) as anns:
        anns.wait_for("getOnlineUsers")
        assert first.get("/readyz") == 200
        redis.kill()
        assert first.get("/readyz") == 503
        assert ann.ask("POST", f"/api/messages/send/{ann.id}", {"text": "hello"}).status_code == 201
        assert anns.wait_for("newMessage")["text"] == "hello"
        redis.start()
        wait_until(lambda: first.get("/readyz") == 200)
