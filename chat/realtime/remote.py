"""Who is connected to the other processes, as far as they have said.

Each process keeps the set of its users in Redis and says every few seconds that it is alive, by Redis's clock: the
clocks of the machines may differ.
"""

import logging
import time
from collections.abc import Callable, Iterable, Set

from redis import Redis
from redis.exceptions import RedisError

from chat.realtime.bus import Bus, PresenceChanged, ProcessReturned
from chat.realtime.release_1_0 import is_release_1_0

log = logging.getLogger(__name__)

BEAT_SECONDS = 5.0
ALIVE_SECONDS = 15.0  # three missed beats: the users of a process that died count as online for so long


class RemoteUsers:
    """The users of the other processes. ``on_change`` is called with each user who came or went without a message."""

    def __init__(self, bus: Bus, here: Callable[[], Set[str]], on_change: Callable[[str], None]) -> None:
        self._bus = bus
        self._here = here
        self._on_change = on_change
        self._users: dict[str, set[str]] = {}  # of each other process
        self._reported = False  # that this process is alive
        self._trusted_after = 0.0  # until then, a process that Redis does not know keeps its users
        bus.subscribe(PresenceChanged, self._hear)
        bus.subscribe(ProcessReturned, self._hear_all)
        bus.add_task(self._beat)

    def ids(self) -> Set[str]:
        """The ids of all users of other processes."""
        return set[str]().union(*self._users.values())

    def set_online(self, user_id: str, online: bool) -> None:
        """Tell the others that a user is connected to this process now, or no longer is."""
        if redis := self._bus.redis:
            mine = self._users_of(self._bus.process)
            self._bus.defer(lambda: (redis.sadd if online else redis.srem)(mine, user_id))
            self._bus.defer(lambda: redis.expire(mine, int(ALIVE_SECONDS)))
        self._bus.publish(PresenceChanged(user_id, online, self._bus.process))

    def refresh(self, redis: Redis) -> None:
        """Say that this process is alive and who is here, and see who is where. Raises `RedisError`.

        If the others may have taken this process for dead, they are told at once who is here.
        After Redis was restarted or away, it does not know all processes yet: those that it lacks keep their users until
        they had the time to report.
        """
        seconds, _ = redis.time()
        alive_until = redis.zscore(self._processes, self._bus.process)
        with redis.pipeline() as pipeline:
            mine = self._users_of(self._bus.process)
            pipeline.delete(mine)
            if here := self._here():
                pipeline.sadd(mine, *here)
                pipeline.expire(mine, int(ALIVE_SECONDS))
            pipeline.zadd(self._processes, {self._bus.process: seconds + ALIVE_SECONDS})
            pipeline.execute()
        if self._reported and alive_until is None:
            self._distrust()
        if self._reported and (alive_until is None or alive_until < seconds):
            self._bus.publish(ProcessReturned(self._bus.process, list(self._here())))
        self._reported = True
        alive = _texts(redis.zrangebyscore(self._processes, seconds, "+inf")) - {self._bus.process}
        for process in alive:
            self._users[process] = _texts(redis.smembers(self._users_of(process)))
        self._bus.beside_1_0 = any(map(is_release_1_0, alive))
        if time.monotonic() > self._trusted_after:
            for process in self._users.keys() - alive:
                del self._users[process]
            redis.zremrangebyscore(self._processes, 0, seconds - ALIVE_SECONDS)

    def _beat(self) -> None:
        redis = self._bus.redis
        assert redis is not None
        while True:
            before = self.ids()
            try:
                self.refresh(redis)
            except RedisError as error:
                self._distrust()
                log.warning("Redis can't be reached, so who is online elsewhere may be out of date: %s", error)
            for user_id in before ^ self.ids():
                self._on_change(user_id)
            time.sleep(BEAT_SECONDS)

    def _hear(self, change: PresenceChanged) -> None:
        if change.process != self._bus.process:
            users = self._users.setdefault(change.process, set())
            (users.add if change.online else users.discard)(change.user_id)

    def _hear_all(self, back: ProcessReturned) -> None:
        if back.process != self._bus.process:
            before, users = self._users.get(back.process, set()), set(back.user_ids)
            self._users[back.process] = users
            for user_id in before ^ users:
                self._on_change(user_id)

    def _distrust(self) -> None:
        self._trusted_after = time.monotonic() + ALIVE_SECONDS

    @property
    def _processes(self) -> str:
        return "chat:processes"  # a sorted set: each process, by the second until which it counts as alive

    def _users_of(self, process: str) -> str:
        return f"chat:online:{process}"


def _texts(values: Iterable[object]) -> set[str]:
    return {value.decode() for value in values if isinstance(value, bytes)}
