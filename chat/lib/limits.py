"""Rate limits: how often a user, an account or an address may do something.

The limits that guard passwords are shared by all processes through Redis, if there is one. The others keep this process
from being flooded, so they count only here, and no message waits for Redis.
"""

import logging
import math
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import MovingWindowRateLimiter
from redis.exceptions import RedisError

from chat.config import Config
from chat.errors import RateLimitedError
from chat.lib import logs

log = logging.getLogger(__name__)
T = TypeVar("T")

SHARED = {"wrong_logins", "wrong_logins_from", "signups"}
REDIS_TIMEOUT = 1.0  # seconds
REDIS_PAUSE = 10.0  # seconds without asking a Redis that did not answer: logins should not wait for it again and again


class Limits:
    """What was done recently, and by whom; each ``rate`` is a field of `chat.config.Rates`."""

    def __init__(self, config: Config) -> None:
        self._on = config.rate_limits
        self._rates = {name: parse(rate) for name, rate in asdict(config.rates).items()}
        self._local = self._shared = MovingWindowRateLimiter(MemoryStorage())
        if config.redis_url:
            options: dict[str, Any] = {
                "socket_timeout": REDIS_TIMEOUT,
                "socket_connect_timeout": REDIS_TIMEOUT,
                "retry": None,
            }
            self._shared = MovingWindowRateLimiter(storage_from_string(config.redis_url, **options))
        self._redis_after = 0.0

    def hit(self, rate: str, who: str) -> None:
        """Count one more. Raises `RateLimitedError`, with the seconds to wait, if that is too many."""
        if self._on and not self._ask(rate, lambda limiter, item: limiter.hit(item, rate, who)):
            self._refuse(rate, who)

    def test(self, rate: str, who: str) -> None:
        """Raise as `hit` would, and count nothing."""
        if self._on and not self._ask(rate, lambda limiter, item: limiter.test(item, rate, who)):
            self._refuse(rate, who)

    def clear(self, rate: str, who: str) -> None:
        """Forget what was counted."""
        self._ask(rate, lambda limiter, item: limiter.clear(item, rate, who))

    def _refuse(self, rate: str, who: str) -> None:
        stats = self._ask(rate, lambda limiter, item: limiter.get_window_stats(item, rate, who))
        seconds = max(1, math.ceil(stats.reset_time - time.time()))
        if rate in SHARED:
            logs.security("too_often", what=rate)
        raise RateLimitedError(f"too many requests: try again in {seconds} seconds", retry_after=seconds)

    def _ask(self, rate: str, question: Callable[[MovingWindowRateLimiter, RateLimitItem], T]) -> T:
        item = self._rates[rate]
        if rate in SHARED and time.monotonic() >= self._redis_after:
            try:
                return question(self._shared, item)
            except RedisError as error:
                self._redis_after = time.monotonic() + REDIS_PAUSE
                log.warning("Redis can't be reached, so each process counts by itself: %s", error)
        return question(self._local, item)
