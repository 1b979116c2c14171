"""Logs: lines for people in development, one JSON object per line in production.

`security` logs what a security team asks about later: what happened, to whom, from where; ids, never secrets. Control
characters are escaped, so that clients can't write lines of their own into the log.
"""

import json
import logging
from typing import Any, TextIO, cast

from flask import has_request_context, request
from flask.logging import wsgi_errors_stream

from chat.models.values import iso

_security = logging.getLogger("chat.security")


def setup(production: bool) -> None:
    """Send the log of the chat, and of the server that runs it, to standard error."""
    handler = logging.StreamHandler(cast(TextIO, wsgi_errors_stream))
    handler.setFormatter(JSONFormatter() if production else LineFormatter())
    chat = logging.getLogger("chat")
    chat.handlers = [handler]
    chat.setLevel(logging.INFO)
    if production:
        for theirs in logging.getLogger("gunicorn.error").handlers:
            theirs.setFormatter(handler.formatter)


def security(event: str, user_id: str | None = None, **details: Any) -> None:
    """Log a security event, such as ``login_failed``, with the address that it came from."""
    known = {"user": user_id, **details, "address": request.remote_addr if has_request_context() else None}
    _security.info(event, extra={"details": {name: value for name, value in known.items() if value is not None}})


class JSONFormatter(logging.Formatter):
    """``{"time", "level", "logger", "message", …details, "traceback"}``; JSON escapes control characters itself."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": iso(int(record.created * 1000)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_details(record),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)  # the standard library's: it escapes lone surrogates too


class LineFormatter(logging.Formatter):
    """``12:00:00 info security: login_failed address=…``"""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # the library's name
        details = "".join(f" {name}={value}" for name, value in _details(record).items())
        return "".join(map(_printable, super().formatMessage(record) + details))


def _details(record: logging.LogRecord) -> dict[str, Any]:
    details: dict[str, Any] = getattr(record, "details", {})
    return details


def _printable(char: str) -> str:
    return char if char.isprintable() else char.encode("unicode_escape").decode()
