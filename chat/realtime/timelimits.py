"""Time limits on reading a request and on writing a response, so that no client holds either for long.

gunicorn's workers have none of their own beyond the headers. A connection that is too slow is shut down from outside, which
ends whatever waits for it, on every kind of worker: `test_a_body_that_does_not_come_ends_the_connection`,
`test_a_response_that_is_not_read_ends_the_connection`.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.types import WSGIEnvironment

from chat.errors import BadRequestError, TooLargeError
from chat.lib import threads
from chat.realtime.websocket import socket_of

PIECE_BYTES = 64 * 2**10
PIECE_SECONDS = 20.0  # for so much of a body or a response: 3 KB a second at least
BODY_RATE = 32 * 2**10  # bytes a second of a whole body, at least
TICK_SECONDS = 1.0
BODY_READ = "chat.body_read"  # the key of a request's environment that says so

_lock = threading.Lock()
_deadlines: dict[object, tuple[float, Any]] = {}
_watching = False


@contextmanager
def time_limit(sock: Any, seconds: float) -> Iterator[None]:
    """Shut down a connection if what is done with it takes longer. Without a connection, as in tests, there is no limit."""
    global _watching
    key = object()
    with _lock:
        _deadlines[key] = time.monotonic() + seconds, sock
        start, _watching = not _watching, True
    if start:
        threads.spawn(_watch)
    try:
        yield
    finally:
        with _lock:
            _deadlines.pop(key, None)


def read_body(environ: WSGIEnvironment, limit: int) -> bytes:
    """The whole body. Raises `TooLargeError` if it has more than ``limit`` bytes, `BadRequestError` if it breaks off."""
    length = _content_length(environ)
    if length is not None and length > limit:
        raise TooLargeError
    pieces, missing = [], limit + 1 if length is None else length
    sock = socket_of(environ)
    with time_limit(sock, PIECE_SECONDS + missing / BODY_RATE):
        while missing > 0:
            with time_limit(sock, PIECE_SECONDS):
                piece = _read(environ, min(missing, PIECE_BYTES))
            if not piece:
                break
            pieces.append(piece)
            missing -= len(piece)
    if length is None and missing == 0:
        raise TooLargeError
    if length is not None and missing:
        raise BadRequestError("the body broke off")
    environ[BODY_READ] = True
    return b"".join(pieces)


def is_unread(environ: WSGIEnvironment) -> bool:
    """Whether a request has a body that was not read to its end: its connection can't serve another request."""
    return has_body(environ) and BODY_READ not in environ


def has_body(environ: WSGIEnvironment) -> bool:
    """Whether a request says that it has a body. Reading one that is not there could wait for ever."""
    return "HTTP_TRANSFER_ENCODING" in environ or bool(environ.get("CONTENT_LENGTH"))


def write_in_time(environ: WSGIEnvironment, chunks: Iterable[bytes], linger: float | None = None) -> Iterator[bytes]:
    """A response as it was, in pieces that each have to be written in time.

    With ``linger`` it is the connection's last, and for so many seconds what is left of the request is read and dropped:
    a client that is still sending when the connection closes may never see the response.
    """
    sock = socket_of(environ)
    try:
        for chunk in chunks:
            for start in range(0, len(chunk), PIECE_BYTES):
                with time_limit(sock, PIECE_SECONDS):
                    yield chunk[start : start + PIECE_BYTES]
    finally:
        if close := getattr(chunks, "close", None):
            close()
        if linger is not None:
            with time_limit(sock, linger), contextlib.suppress(BadRequestError):
                while linger and _read(environ, PIECE_BYTES):
                    pass
            _shut(sock, socket.SHUT_RD)


def _content_length(environ: WSGIEnvironment) -> int | None:
    """The length that a body says it has; None if it comes in chunks. Raises `BadRequestError`."""
    if "HTTP_TRANSFER_ENCODING" in environ:
        return None
    try:
        return int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        raise BadRequestError("Content-Length is not a number") from None


def _read(environ: WSGIEnvironment, size: int) -> bytes:
    try:
        piece: bytes = environ["wsgi.input"].read(size)
        if len(piece) == size:
            threads.give_way()  # a client that sends without a pause keeps no one waiting
        return piece
    except Exception:  # each server has its own errors for connections that break and chunks that make no sense
        raise BadRequestError("the body broke off") from None


def _watch() -> None:
    """Shut down the connections whose time is over, until there is none to watch."""
    global _watching
    while True:
        time.sleep(TICK_SECONDS)
        now = time.monotonic()
        with _lock:
            late = [sock for due, sock in _deadlines.values() if due < now]
            if not _deadlines:
                _watching = False
                return
        for sock in late:
            _shut(sock, socket.SHUT_RDWR)


def _shut(sock: Any, how: int) -> None:
    with contextlib.suppress(OSError, ValueError):
        if sock is not None:
            sock.shutdown(how)
