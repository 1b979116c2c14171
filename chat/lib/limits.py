"""How often, and how many: what keeps one client's flood from being everybody's.

The counts that guard passwords are shared by all processes through Redis, where there is one. The others keep this process
from being flooded, so they are its own, and no message waits for Redis.
"""

import logging
import math
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar, cast

from flask import current_app
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import MovingWindowRateLimiter
from redis.exceptions import RedisError
from werkzeug.local import LocalProxy

from chat.config import Config
from chat.errors import TooManyRequests
from chat.lib import logs

log = logging.getLogger(__name__)
T = TypeVar("T")

SHARED = {"wrong_logins", "wrong_logins_from", "signups"}
REDIS_TIMEOUT = 1.0  # seconds
REDIS_PAUSE = 10.0  # seconds without asking a Redis that did not answer: a login should not wait for it again and again
CROWDED_RETRY = 10  # seconds; when somebody else's connection closes, nobody knows


class Limits:
    """What has been done of late, and by whom; each ``rate`` is a field of `chat.config.Rates`."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._rates = {name: parse(rate) for name, rate in asdict(config.rates).items()}
        self._here = self._shared = MovingWindowRateLimiter(MemoryStorage())
        if config.redis_url:
            options: dict[str, Any] = {
                "socket_timeout": REDIS_TIMEOUT,
                "socket_connect_timeout": REDIS_TIMEOUT,
                "retry": None,
            }
            self._shared = MovingWindowRateLimiter(storage_from_string(config.redis_url, **options))
        self._redis_after = 0.0
        self._lock = threading.Lock()
        self._connections: dict[str, tuple[str, str]] = {}
        self._counts: Counter[str] = Counter()

    def take(self, rate: str, who: str) -> None:
        """Count one more. Raises `TooManyRequests`, with the seconds to wait, where that is too often."""
        if self._config.rate_limits and not self._ask(rate, lambda limiter, item: limiter.hit(item, rate, who)):
            self._refuse(rate, who)

    def check(self, rate: str, who: str) -> None:
        """Raise as `take` would, and count nothing."""
        if self._config.rate_limits and not self._ask(rate, lambda limiter, item: limiter.test(item, rate, who)):
            self._refuse(rate, who)

    def forgive(self, rate: str, who: str) -> None:
        """Forget what has been counted."""
        self._ask(rate, lambda limiter, item: limiter.clear(item, rate, who))

    def enter(self, connection: str, user_id: str, address: str) -> None:
        """Count a socket of a user, from an address. Raises `TooManyRequests` where either has too many."""
        places = f"user {user_id}", f"address {address}"
        most = self._config.max_sockets_per_user, self._config.max_sockets_per_address
        with self._lock:
            full = any(self._counts[place] >= limit for place, limit in zip(places, most, strict=True))
            if full and self._config.rate_limits:
                raise TooManyRequests("too many connections are open already", retry_after=CROWDED_RETRY)
            self._connections[connection] = places
            self._counts.update(places)

    def leave(self, connection: str) -> None:
        """A socket has closed."""
        with self._lock:
            places = self._connections.pop(connection, ())
            self._counts.subtract(places)
            for place in places:
                if not self._counts[place]:
                    del self._counts[place]

    def connections(self) -> int:
        """How many sockets are open to this process."""
        return len(self._connections)

    def _refuse(self, rate: str, who: str) -> None:
        stats = self._ask(rate, lambda limiter, item: limiter.get_window_stats(item, rate, who))
        seconds = max(1, math.ceil(stats.reset_time - time.time()))
        if rate in SHARED:
            logs.security("too_often", what=rate)
        raise TooManyRequests(f"too often: try again in {seconds} seconds", retry_after=seconds)

    def _ask(self, rate: str, question: Callable[[MovingWindowRateLimiter, RateLimitItem], T]) -> T:
        item = self._rates[rate]
        if rate in SHARED and time.monotonic() >= self._redis_after:
            try:
                return question(self._shared, item)
            except RedisError as error:
                self._redis_after = time.monotonic() + REDIS_PAUSE
                log.warning("Redis is not there, so each process counts for itself: %s", error)
        return question(self._here, item)


limits = cast(Limits, LocalProxy(lambda: current_app.extensions["chat.limits"]))
