"""Moving windows: how often each key was counted in the last seconds, in this process or in Redis.

Time comes from a clock that clients can't move and that is the same for all who count: the monotonic clock of this machine,
or the clock of Redis.
"""

import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from redis import Redis

from chat.rates import Rate

MAX_KEYS = 100_000  # of one window in memory; the one that was counted longest ago is forgotten first


class Window(Protocol):
    """How often each key was counted under one rate."""

    def take(self, key: str) -> str | float:
        """Count once more, and return what `give_back` takes; or count nothing, and return the seconds to wait."""

    def wait(self, key: str) -> float:
        """How many seconds it is until `take` would count; 0 if it would now."""

    def give_back(self, key: str, taken: str) -> None:
        """Undo one `take`."""

    def clear(self, key: str) -> None:
        """Forget the key."""


class LocalWindow:
    """A `Window` of this process. Thread-safe. What is older than the window is not kept."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._lock = threading.Lock()
        self._times: OrderedDict[str, deque[float]] = OrderedDict()  # the key that was counted last is at the end

    def __len__(self) -> int:
        return len(self._times)

    def take(self, key: str) -> str | float:
        with self._lock:
            now = self._clock()
            if wait := self._wait(key, now):
                return wait
            self._times.setdefault(key, deque()).append(now)
            self._times.move_to_end(key)
            self._forget_old(now)
            return repr(now)

    def wait(self, key: str) -> float:
        with self._lock:
            return self._wait(key, self._clock())

    def give_back(self, key: str, taken: str) -> None:
        with self._lock, suppress(KeyError, ValueError):
            self._times[key].remove(float(taken))
            if not self._times[key]:
                del self._times[key]

    def clear(self, key: str) -> None:
        with self._lock:
            self._times.pop(key, None)

    def _wait(self, key: str, now: float) -> float:
        times = self._times.get(key)
        while times and times[0] <= now - self._rate.seconds:
            times.popleft()
        return times[0] + self._rate.seconds - now if times and len(times) >= self._rate.amount else 0.0

    def _forget_old(self, now: float) -> None:
        while self._times:
            times = next(iter(self._times.values()))
            if times and times[-1] > now - self._rate.seconds and len(self._times) <= MAX_KEYS:
                return
            self._times.popitem(last=False)


# A sorted set of random names by their time in milliseconds. ARGV: amount, milliseconds, the name or nothing.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local amount, window = tonumber(ARGV[1]), tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '(' .. now, '+inf') -- from before its clock was set back
local count = redis.call('ZCARD', KEYS[1])
if count >= amount then
    return redis.call('ZRANGE', KEYS[1], count - amount, count - amount, 'WITHSCORES')[2] + window - now
end
if ARGV[3] ~= '' then
    redis.call('ZADD', KEYS[1], now, ARGV[3])
    redis.call('PEXPIRE', KEYS[1], window)
end
return 0
"""


class RedisWindow:
    """A `Window` of all processes with the same Redis. Its methods raise `redis.RedisError`."""

    def __init__(self, redis: Redis, name: str, rate: Rate) -> None:
        self._redis = redis
        self._name = name
        self._rate = rate
        self._script = redis.register_script(_TAKE)

    def take(self, key: str) -> str | float:
        taken = secrets.token_hex(8)
        return self._ask(key, taken) or taken

    def wait(self, key: str) -> float:
        return self._ask(key, "")

    def give_back(self, key: str, taken: str) -> None:
        self._redis.zrem(self._full(key), taken)

    def clear(self, key: str) -> None:
        self._redis.delete(self._full(key))

    def _ask(self, key: str, taken: str) -> float:
        milliseconds = self._script([self._full(key)], [self._rate.amount, self._rate.seconds * 1000, taken])
        return int(milliseconds) / 1000

    def _full(self, key: str) -> str:
        return f"chat:rate:{self._name}:{key}"
