"""Work that is asked for in bursts."""

import threading
import time
from collections.abc import Callable

from chat.lib import threads


class Debouncer:
    """However often `run` is called, ``work`` is done at most once in ``interval`` seconds."""

    def __init__(self, interval: float, work: Callable[[], None]) -> None:
        self._interval = interval
        self._work = work
        self._lock = threading.Lock()
        self._due = False
        self._last = -interval

    def run(self) -> None:
        """Do the work soon: at once, unless it was done within the interval."""
        with self._lock:
            if self._due:
                return
            self._due = True
        threads.spawn(self._run_when_due)

    def _run_when_due(self) -> None:
        time.sleep(max(0.0, self._last + self._interval - time.monotonic()))
        with self._lock:
            self._due = False
            self._last = time.monotonic()
        self._work()
