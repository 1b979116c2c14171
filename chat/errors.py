"""What can go wrong, and the one place where a failure becomes JSON.

Every failure leaves the server as ``{"message": <for people>, "code": <stable_snake_case>}``. Controllers and stores
raise a `ChatError`; nobody returns one.
"""

import logging
from typing import Any, NoReturn

from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException, InternalServerError

log = logging.getLogger(__name__)


class ChatError(Exception):
    """A failure with words for people, a stable code for programs, and the HTTP status that fits."""

    status = 500
    code = "internal_error"

    def __init__(self, message: str, code: str | None = None, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.retry_after = retry_after

    def public(self) -> dict[str, str]:
        """The failure as clients see it."""
        return {"message": self.message, "code": self.code}


class BadRequest(ChatError):
    """The input is not what the endpoint takes."""

    status, code = 400, "bad_request"


class Unauthorized(ChatError):
    """Nobody is logged in."""

    status, code = 401, "invalid_token"


class Forbidden(ChatError):
    """Somebody is logged in, and may not do this."""

    status, code = 403, "forbidden"


class NotFound(ChatError):
    """There is no such thing, or it is not for this user to see."""

    status, code = 404, "not_found"


class Conflict(ChatError):
    """The request contradicts what is stored."""

    status, code = 409, "conflict"


class UnsupportedMediaType(ChatError):
    """The body is not JSON."""

    status, code = 415, "not_json"


class TooManyRequests(ChatError):
    """Slow down; ``retry_after`` says for how many seconds."""

    status, code = 429, "rate_limited"


class Unavailable(ChatError):
    """A dependency is down; trying again later may help."""

    status, code = 503, "unavailable"


# The words for the failures that werkzeug raises itself.
HTTP_FAILURES = {
    404: ("not_found", "there is nothing at this address"),
    405: ("method_not_allowed", "this address does not take that method"),
    413: ("too_large", "the request is too large"),
    415: ("not_json", "send JSON with Content-Type: application/json"),
}


def register(app: Flask) -> None:
    """Make every failure of ``app`` answer in the one shape."""
    app.register_error_handler(ChatError, _answer_chat_error)
    app.register_error_handler(HTTPException, answer_http_error)
    app.register_error_handler(Exception, _answer_unexpected)


def answer_http_error(error: HTTPException) -> Response:
    """Answer a failure raised by werkzeug, keeping headers such as ``Allow``."""
    status = error.code or 500
    code, message = HTTP_FAILURES.get(status, (f"http_{status}", (error.name or "error").lower()))
    response = _response({"message": message, "code": code}, status)
    response.headers.extend(
        (k, v) for k, v in error.get_headers() if k.lower() not in ("content-type", "content-length")
    )
    return response


def unexpected(error: Exception) -> dict[str, str]:
    """Log a bug with its traceback, and return what clients may know of it: nothing of its inside."""
    log.error("unexpected failure", exc_info=error)
    return {"message": "something went wrong on our side", "code": "internal_error"}


def _answer_chat_error(error: ChatError) -> Response:
    response = _response(error.public(), error.status)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _answer_unexpected(error: Exception) -> Response:
    return _response(unexpected(error), InternalServerError.code)


def _response(body: dict[str, Any], status: int) -> Response:
    response = jsonify(body)
    response.status_code = status
    return response


def not_found(what: str) -> NoReturn:
    """Raise the 404 for ``what``, such as ``"user"``."""
    raise NotFound(f"no such {what}")
