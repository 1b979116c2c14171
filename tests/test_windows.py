"""Moving windows count the same in memory and in Redis, by a clock that no one sets."""

import itertools
import time
from collections.abc import Callable, Iterator

import pytest
from redis import Redis

from chat.lib import windows
from chat.lib.windows import LocalWindow, RedisWindow, Window
from chat.rates import Rate
from tests.services import RedisServer

MakeWindow = Callable[[Rate], Window]
ONCE = Rate(1, 60)


@pytest.fixture(scope="module")
def redis() -> Iterator[Redis]:
    with RedisServer() as server:
        yield Redis.from_url(server.url)


@pytest.fixture(params=["local", "redis"])
def make(request: pytest.FixtureRequest) -> MakeWindow:
    if request.param == "local":
        return LocalWindow
    numbers, server = itertools.count(), request.getfixturevalue("redis")
    server.flushall()
    return lambda rate: RedisWindow(server, f"rate{next(numbers)}", rate)


def test_an_amount_is_counted_and_then_no_more_until_the_window_has_moved_on(make: MakeWindow) -> None:
    window = make(Rate(2, 60))
    assert [isinstance(window.take("ann"), str) for _ in range(3)] == [True, True, False]
    wait = window.take("ann")
    assert isinstance(wait, float)
    assert 0 < wait <= 60
    assert isinstance(window.take("bob"), str)


def test_looking_does_not_count(make: MakeWindow) -> None:
    window = make(ONCE)
    assert [window.wait("ann") for _ in range(3)] == [0, 0, 0]
    window.take("ann")
    assert 0 < window.wait("ann") <= 60


def test_what_is_given_back_can_be_taken_again(make: MakeWindow) -> None:
    window = make(ONCE)
    taken = window.take("ann")
    assert isinstance(taken, str)
    window.give_back("ann", taken)
    window.give_back("ann", taken)
    window.give_back("bob", "unknown")
    assert [isinstance(window.take("ann"), str) for _ in range(2)] == [True, False]


def test_a_key_that_is_cleared_begins_again(make: MakeWindow) -> None:
    window = make(ONCE)
    window.take("ann")
    window.clear("ann")
    assert window.wait("ann") == 0


def test_the_oldest_leaves_the_window_first() -> None:
    now = 0.0
    window = LocalWindow(Rate(2, 60), clock=lambda: now)
    window.take("ann")
    now = 50.0
    window.take("ann")
    assert window.wait("ann") == 10
    now = 60.0
    assert window.wait("ann") == 0
    window.take("ann")
    assert window.wait("ann") == 50


def test_keys_are_forgotten_when_their_window_is_over() -> None:
    now = 0.0
    window = LocalWindow(ONCE, clock=lambda: now)
    for number in range(1000):
        window.take(f"guess {number}")
    assert len(window) == 1000
    now = 61.0
    window.take("ann")
    assert len(window) == 1


def test_there_is_a_most_of_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "MAX_KEYS", 10)
    window = LocalWindow(ONCE)
    for number in range(100):
        window.take(f"guess {number}")
    assert len(window) == 10
    assert window.wait("guess 99") > 0


@pytest.mark.parametrize("jump", [-3600.0, 3600.0], ids=["back", "ahead"])
def test_a_clock_that_is_set_changes_nothing(make: MakeWindow, monkeypatch: pytest.MonkeyPatch, jump: float) -> None:
    window = make(ONCE)
    window.take("ann")
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + jump)
    assert 0 < window.wait("ann") <= 60
    assert window.wait("bob") == 0


def test_what_redis_counted_before_its_clock_was_set_back_locks_no_one_out(redis: Redis) -> None:
    window = RedisWindow(redis, "set back", ONCE)
    redis.zadd("chat:rate:set back:ann", {"counted": (redis.time()[0] + 3600) * 1000})
    assert isinstance(window.take("ann"), str)
    assert 0 < window.wait("ann") <= 60


def test_redis_forgets_keys_too(redis: Redis) -> None:
    window = RedisWindow(redis, "short", Rate(1, 60))
    window.take("ann")
    assert 0 < redis.pttl("chat:rate:short:ann") <= 60_000


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("10 per 5 minutes", Rate(10, 300)),
        ("1/second", Rate(1, 1)),
        ("100 per day", Rate(100, 86_400)),
        (" 2 PER 1 Hours ", Rate(2, 3600)),
    ],
)
def test_rates_are_read(text: str, rate: Rate) -> None:
    assert Rate.parse(text) == rate


@pytest.mark.parametrize(
    "text", ["", "often", "10", "per minute", "0 per minute", "1 per 0 minutes", "1 per fortnight"]
)
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a rate"):
        Rate.parse(text)
