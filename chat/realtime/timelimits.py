"""Reading what a request brings."""

from wsgiref.types import WSGIEnvironment

from chat.errors import BadRequestError, TooLargeError


def read_body(environ: WSGIEnvironment, limit: int) -> bytes:
    """The whole body. Raises `TooLargeError` if it has more than ``limit`` bytes, `BadRequestError` if it breaks off."""
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        raise BadRequestError("Content-Length is not a number") from None
    if length > limit:
        raise TooLargeError
    body: bytes = environ["wsgi.input"].read(length)
    if len(body) < length:
        raise BadRequestError("the body broke off")
    return body
