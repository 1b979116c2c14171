"""Several processes of one chat, joined by Redis: what crosses, and what happens when Redis is away."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import redis as redis_client

from tests.clients.sockets import Socket, wait_until
from tests.realtime.conftest import Server
from tests.realtime.raw import WebSocket
from tests.services import RedisServer

Connect = Callable[..., Socket]
AWAY_SECONDS = 5.0


@pytest.fixture
def redis() -> Any:
    with RedisServer() as server:
        yield server


@pytest.fixture
def pair(redis: RedisServer, start: Callable[..., Server]) -> tuple[Server, Server]:
    """Two processes of one chat."""
    return start("eventlet", REDIS_URL=redis.url), start("threads", REDIS_URL=redis.url)


def _hears(server: Server, socket: Socket, text: str) -> None:
    """Wait until an event that a server emits reaches a socket of user "ann"."""

    def arrived() -> bool:
        server.post("/emit/ann", {"text": text})
        return any(typing["conversation"] == text for typing in socket.all("typing"))

    wait_until(arrived, seconds=15)


def test_events_presence_and_ended_logins_cross(pair: tuple[Server, Server], connect: Connect) -> None:
    one, other = pair
    ann, bob = connect(one, "ann.s1"), connect(other, "bob.s2", auth={"presence": "diff"})
    _hears(other, ann, "hello")
    ann.wait_for("getOnlineUsers", lambda online: set(online) == {"ann", "bob"})
    other.post("/hide/ann", ["bob"])
    wait_until(lambda: ann.all("getOnlineUsers")[-1] == ["ann"])
    other.post("/end/s1")
    ann.wait_for("sessionRevoked")
    bob.wait_for("presence", lambda change: change["offline"] == ["ann"])


def test_what_a_process_does_not_understand_is_skipped(
    redis: RedisServer, pair: tuple[Server, Server], connect: Connect
) -> None:
    one, other = pair
    ann = connect(one, "ann.s1")
    _hears(other, ann, "before")
    with redis_client.Redis.from_url(redis.url) as client:
        for message in (
            "",
            "not JSON",
            "[]",
            '{"sender":"x","topic":"OfTheFuture","body":{"a":1}}',
            '{"sender":"x","topic":"SessionEnded","body":{}}',
            '{"sender":"x","topic":"SessionEnded","body":{"session_id":"unknown","more":1},"more":1}',
            '{"method":"emit"}',
            '{"method":"unknown"}',
        ):
            client.publish("chat:0:topics", message)
            client.publish("chat:0:events", message)
    other.post("/end/s1")
    ann.wait_for("sessionRevoked")


def test_deployments_on_other_databases_of_one_redis_hear_nothing(
    redis: RedisServer, start: Callable[..., Server], connect: Connect
) -> None:
    here = start("eventlet", REDIS_URL=redis.url)
    elsewhere = start("eventlet", REDIS_URL=redis.url.replace("/0", "/1"))
    ann = connect(here, "ann.s1")
    connect(elsewhere, "eve.s2")
    elsewhere.post("/emit/ann", {"text": "foreign"})
    elsewhere.post("/end/s1")
    _hears(here, ann, "own")
    time.sleep(1)
    assert ann.connected
    assert not any(typing["conversation"] == "foreign" for typing in ann.all("typing"))
    assert here.state["online"] == ["ann"]


def test_clients_connect_again_after_redis_was_away(
    redis: RedisServer, pair: tuple[Server, Server], connect: Connect
) -> None:
    one, other = pair
    with WebSocket(one) as ann:
        ann.connect("ann.s1")
        redis.kill()
        other.post("/emit/ann", {"text": "lost"})
        one.post("/emit/ann", {"text": "local"})
        assert "local" in ann.receive_until('42["typing"')
        redis.start()
        assert ann.ends()
    _hears(other, connect(one, "ann.s1"), "after")


@pytest.mark.parametrize("how", ["restarted", "hung"])
def test_no_one_goes_offline_while_redis_is_away(
    redis: RedisServer, pair: tuple[Server, Server], connect: Connect, how: str
) -> None:
    one, other = pair
    ann = connect(one, "ann.s1", auth={"presence": "diff"})
    with WebSocket(other) as bob:
        bob.connect("bob.s2")
        wait_until(lambda: one.state["online"] == other.state["online"] == ["ann", "bob"])
        _disturb(redis, how)
        end = time.monotonic() + 6
        while time.monotonic() < end:
            assert one.state["online"] == other.state["online"] == ["ann", "bob"]
            time.sleep(0.2)
        assert not any(change["offline"] for change in ann.all("presence"))


def _disturb(redis: RedisServer, how: str) -> None:
    if how == "restarted":
        redis.kill()
        time.sleep(AWAY_SECONDS)
        redis.start()
    else:
        redis.pause()
        time.sleep(AWAY_SECONDS)
        redis.resume()


def test_the_users_of_a_killed_process_go_offline(pair: tuple[Server, Server], connect: Connect) -> None:
    one, other = pair
    ann = connect(one, "ann.s1")
    connect(other, "bob.s1")
    ann.wait_for("getOnlineUsers", lambda online: "bob" in online)
    other.kill()
    wait_until(lambda: ann.all("getOnlineUsers")[-1] == ["ann"], seconds=30)


def test_the_users_of_a_stopped_process_are_online_again_when_it_goes_on(
    pair: tuple[Server, Server], connect: Connect
) -> None:
    one, other = pair
    ann = connect(one, "ann.s1", auth={"presence": "diff"}, wait=30)
    connect(other, "bob.s1")
    ann.wait_for("presence", lambda change: change["online"] == ["bob"])
    other.pause()
    try:
        ann.wait_for("presence", lambda change: change["offline"] == ["bob"])
    finally:
        other.resume()
    wait_until(lambda: ann.all("presence")[-1]["online"] == ["bob"], seconds=10)
    assert one.state["online"] == ["ann", "bob"]


def test_processes_stay_usable_without_redis(start: Callable[..., Server], connect: Connect) -> None:
    server = start("eventlet", REDIS_URL="redis://127.0.0.1:1/0")
    ann = connect(server, "ann.s1")
    server.post("/emit/ann", {"text": json.dumps({})})
    ann.wait_for("typing")
    server.post("/end/s1")
    ann.wait_for("sessionRevoked")
