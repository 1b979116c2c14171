"""Turns: of the threads of this process, one at a time writes into a conversation, also for others that wait."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from chat.errors import DatabaseUnavailableError

J = TypeVar("J")


class Turns(Generic[J]):
    """A turn for each conversation. It is passed on in the order in which threads began to wait."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._queues: dict[str, deque[_Waiter[J]]] = {}  # of those conversations where a thread has the turn
        self._lock = threading.Lock()

    @contextmanager
    def wait(self, key: str, job: J | None = None) -> Iterator["Turn[J] | None"]:
        """Wait for the turn; None if another thread did the job in its turn.

        Raises `DatabaseUnavailableError` if it takes too long.
        """
        waiter = _Waiter(job)
        with self._lock:
            queue = self._queues.get(key)
            if queue is None:
                queue = self._queues[key] = deque()
                waiter.called.set()
            else:
                queue.append(waiter)
        if not waiter.called.wait(self._seconds):
            with self._lock:
                if waiter in queue:
                    queue.remove(waiter)
                if not waiter.called.is_set():
                    raise DatabaseUnavailableError
        if waiter.is_done:
            yield None
            return
        turn = Turn(waiter, queue, self._lock)
        try:
            yield turn
        finally:
            with self._lock:
                turn.dismiss()
                if queue:
                    queue.popleft().called.set()
                else:
                    del self._queues[key]


class Turn(Generic[J]):
    """The turn of one thread, which can do the jobs of others too."""

    def __init__(self, waiter: "_Waiter[J]", queue: "deque[_Waiter[J]]", lock: threading.Lock) -> None:
        self._own = [waiter] if waiter.job is not None else []
        self._queue = queue
        self._lock = lock
        self._taken: list[_Waiter[J]] = []

    def take(self, most: int) -> list[J]:
        """The jobs that wait, from this thread's own on; the thread that takes them does them."""
        with self._lock:
            found = [*self._own, *(waiter for waiter in self._queue if waiter.job is not None)][:most]
            for waiter in found[len(self._own) :]:
                self._queue.remove(waiter)
                self._taken.append(waiter)
            self._own = []
        return [waiter.job for waiter in found if waiter.job is not None]

    def dismiss(self) -> None:
        """Let the threads go on whose jobs were taken."""
        for waiter in self._taken:
            waiter.is_done = True
            waiter.called.set()


class _Waiter(Generic[J]):
    def __init__(self, job: J | None) -> None:
        self.job = job
        self.called = threading.Event()
        self.is_done = False
