"""Password hashing with bcrypt, off the event loop."""

import os
import threading
from functools import cache
from pathlib import Path

import bcrypt

from chat.lib import threads

COST = 10  # 2^10 rounds, bcrypt's customary default and the one in existing databases
MAX_BYTES = 72  # bcrypt reads no further

# As many at once as there are cores: more would only take turns, and keep other requests from theirs.
_slots = threading.BoundedSemaphore(os.cpu_count() or 1)

# A hash that no password has, for taking the same time when there is no account as when there is one.
NOBODY = bcrypt.hashpw(os.urandom(16).hex().encode(), bcrypt.gensalt(COST)).decode()


@cache
def common() -> frozenset[str]:
    """The 1,000 most common passwords that are long enough, by the list of Dropbox's zxcvbn, in lower case."""
    return frozenset(Path(__file__).with_name("common_passwords.txt").read_text().split())


def make_hash(password: str) -> str:
    """The bcrypt hash of a password of at most `MAX_BYTES` bytes of UTF-8."""
    with _slots:
        return threads.run(bcrypt.hashpw, password.encode(), bcrypt.gensalt(COST)).decode()


def matches(password: str, password_hash: str) -> bool:
    """Whether this is the password behind the hash, in constant time.

    A longer password is cut to `MAX_BYTES`, as the libraries that wrote older databases cut it when they hashed it.
    """
    with _slots:
        return threads.run(bcrypt.checkpw, password.encode()[:MAX_BYTES], password_hash.encode())
