"""The numbers of messages, as this process knows them."""

import threading
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from chat.models.message import Message


@dataclass(slots=True, eq=False)
class Append:
    """A message that waits to be kept, and what became of it."""

    message: Message
    stored: Message | None = None
    error: Exception | None = None


class Numbers:
    """What this process last saw as the highest number of a conversation, so that a send needs no look first.

    Only a hint: the unique index decides. One lock a conversation keeps this process from competing with itself.
    """

    LIMIT = 10_000  # conversations kept in mind
    LOCKS = 64

    def __init__(self) -> None:
        self._last: dict[str, int] = {}
        self._waiting: defaultdict[str, deque[Append]] = defaultdict(deque)
        self._waiting_lock = threading.Lock()
        self._locks = [threading.Lock() for _ in range(self.LOCKS)]

    @contextmanager
    def turn(self, conversation_id: str) -> Iterator[None]:
        """Wait for this conversation's turn to take a number."""
        with self._locks[hash(conversation_id) % self.LOCKS]:
            yield

    def wait(self, conversation_id: str, append: Append) -> None:
        """Queue a message; whoever has the conversation's next turn takes all that wait."""
        with self._waiting_lock:
            self._waiting[conversation_id].append(append)

    def take_waiting(self, conversation_id: str) -> deque[Append]:
        """All messages that wait for the conversation's turn, in their order."""
        with self._waiting_lock:
            return self._waiting.pop(conversation_id)

    def last(self, conversation_id: str) -> int | None:
        return self._last.get(conversation_id)

    def saw(self, conversation_id: str, number: int) -> None:
        self._last.pop(conversation_id, None)
        self._last[conversation_id] = number
        if len(self._last) > self.LIMIT:
            self._last.pop(next(iter(self._last)), None)

    def forget(self, conversation_id: str) -> None:
        self._last.pop(conversation_id, None)
