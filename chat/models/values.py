"""The small values that every model is made of: ids and times."""

import re
from datetime import UTC, datetime

from bson import ObjectId

_ID = re.compile(r"[0-9a-fA-F]{24}", re.ASCII)


def new_id() -> str:
    """A fresh id: 24 hex digits, unique over all machines, growing with time (a MongoDB ObjectId)."""
    return str(ObjectId())


def is_id(value: str) -> bool:
    """Whether ``value`` has the form of an id."""
    return _ID.fullmatch(value) is not None


def now() -> datetime:
    """The time in UTC, cut to the millisecond: the precision of the wire, of MongoDB and of SQLite alike."""
    time = datetime.now(UTC)
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


def iso(time: datetime) -> str:
    """A time as clients get it, such as ``2026-11-23T04:44:53.123Z``."""
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
