"""The values that every model is made of: ids and times. A time is whole milliseconds since 1970, UTC."""

import re
import time
from functools import lru_cache

from bson import ObjectId
from precis_i18n import get_profile

from chat.errors import BadRequestError

_NAMES = get_profile("OpaqueString")
_PICTURE = "[\u00a9\u00ae\u203c\u2049\u2122-\u27bf\u2934-\u2b55\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
_EMOJI = re.compile(rf"((?:{_PICTURE}(?:\ufe0f|\u200d(?={_PICTURE}))?|[0-9#*]\ufe0f?\u20e3)+)")
_BLANK = "\u2800"  # Braille without a dot: a symbol that looks like a space
_ID = re.compile(r"[0-9a-f]{24}", re.ASCII)


def new_id() -> str:
    """A new id: 24 hexadecimal digits, unique across machines, growing with time (a MongoDB ObjectId)."""
    return str(ObjectId())


def first_id(milliseconds: int) -> str:
    """The least id that could have been made in the second of that time."""
    return f"{milliseconds // 1000:08x}{'0' * 16}"


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
    """A name in Unicode's composed form (NFC), without white space around it; ``what`` is what it names.

    Raises `BadRequestError` if nothing is left that can be seen, or if it has characters that can't be seen or that turn
    the direction of the text (RFC 8265's OpaqueString, and emoji with what joins their parts).
    """
    if not name.strip(f" \t\r\n{_BLANK}"):
        raise BadRequestError(f"the {what} is missing")
    parts = _EMOJI.split(name.strip())  # each second one is an emoji
    try:
        return "".join(part if number % 2 or not part else _NAMES.enforce(part) for number, part in enumerate(parts))
    except UnicodeEncodeError:
        raise BadRequestError(f"the {what} has characters that can't be seen: type it instead of pasting it") from None
