"""Logs: lines for people in development, one JSON object per line in production.

`security` logs what a security team asks about later: what happened, to whom, from where; ids, never secrets. Control
characters are escaped, so that clients can't write lines of their own into the log.
"""

import json
import logging
from collections import Counter
from typing import Any, TextIO, cast

from flask import has_request_context, request
from flask.logging import wsgi_errors_stream

from chat.models.values import iso

MAX_MESSAGE, MAX_TRACEBACK = 2_000, 8_000  # characters
LINES_PER_SECOND = 50  # of one logger
_security = logging.getLogger("chat.security")


def setup(production: bool) -> None:
    """Send the log of the chat, in production also that of libraries and of gunicorn, to standard error."""
    handler = logging.StreamHandler(cast(TextIO, wsgi_errors_stream))
    handler.setFormatter(JSONFormatter() if production else LineFormatter())
    handler.addFilter(Flood())
    root, chat = logging.getLogger(), logging.getLogger("chat")
    for logger in (root, chat):
        logger.handlers = [other for other in logger.handlers if not isinstance(other.formatter, _OURS)]
    (root if production else chat).addHandler(handler)
    chat.setLevel(logging.INFO)
    logging.captureWarnings(production)
    if production:
        for theirs in logging.getLogger("gunicorn.error").handlers:
            theirs.setFormatter(handler.formatter)
            theirs.addFilter(Flood())


def security(event: str, user_id: str | None = None, **details: Any) -> None:
    """Log a security event, such as ``login_failed``, with the address that it came from."""
    known = {"user": user_id, **details, "address": request.remote_addr if has_request_context() else None}
    _security.info(event, extra={"details": {name: value for name, value in known.items() if value is not None}})


class Flood(logging.Filter):
    """Drops what a logger says too often, and says with its next line how many lines that were.

    Security events are never dropped: how often clients can cause them is limited elsewhere.
    """

    def __init__(self) -> None:
        super().__init__()
        self._second = 0
        self._lines = Counter[str]()
        self._dropped = Counter[str]()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name == _security.name:
            return True
        if self._second != int(record.created):
            self._second = int(record.created)
            self._lines.clear()
        self._lines[record.name] += 1
        if self._lines[record.name] > LINES_PER_SECOND:
            self._dropped[record.name] += 1
            return False
        if dropped := self._dropped.pop(record.name, 0):
            record.details = {**_details(record), "dropped": dropped}
        return True


class JSONFormatter(logging.Formatter):
    """``{"time", "level", "logger", "message", …details, "traceback"}``; JSON escapes control characters itself."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": iso(int(record.created * 1000)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _cut(record.getMessage(), MAX_MESSAGE),
            **_details(record),
        }
        if record.exc_info:
            entry["traceback"] = _cut(self.formatException(record.exc_info), MAX_TRACEBACK)
        return json.dumps(entry, default=str)  # the standard library's: it escapes lone surrogates too


class LineFormatter(logging.Formatter):
    """``12:00:00 info security: login_failed address=…``"""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # the library's name
        details = "".join(f" {name}={value}" for name, value in _details(record).items())
        return "".join(map(_printable, _cut(super().formatMessage(record), MAX_MESSAGE) + details))

    def formatException(self, ei: Any) -> str:  # noqa: N802  # the library's name
        lines = _cut(super().formatException(ei), MAX_TRACEBACK).splitlines()
        return "\n".join("".join(map(_printable, line)) for line in lines)


_OURS = (JSONFormatter, LineFormatter)


def _details(record: logging.LogRecord) -> dict[str, Any]:
    details: dict[str, Any] = getattr(record, "details", {})
    return details


def _printable(char: str) -> str:
    return char if char.isprintable() else char.encode("unicode_escape").decode()


def _cut(text: str, length: int) -> str:
    """A text with its middle left out, if it is too long: a traceback begins and ends with what matters."""
    half = length // 2
    return text if len(text) <= length else f"{text[:half]} … {text[-half:]}"
