"""What a process knows of the users of others, with a real Redis, step by step: no beat runs by itself."""

import time
from collections.abc import Iterator

import pytest
from redis import Redis

from chat.realtime import remote
from chat.realtime.bus import Bus
from chat.realtime.remote import RemoteUsers
from tests.services import RedisServer

HOUR = 3600.0


class Process:
    """The part of a process that knows who is online; ``changes`` are the users whom it would announce."""

    def __init__(self, redis: RedisServer, *users: str) -> None:
        self.here = set(users)
        self.changes: list[str] = []
        self.bus = Bus(redis.url)
        self.users = RemoteUsers(self.bus, lambda: self.here, self.changes.append)

    def beat(self) -> None:
        assert self.bus.redis is not None
        self.users.refresh(self.bus.redis)


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture
def database(redis: RedisServer) -> Iterator[Redis]:
    """The Redis of the processes, empty."""
    with Redis.from_url(redis.url) as client:
        client.flushall()
        yield client


@pytest.fixture
def pair(redis: RedisServer, database: Redis, monkeypatch: pytest.MonkeyPatch) -> tuple[Process, Process]:
    """Two processes that have seen each other: Ann is connected to the first, Bob to the second. What the first publishes
    reaches the second at once."""
    one, other = Process(redis, "ann"), Process(redis, "bob")
    monkeypatch.setattr(one.bus, "send", lambda channel, message: other.bus._receive(message))
    for process in (one, other, one):
        process.beat()
    assert (one.users.ids(), other.users.ids()) == ({"bob"}, {"ann"})
    return one, other


def _let_time_pass(database: Redis, process: Process) -> None:
    """As if the process had not reported for as long as it counts as alive."""
    database.zadd("chat:processes", {process.bus.process: database.time()[0] - 1})
    database.delete(f"chat:online:{process.bus.process}")


@pytest.mark.parametrize("jump", [-HOUR, HOUR], ids=["behind", "ahead"])
def test_processes_see_each_other_although_their_clocks_differ(
    pair: tuple[Process, Process], monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    one, other = pair
    real = time.time
    for _ in range(3):
        monkeypatch.setattr(time, "time", lambda: real() + jump)
        one.beat()
        monkeypatch.setattr(time, "time", real)
        other.beat()
        assert (one.users.ids(), other.users.ids()) == ({"bob"}, {"ann"})


@pytest.mark.parametrize("jump", [-HOUR, HOUR], ids=["behind", "ahead"])
def test_a_dead_process_is_noticed_whatever_its_clock_said(
    pair: tuple[Process, Process], database: Redis, monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    one, other = pair
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + jump)
    one.beat()
    monkeypatch.setattr(time, "time", real)
    alive_until = database.zscore("chat:processes", one.bus.process)
    assert alive_until is not None
    assert 0 < alive_until - database.time()[0] <= remote.ALIVE_SECONDS
    _let_time_pass(database, one)
    other.beat()
    assert other.users.ids() == set()


def test_a_process_that_was_stopped_for_long_is_right_again_with_its_first_report(
    pair: tuple[Process, Process], database: Redis
) -> None:
    one, other = pair
    _let_time_pass(database, one)
    other.beat()
    assert other.users.ids() == set()
    one.here = {"ann", "carl"}
    one.beat()
    assert other.users.ids() == {"ann", "carl"}
    assert sorted(other.changes) == ["ann", "carl"]


def test_a_process_that_was_stopped_briefly_has_nothing_to_tell(pair: tuple[Process, Process]) -> None:
    one, other = pair
    one.beat()
    other.beat()
    assert other.users.ids() == {"ann"}
    assert other.changes == []


@pytest.mark.parametrize("lost", ["all", "leases"])
def test_others_keep_their_users_while_redis_knows_too_little(
    pair: tuple[Process, Process], database: Redis, lost: str
) -> None:
    one, other = pair
    if lost == "all":
        database.flushall()
    else:  # Redis hung: all leases have run out, and this process noticed
        for process in pair:
            _let_time_pass(database, process)
        other.users._distrust()
    for process in (other, one, other):
        process.beat()
        assert (one.users.ids(), other.users.ids()) == ({"bob"}, {"ann"})
    assert other.changes == []
