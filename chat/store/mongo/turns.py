"""Turns: of the threads of this process, one at a time writes into a conversation, and for all that wait."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from chat.errors import DatabaseUnavailableError

J = TypeVar("J")


class Turns(Generic[J]):
    """A turn for each conversation, with the jobs that wait for it."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._turns: dict[str, _Turn[J]] = {}
        self._lock = threading.Lock()

    @contextmanager
    def wait(self, key: str, job: J | None = None) -> Iterator[deque[J]]:
        """Wait for a turn; the jobs that wait for it, this one among them unless it was done by an earlier turn.

        Raises `DatabaseUnavailableError` if it takes too long.
        """
        with self._lock:
            turn = self._turns.setdefault(key, _Turn())
            turn.users += 1
            if job is not None:
                turn.waiting.append(job)
        try:
            if not turn.lock.acquire(timeout=self._seconds):
                raise DatabaseUnavailableError
            try:
                yield turn.waiting
            finally:
                turn.lock.release()
        finally:
            with self._lock:
                turn.users -= 1
                if not turn.users:
                    del self._turns[key]


class _Turn(Generic[J]):
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.users = 0
        self.waiting: deque[J] = deque()
