"""Notices what blocks the event loop, and says where: a tool for development and tests.

Under eventlet and gevent one native thread serves everyone, so a call that computes for long makes all others wait. A green
thread notes again and again how much CPU time that thread has used, and a native thread looks on. Not the time of the
clock counts, but that of the CPU: on a busy machine it is not the server's doing that it runs late.
"""

import logging
import sys
import time
import traceback
from collections.abc import Callable
from types import FrameType

from chat.lib import threads

BEAT_SECONDS = 0.02  # how often others are known to have had their turn
WORD = "blocked the event loop"  # what the lines in the log have in common

log = logging.getLogger(__name__)


def watch(bound: float, count: Callable[[], object]) -> None:
    """Log each stall that uses more than ``bound`` seconds of CPU time, with the stack of its cause, and count it.

    Does nothing where each request has a native thread.
    """
    if threads.async_mode() != "threading":
        threads.spawn(_Watch(bound, count).beat)


class _Watch:
    def __init__(self, bound: float, count: Callable[[], object]) -> None:
        self._bound = bound
        self._count = count
        self._loop = threads.native("_thread", "get_ident")()
        self._clock = time.pthread_getcpuclockid(self._loop)
        self._seen = 0.0  # CPU time of the loop's thread when others last had their turn
        self._cause: FrameType | None = None
        self._stack: list[str] = []

    def beat(self) -> None:
        """Run for ever beside what is watched."""
        self._seen = time.clock_gettime(self._clock)
        threads.start(self._look_on)
        while True:
            time.sleep(BEAT_SECONDS)
            used, self._seen = self._used(), time.clock_gettime(self._clock)
            if self._stack:
                stack, self._stack = self._stack, []
                self._count()
                log.warning("something %s for %.0f ms of CPU time:\n%s", WORD, used * 1000, "".join(stack))

    def _look_on(self) -> None:
        sleep = threads.native("time", "sleep")
        while True:
            sleep(self._bound / 4)
            if not self._stack and self._used() > self._bound:
                self._stack = traceback.format_stack(sys._current_frames()[self._loop])

    def _used(self) -> float:
        return time.clock_gettime(self._clock) - self._seen
