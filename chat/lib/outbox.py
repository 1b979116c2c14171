"""What other processes are told leaves beside the requests that cause it: a Redis that hangs keeps nobody waiting."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from redis.exceptions import RedisError
from socketio import RedisManager

log = logging.getLogger(__name__)
MOST = 10_000  # messages that wait; older ones are dropped, and clients notice the gap and ask


class Outbox:
    """Sends one thing after the other, in the order in which they were put."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], object]] = deque(maxlen=MOST)
        self._filled = threading.Event()

    def put(self, send: Callable[[], object]) -> None:
        """Call ``send`` soon."""
        self._waiting.append(send)
        self._filled.set()

    def run(self) -> None:
        """Send for ever; the body of a background task."""
        while True:
            self._filled.wait()
            self._filled.clear()
            while self._waiting:
                try:
                    self._waiting.popleft()()
                except RedisError as error:
                    log.warning("Redis is not there, so other processes do not hear of something: %s", error)


class PatientRedisManager(RedisManager):  # type: ignore[misc]  # the library has no types
    """Socket.IO's way to other processes, through an `Outbox`."""

    def __init__(self, url: str, outbox: Outbox, **options: Any) -> None:
        super().__init__(url, **options)
        self._outbox = outbox

    def _publish(self, data: Any) -> None:
        self._outbox.put(lambda: super(PatientRedisManager, self)._publish(data))
