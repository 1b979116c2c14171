"""Rate limits: how often a user, an account or an address may do something.

The limits that guard passwords are shared by all processes through Redis, if there is one. The others keep this process
from being flooded, so they count only here, and no message waits for Redis.
"""

import hashlib
import logging
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TypeVar

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from chat.config import Config
from chat.errors import RateLimitedError
from chat.lib import logs
from chat.lib.windows import LocalWindow, RedisWindow, Window
from chat.rates import Rate

log = logging.getLogger(__name__)
T = TypeVar("T")
Count = tuple[str, str]  # the name of a rate, and whom it counts

SHARED = {"wrong_logins", "wrong_logins_from", "wrong_logins_daily", "wrong_logins_daily_from", "logins", "signups"}
REDIS_TIMEOUT = 1.0  # seconds
REDIS_PAUSE = 10.0  # seconds without asking a Redis that did not answer: logins should not wait for it again and again


class Limits:
    """What was done recently, and by whom; each rate is a field of `chat.rates.Rates`."""

    def __init__(self, config: Config) -> None:
        self._on = config.rate_limits
        rates = {name: Rate.parse(rate) for name, rate in asdict(config.rates).items()}
        self._local = {name: LocalWindow(rate) for name, rate in rates.items()}
        self._shared: dict[str, RedisWindow] = {}
        if config.redis_url:
            redis = Redis.from_url(
                config.redis_url,
                socket_timeout=REDIS_TIMEOUT,
                socket_connect_timeout=REDIS_TIMEOUT,
                retry=Retry(NoBackoff(), 0),
            )
            self._shared = {name: RedisWindow(redis, name, rates[name]) for name in SHARED}
        self._redis_after = 0.0

    def hit(self, rate: str, who: str) -> None:
        """Count one more. Raises `RateLimitedError`, with the seconds to wait, if that is too many."""
        self.reserve((rate, who))

    def reserve(self, *counts: Count) -> "Reservation":
        """Count one more of each. Raises `RateLimitedError`, and counts none, if that is too many of any."""
        reservation: Reservation = Reservation(self)
        for rate, who in counts if self._on else ():
            found = self._take(rate, key := _key(who))
            if not isinstance(found, str):
                reservation.take_back()
                raise _refusal(rate, found)
            reservation.taken.append((rate, key, found))
        return reservation

    @contextmanager
    def reserving(self, rate: str, who: str) -> Iterator[None]:
        """Count one more, as `hit` does, unless what is done meanwhile fails."""
        reservation = self.reserve((rate, who))
        try:
            yield
        except BaseException:
            reservation.take_back()
            raise

    def test(self, *counts: Count) -> None:
        """Raise as `reserve` would, with the longest of the times to wait, and count nothing."""
        waits = [(self._wait(*count), count[0]) for count in counts if self._on]
        wait, rate = max(waits, default=(0.0, ""))
        if wait:
            raise _refusal(rate, wait)

    def clear(self, rate: str, who: str) -> None:
        """Forget what was counted."""
        key = _key(who)
        self._ask(rate, lambda window: window.clear(key))

    def _take(self, rate: str, key: str) -> str | float:
        return self._ask(rate, lambda window: window.take(key))

    def _wait(self, rate: str, who: str) -> float:
        key = _key(who)
        return self._ask(rate, lambda window: window.wait(key))

    def give_back(self, rate: str, key: str, taken: str) -> None:
        """Undo what a `Reservation` has counted."""
        self._ask(rate, lambda window: window.give_back(key, taken))

    def _ask(self, rate: str, question: Callable[[Window], T]) -> T:
        if rate in self._shared and time.monotonic() >= self._redis_after:
            try:
                return question(self._shared[rate])
            except RedisError as error:
                self._redis_after = time.monotonic() + REDIS_PAUSE
                log.warning("Redis can't be reached, so each process counts by itself: %s", error)
        return question(self._local[rate])


class Reservation:
    """What `Limits.reserve` has counted."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.taken: list[tuple[str, str, str]] = []  # rate, key, and what the window calls it

    def take_back(self, *rates: str) -> None:
        """Count it no longer: what was counted under these rates, or all of it."""
        for taken in self.taken:
            if not rates or taken[0] in rates:
                self._limits.give_back(*taken)


def _refusal(rate: str, wait: float) -> RateLimitedError:
    seconds = max(1, math.ceil(wait))
    if rate in SHARED:
        logs.security("too_often", what=rate)
    return RateLimitedError(f"too many requests: try again in {seconds} seconds", retry_after=seconds)


def _key(who: str) -> str:
    """Under what someone is counted: of the same length for everyone, and no one's email or address."""
    return hashlib.blake2b(who.encode(), digest_size=16).hexdigest()
