"""What the processes of one chat tell each other, through Redis where several run, and who is connected to the others.

Socket.IO's own events cross by its message queue; this is for what it has no words for: who is online at another process,
and that a session's sockets have to close everywhere. Redis being down or slow harms nobody who is connected: each
process goes on with what it knows, nobody waits, and who is online is told anew when Redis is back.
"""

import json
import logging
import secrets
import time
from collections.abc import Callable, Set
from functools import partial
from typing import cast

from flask import current_app
from redis import Redis
from redis.exceptions import RedisError
from werkzeug.local import LocalProxy

from chat.errors import Unavailable
from chat.lib.outbox import Outbox
from chat.lib.realtime import socketio

log = logging.getLogger(__name__)

CHANNEL = "chat:cluster"
PROCESSES = "chat:processes"  # a sorted set: each process's name, by the time until which it counts as alive
BEAT_SECONDS = 5.0
ALIVE_SECONDS = 15.0  # three missed beats: a process that died leaves its people online for so long
TIMEOUT_SECONDS = 2.0


class Cluster:
    """This process among its like; without Redis it is the only one."""

    def __init__(self, redis_url: str | None, outbox: Outbox) -> None:
        timeouts = {"socket_timeout": TIMEOUT_SECONDS, "socket_connect_timeout": TIMEOUT_SECONDS}
        self._redis = Redis.from_url(redis_url, decode_responses=True, **timeouts) if redis_url else None
        self._outbox = outbox
        self._name = secrets.token_hex(8)
        self._handlers: dict[str, Callable[[str], None]] = {}
        self._elsewhere: Set[str] = frozenset()

    def on(self, topic: str, handle: Callable[[str], None]) -> None:
        """Call ``handle`` with each value that any process tells under ``topic``."""
        self._handlers[topic] = handle

    def tell(self, topic: str, value: str) -> None:
        """Tell all processes, this one first."""
        self._handlers[topic](value)
        if self._redis:
            message = json.dumps({"from": self._name, "topic": topic, "value": value})
            self._outbox.put(partial(self._redis.publish, CHANNEL, message))

    def show(self, user_id: str, online: bool) -> None:
        """Let the others know that a user is connected to this process, or no longer."""
        if self._redis:
            key = self._key(self._name)
            self._outbox.put(partial(self._redis.sadd if online else self._redis.srem, key, user_id))
            self._outbox.put(partial(self._redis.expire, key, int(ALIVE_SECONDS)))

    def elsewhere(self) -> Set[str]:
        """The ids of those who are connected to other processes, as far as they have told."""
        return self._elsewhere

    def ping(self) -> None:
        """Return if Redis answers, or none is needed; else raise `Unavailable`."""
        if self._redis and not self._try(lambda redis: redis.ping()):
            raise Unavailable("Redis cannot be reached right now", "redis_unavailable")

    def start(self, here: Callable[[], Set[str]]) -> None:
        """Begin to listen, and to show who is connected to this process."""
        if self._redis:
            socketio.start_background_task(self._outbox.run)
            socketio.start_background_task(self._listen)
            socketio.start_background_task(self._beat, here)

    def _listen(self) -> None:
        while True:
            self._try(self._hear)
            socketio.sleep(1)

    def _hear(self, redis: Redis) -> None:
        with redis.pubsub(ignore_subscribe_messages=True) as channel:  # type: ignore[no-untyped-call]
            channel.subscribe(CHANNEL)
            while True:
                heard = channel.get_message(timeout=1.0)
                message = json.loads(heard["data"]) if heard else {"from": self._name}
                if message["from"] != self._name:
                    if message["topic"] == "presence":
                        self._look(redis)
                    self._handlers[message["topic"]](message["value"])

    def _beat(self, here: Callable[[], Set[str]]) -> None:
        """Say again and again who is here, and notice who is gone without a word."""
        while True:
            before = self._elsewhere
            self._try(lambda redis: self._refresh(redis, here()))
            self._try(self._look)
            for user_id in before ^ self._elsewhere:
                self._handlers["presence"](user_id)
            socketio.sleep(BEAT_SECONDS)

    def _refresh(self, redis: Redis, here: Set[str]) -> None:
        key = self._key(self._name)
        with redis.pipeline() as together:
            together.delete(key)
            if here:
                together.sadd(key, *here)
                together.expire(key, int(ALIVE_SECONDS))
            together.zadd(PROCESSES, {self._name: time.time() + ALIVE_SECONDS})
            together.zremrangebyscore(PROCESSES, 0, time.time())
            together.execute()

    def _look(self, redis: Redis) -> None:
        others = [self._key(str(name)) for name in redis.zrange(PROCESSES, 0, -1) if name != self._name]
        self._elsewhere = {str(user_id) for user_id in redis.sunion(others)} if others else frozenset()

    def _try(self, work: Callable[[Redis], object]) -> bool:
        """Do something with Redis; whether that succeeded."""
        try:
            work(cast(Redis, self._redis))
        except RedisError as error:
            log.warning("Redis is not there: %s", error)
            return False
        return True

    @staticmethod
    def _key(name: str) -> str:
        return f"chat:online:{name}"


cluster = cast(Cluster, LocalProxy(lambda: current_app.extensions["chat.cluster"]))
