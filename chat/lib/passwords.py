"""Password hashing with bcrypt, off the event loop."""

import os
import threading
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path

import bcrypt

from chat.lib import threads
from chat.schemas import MAX_PASSWORD


class Passwords:
    """Hashes and compares passwords; ``cost`` is bcrypt's: 2^cost rounds."""

    def __init__(self, cost: int) -> None:
        self._cost = cost
        # As many at once as there are cores: more would only take turns, and keep other requests from theirs.
        self._slots = threading.BoundedSemaphore(os.cpu_count() or 1)
        # No password has this hash. Comparing with it takes as long when there is no account as when there is one.
        self.no_hash = bcrypt.hashpw(os.urandom(16).hex().encode(), bcrypt.gensalt(cost)).decode()

    def turn(self) -> AbstractContextManager[object]:
        """Wait until this process has time to hash or compare. `hash` does that itself, `matches` is called within one."""
        return self._slots

    def hash(self, password: str) -> str:
        """The bcrypt hash of a password of at most `MAX_PASSWORD` bytes of UTF-8."""
        with self.turn():
            return threads.run(bcrypt.hashpw, password.encode(), bcrypt.gensalt(self._cost)).decode()

    def matches(self, password: str, password_hash: str) -> bool:
        """Whether this is the password behind the hash, in constant time.

        A longer password is cut to `MAX_PASSWORD`, as the libraries that wrote older databases did before they hashed it.
        """
        return threads.run(bcrypt.checkpw, password.encode()[:MAX_PASSWORD], password_hash.encode())


@cache
def common() -> frozenset[str]:
    """The 1,000 most common passwords that are long enough, from Dropbox's zxcvbn, in lower case."""
    return frozenset(Path(__file__).with_name("common_passwords.txt").read_text().split())
