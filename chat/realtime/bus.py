"""What the processes of one chat tell each other, over Redis: typed topics, and the events of Socket.IO.

Redis being down or slow stops no one: each process goes on with what it knows, and no request waits for Redis. What is lost
meanwhile is made up for by clients that connect again and sync (`MessagesLost`).

Several deployments can share one Redis server if each has its own database number in ``REDIS_URL``: channels span all
databases, so their names begin with the number (``chat:<number>:``).
"""

import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Raw, Struct
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from socketio.pubsub_manager import PubSubManager

from chat.errors import NotAloneError, RedisUnavailableError
from chat.lib import threads
from chat.lib.sole import Sole
from chat.version import VERSION

log = logging.getLogger(__name__)
T = TypeVar("T", bound=Struct)

TIMEOUT_SECONDS = 2.0
RETRY_SECONDS = 1.0
# By default the library waits and tries again, up to half a minute, and may then have published twice.
OPTIONS: dict[str, Any] = {
    "socket_timeout": TIMEOUT_SECONDS,
    "socket_connect_timeout": TIMEOUT_SECONDS,
    "retry": Retry(NoBackoff(), 0),
}
MAX_UNSENT = 10_000  # messages that wait for Redis; the oldest are dropped, and the others' clients connect again


class SessionEnded(Struct):
    """A login has ended: close its sockets."""

    session_id: str


class UserChanged(Struct):
    """A user, their sessions or their blocks have changed: what is remembered of them is out of date."""

    user_id: str | None  # None: it is not known which


class PresenceChanged(Struct):
    """A user has the first connection to a process, or has lost the last one."""

    user_id: str
    online: bool
    process: str


class ProcessReturned(Struct):
    """All users of a process that the others may have taken for dead: it was stopped for a while, or Redis was."""

    process: str
    user_ids: list[str]


class HiddenChanged(Struct):
    """Other users are hidden from a user now."""

    user_id: str
    hidden: list[str]


class ProfileChanged(Struct):
    """A user has another name or picture, or is ``deleted``."""

    user_id: str
    full_name: str
    profile_pic: str
    deleted: bool = False


class PublicRoomChanged(Struct):
    """A public room is new, has another name, or is ``deleted`` or no longer public."""

    room_id: str
    name: str
    owner_id: str
    deleted: bool = False


class MessagesLost(Struct):
    """Events for clients may have been lost on the way between processes."""


class Envelope(Struct):
    """A message between processes. Unknown fields are ignored: a newer version may add some."""

    sender: str
    topic: str
    body: Raw


class Bus:
    """This process among the processes of the chat.

    Without a Redis URL it has to be the only one, and the only one that serves from ``folder``, if one is given.
    """

    def __init__(self, redis_url: str | None, folder: Path | None = None) -> None:
        self.redis = Redis.from_url(redis_url, **OPTIONS) if redis_url else None
        self._sole = Sole(folder) if folder and not redis_url else None
        self.process = f"{VERSION}:{secrets.token_hex(8)}"
        self.beside_1_0 = False  # whether processes of release 1.0 are part of this chat
        database = self.redis.connection_pool.connection_kwargs.get("db", 0) if self.redis else 0
        self._prefix = f"chat:{database}:"
        self._handlers: dict[str, tuple[type[Struct], list[Callable[[Any], None]]]] = {}
        self._relays: list[Callable[[Struct], None]] = []
        self._tasks: list[Callable[[], object]] = [self._send_all, self._listen]
        self._unsent: deque[Callable[[], object]] = deque(maxlen=MAX_UNSENT)
        self._filled = threading.Event()
        self._lost = False

    def name(self, name: str) -> str:
        """The name of a key or a channel of this deployment."""
        return self._prefix + name

    def subscribe(self, topic: type[T], handler: Callable[[T], None]) -> None:
        """Call ``handler`` with each ``topic`` that any process publishes, this one included."""
        self._handlers.setdefault(topic.__name__, (topic, []))[1].append(handler)

    def publish(self, message: Struct) -> None:
        """Tell all processes: this one's handlers run before it returns. Never waits for Redis."""
        self.deliver(message)
        envelope = Envelope(self.process, type(message).__name__, Raw(msgspec.json.encode(message)))
        self.send("topics", msgspec.json.encode(envelope))
        for relay in self._relays:
            relay(message)

    def deliver(self, message: Struct) -> None:
        """Run this process's handlers of a topic."""
        for handler in self._handlers.get(type(message).__name__, (None, []))[1]:
            handler(message)

    def on_publish(self, relay: Callable[[Struct], None]) -> None:
        """Call ``relay`` with each message that this process publishes."""
        self._relays.append(relay)

    def send(self, channel: str, message: bytes | str) -> None:
        """Publish on a channel to the other processes, soon and in order."""
        if self.redis:
            self.defer(partial(self.redis.publish, self.name(channel), message))

    def defer(self, command: Callable[[], object]) -> None:
        """Run a command of Redis soon, after those that were deferred before."""
        self._lost |= len(self._unsent) == MAX_UNSENT
        self._unsent.append(command)
        self._filled.set()

    def flush(self) -> None:
        """Return when all that was deferred has been done, or after a while: for a process that is about to end."""
        if self.redis:
            done = threading.Event()
            self.defer(done.set)
            done.wait(TIMEOUT_SECONDS)

    def messages(self, channel: str, on_gap: Callable[[], None]) -> Iterator[bytes]:
        """The messages of a channel, by its full name, for ever.

        Calls ``on_gap`` if it was cut off for a while and listens again.
        """
        assert self.redis is not None
        gap = False
        while True:
            try:
                with self.redis.pubsub() as pubsub:  # type: ignore[no-untyped-call]
                    pubsub.subscribe(channel)
                    while True:
                        message = pubsub.get_message(timeout=RETRY_SECONDS) or {"type": None}
                        if message["type"] == "message":
                            yield message["data"]
                        elif message["type"] == "subscribe":
                            if gap:
                                on_gap()
                            gap = True
            except RedisError as error:
                log.warning("Redis can't be reached, so nothing is heard from other processes: %s", error)
                gap = True
                time.sleep(RETRY_SECONDS)

    def miss(self) -> None:
        """Have this process do what follows from `MessagesLost`."""
        self.deliver(MessagesLost())

    def add_task(self, task: Callable[[], object]) -> None:
        """Run ``task`` beside everything else once `start` is called, if there is a Redis."""
        self._tasks.append(task)

    def start(self) -> None:
        """Begin to talk to the other processes."""
        if self.redis:
            for task in self._tasks:
                threads.spawn(task)

    def look_around(self) -> None:
        """Say in the log if another process serves that this one can't hear."""
        if self._sole:
            self._sole.holds()

    def ping(self) -> None:
        """Return if Redis answers, or none is needed. Raises `RedisUnavailableError` or `NotAloneError`."""
        if self._sole and not self._sole.holds():
            raise NotAloneError
        try:
            if self.redis:
                self.redis.ping()
        except RedisError:
            raise RedisUnavailableError from None

    def _send_all(self) -> None:
        while True:
            self._filled.wait()
            self._filled.clear()
            while self._unsent:
                try:
                    self._unsent.popleft()()
                    if self._lost:
                        self._lost = False
                        self.send("topics", msgspec.json.encode(Envelope(self.process, "MessagesLost", Raw(b"{}"))))
                except RedisError as error:
                    # It is not sent again: Redis may have done it before the connection broke, and old clients show a
                    # message that comes twice twice.
                    self._lost = True
                    log.warning("Redis can't be reached, so other processes miss something: %s", error)

    def _listen(self) -> None:
        for message in self.messages(self.name("topics"), on_gap=lambda: None):
            self._receive(message)

    def _receive(self, message: bytes) -> None:
        """Handle what another process published. What cannot be understood is skipped: its version may be another."""
        try:
            envelope = msgspec.json.decode(message, type=Envelope)
            if envelope.sender == self.process:
                return
            if envelope.topic not in self._handlers:
                log.info("skipped a message of an unknown topic: %.100r", envelope.topic)
                return
            topic, handlers = self._handlers[envelope.topic]
            body = msgspec.json.decode(envelope.body, type=topic)
        except msgspec.MsgspecError as error:
            log.warning("skipped a malformed message of another process: %s", error)
            return
        for handler in handlers:
            try:
                handler(body)
            except Exception:
                log.exception("a message of another process could not be handled")


class QueuedRedisManager(PubSubManager):  # type: ignore[misc]  # the library has no types
    """Socket.IO's events for other processes, through the bus.

    python-socketio 5.18.1's own `RedisManager` publishes while the request waits, listens again up to a minute after Redis
    is back, does not say that it missed anything, and shares its channel with every deployment on the same Redis server.
    """

    name = "bus"

    def __init__(self, bus: Bus) -> None:
        super().__init__(channel="events")
        self._bus = bus
        self.relay: Callable[[Any], None] = lambda data: None  # is called with all that is published

    def _publish(self, data: Any) -> None:
        self._bus.send(self.channel, self.json.dumps(data))
        self.relay(data)

    def _listen(self) -> Iterator[bytes]:
        return self._bus.messages(self._bus.name(self.channel), on_gap=self._bus.miss)
