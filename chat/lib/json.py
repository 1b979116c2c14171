"""The JSON encoder and decoder, msgspec's, in the form that Socket.IO asks for: a module with ``dumps`` and ``loads``."""

import json
from typing import Any, NoReturn

import msgspec


def dumps(value: Any, **_: Any) -> str:
    """``value`` as compact JSON; the options of the standard library's function are accepted and not needed."""
    return msgspec.json.encode(value).decode()


def loads(text: str | bytes, **_: Any) -> Any:
    """The value of a JSON text. Raises ValueError if it isn't JSON.

    JSON can escape half a character (a lone surrogate), and msgspec refuses it. It is let through here: the checks of event
    payloads refuse it with an acknowledgement, which an event that can't be read would never get.
    """
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError):
        return json.loads(text, parse_constant=_refuse)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
