"""The values that every model is made of: ids and times. A time is whole milliseconds since 1970, UTC."""

import re
import time
from functools import lru_cache

from bson import ObjectId

from chat.errors import BadRequestError

_ID = re.compile(r"[0-9a-f]{24}", re.ASCII)


def new_id() -> str:
    """A new id: 24 hexadecimal digits, unique across machines, growing with time (a MongoDB ObjectId)."""
    return str(ObjectId())


def is_id(value: str) -> bool:
    """Whether ``value`` is a normalised id: 24 hexadecimal digits in lower case."""
    return _ID.fullmatch(value) is not None


def now() -> int:
    """The current time: the precision of the wire, of MongoDB and of SQLite is a millisecond."""
    return time.time_ns() // 1_000_000


def iso(milliseconds: int) -> str:
    """A time as clients get it, such as ``2026-11-23T04:44:53.123Z``."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{_iso_seconds(seconds)}.{rest:03}Z"


@lru_cache(maxsize=4096)
def _iso_seconds(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def clean_name(name: str, what: str) -> str:
    """A name without white space around it. Raises `BadRequestError` if nothing is left; ``what`` is what it names."""
    if not name.strip():
        raise BadRequestError(f"the {what} is missing")
    return name.strip()
