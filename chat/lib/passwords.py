"""Password hashing with bcrypt, off the event loop."""

import os
import threading
from functools import cache
from pathlib import Path

import bcrypt

from chat.lib import threads
from chat.schemas import MAX_PASSWORD

COST = 10  # 2^10 rounds, bcrypt's customary default and the one in existing databases

# As many at once as there are cores: more would only take turns, and keep other requests from theirs.
_slots = threading.BoundedSemaphore(os.cpu_count() or 1)

# A hash that no password has, for taking the same time when there is no account as when there is one.
NOBODY = bcrypt.hashpw(os.urandom(16).hex().encode(), bcrypt.gensalt(COST)).decode()


@cache
def common() -> frozenset[str]:
    """The 1,000 most common passwords that are long enough, by the list of Dropbox's zxcvbn, in lower case."""
    return frozenset(Path(__file__).with_name("common_passwords.txt").read_text().split())


def make_hash(password: str) -> str:
    """The bcrypt hash of a password of at most `MAX_PASSWORD` bytes of UTF-8."""
    with _slots:
        return threads.run(bcrypt.hashpw, password.encode(), bcrypt.gensalt(COST)).decode()


def matches(password: str, password_hash: str) -> bool:
    """Whether this is the password behind the hash, in constant time.

    A longer password is cut to `MAX_PASSWORD`, as the libraries that wrote older databases cut it when they hashed it.
    """
    with _slots:
        return threads.run(bcrypt.checkpw, password.encode()[:MAX_PASSWORD], password_hash.encode())
