"""How much of what is expensive goes on at the same time, so that it can't fill the memory or keep all others waiting."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from chat.errors import BusyError, RateLimitedError

# At the same time in this process: by one user, and by all.
AT_ONCE = {"searches": (3, 8), "exports": (1, 4), "pages": (16, 100)}


class Slots:
    """Counts what is going on. With ``on`` false, nothing is refused."""

    def __init__(self, on: bool) -> None:
        self._on = on
        self._lock = threading.Lock()
        self._taken: Counter[tuple[str, str]] = Counter()

    @contextmanager
    def take(self, kind: str, who: str) -> Iterator[None]:
        """Hold one of the user's slots. Raises `RateLimitedError` if they hold all of theirs, or `BusyError`."""
        of_user, of_all = AT_ONCE[kind]
        own, all_of_kind = (kind, who), (kind, "")
        with self._lock:
            if self._on and self._taken[own] >= of_user:
                raise RateLimitedError(f"you have {of_user} {kind} under way: wait until one is done", retry_after=1)
            if self._on and self._taken[all_of_kind] >= of_all:
                raise BusyError
            self._taken[own] += 1
            self._taken[all_of_kind] += 1
        try:
            yield
        finally:
            with self._lock:
                self._taken[all_of_kind] -= 1
                self._taken[own] -= 1
                if not self._taken[own]:
                    del self._taken[own]
