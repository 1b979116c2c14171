"""How a failure becomes a response: always ``{"message", "code", "error"}``."""

import logging
from http import HTTPStatus

import msgspec
from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from chat import answers, errors
from chat.errors import ChatError, InternalError

log = logging.getLogger(__name__)

# The failures that werkzeug raises itself.
_BY_STATUS: dict[int, type[ChatError]] = {
    error.status: error
    for error in (errors.NotFoundError, errors.MethodNotAllowedError, errors.TooLargeError, errors.NotJsonError)
}


def init_app(app: Flask) -> None:
    """Answer every failure of ``app`` in the one shape."""
    app.register_error_handler(ChatError, respond)
    app.register_error_handler(HTTPException, respond_to_http_error)
    app.register_error_handler(Exception, lambda error: respond(unexpected(error)))


def refusal(error: ChatError) -> answers.Refusal:
    """The failure of an event or of a connection as clients see it."""
    return answers.Refusal(message=error.message, code=error.code)


def respond(error: ChatError) -> Response:
    """The response to a failure."""
    body = answers.Failure(message=error.message, code=error.code, error=error.message)
    return _response(body, error.status, error.retry_after)


def respond_to_http_error(error: HTTPException) -> Response:
    """The response to a failure that werkzeug raised, with headers of its own such as ``Allow``."""
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    known = _BY_STATUS.get(status)
    message = known.message if known else (error.name or "error").lower()
    code = known.code if known else f"http_{status}"
    response = _response(answers.Failure(message=message, code=code, error=message), status)
    own = ("content-type", "content-length")
    response.headers.extend((name, value) for name, value in error.get_headers() if name.lower() not in own)
    return response


def unexpected(error: Exception) -> InternalError:
    """Log a bug with its traceback; the failure that clients get shows no internals."""
    log.error("unexpected failure", exc_info=error)
    return InternalError()


def _response(body: answers.Failure, status: int, retry_after: int | None = None) -> Response:
    response = Response(msgspec.json.encode(body), status, mimetype="application/json")
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response
