"""One client's WebSocket, on the socket of any worker: green or native.

It takes the place of two implementations (python-engineio 4.15.1 uses eventlet 0.41.3's under eventlet, and
simple-websocket 1.1's elsewhere), because a stranger can stop a server with either:

- eventlet unmasks byte by byte in Python (a second of CPU for 250 KB), limits frames but not messages, inflates, and speaks
  the drafts of 2010;
- simple-websocket reads ahead without a limit, inflates, and needs a thread for each socket.

wsproto parses the frames. No extension is negotiated, so nothing is ever compressed.
"""

import base64
import hashlib
import os
import struct
import threading
import time
from functools import lru_cache
from typing import Any
from wsgiref.types import WSGIEnvironment

from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, TextMessage

from chat.lib import threads

CHUNK = 16 * 2**10  # bytes of one read
# A message in more than 64 fragments has at least 1 KiB in each; browsers' have more:
# `test_what_a_stranger_may_not_send_ends_the_connection`.
FRAGMENTS, FRAGMENT_BYTES = 64, 1024
# Bytes that wait for a client to read them. One that has more is closed, and syncs later:
# `test_a_client_that_does_not_read_is_closed`.
MAX_UNSENT = 4 * 2**20
LINGER_SECONDS = 5.0  # for a client to answer our closing frame
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3
NORMAL, UNSUPPORTED, TOO_BIG = 1000, 1003, 1009  # RFC 6455, 7.4.1


class WebSocket:
    """Reads text messages of at most ``limit`` bytes, all fragments together, and writes without ever blocking.

    ``timeout`` is the number of seconds that it waits for the client to send something, or to read.
    """

    __slots__ = (  # there can be thousands of them
        "_ending", "_events", "_gone", "_lock", "_parts", "_protocol", "_received", "_socket", "_tls", "_turn_ends",
        "_unsent", "_unsent_bytes", "_writing", "limit",
    )  # fmt: skip

    def __init__(self, sock: Any, limit: int, timeout: float) -> None:
        self.limit = limit
        self._socket = sock
        sock.settimeout(timeout)
        self._tls = hasattr(sock, "cipher")
        self._protocol = Connection(ConnectionType.SERVER)
        self._events = self._protocol.events()
        self._parts: list[str] = []
        self._received = 0  # bytes since the last whole message
        self._turn_ends = 0.0
        self._lock = threading.Lock()
        self._unsent: list[bytes] = []
        self._unsent_bytes = 0
        self._writing = False
        self._ending = False  # the closing frame was sent or waits to be sent
        self._gone = False  # nothing more can be written

    @classmethod
    def accept(cls, environ: WSGIEnvironment, limit: int, timeout: float) -> "WebSocket":
        """Answer the handshake, whose headers `is_handshake` has found to be good."""
        key = environ["HTTP_SEC_WEBSOCKET_KEY"].encode()
        accepted = base64.b64encode(hashlib.sha1(key + GUID, usedforsecurity=False).digest()).decode()
        socket = socket_of(environ)
        answer = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
        socket.sendall("\r\n".join([*answer, f"Sec-WebSocket-Accept: {accepted}", "", ""]).encode())
        return cls(socket, limit, timeout)

    def receive(self) -> str | None:
        """The next message, waiting for it; None when the connection has ended, or was ended for what the client did."""
        while True:
            for event in threads.in_slices(self._events):
                if isinstance(event, TextMessage):
                    self._parts.append(event.data)
                    if event.message_finished:
                        return self._whole_message()
                elif not self._handle(event):
                    break
            if not self._parts:
                self._received = 0
            elif self._received > self.limit + CHUNK or len(self._parts) > FRAGMENTS + self._received // FRAGMENT_BYTES:
                self.close(TOO_BIG)
            if self._ending:
                self._linger()
                return None
            if not (chunk := self._read()):
                return None
            self._received += len(chunk)
            if time.perf_counter() > self._turn_ends:  # a client that sends without a pause keeps no one waiting
                threads.give_way()
                self._turn_ends = time.perf_counter() + threads.SLICE_SECONDS
            self._protocol.receive_data(chunk)
            self._events = self._protocol.events()

    def send(self, text: str) -> None:
        """Send a message: at once if the client's connection takes it, else from a queue. Never blocks, never raises."""
        self._write(text_frame(text))

    def close(self, code: int = NORMAL) -> None:
        """Send what waits and a closing frame; `receive` then ends when the client has answered, or after a while."""
        self._write(struct.pack("!BBH", 0x88, 2, code), last=True)

    def abort(self) -> None:
        """End the connection at once."""
        with self._lock:
            self._give_up()

    def _whole_message(self) -> str | None:
        text = "".join(self._parts)
        self._parts.clear()
        self._received = 0
        if len(text if text.isascii() else text.encode()) <= self.limit:
            return text
        self.close(TOO_BIG)
        self._linger()
        return None

    def _handle(self, event: Event) -> bool:
        """Deal with what is not text; whether to go on."""
        if isinstance(event, Ping):
            self._write(self._protocol.send(event.response()))
        elif isinstance(event, BytesMessage):
            self.close(UNSUPPORTED)
        elif isinstance(event, CloseConnection):  # the client's, or the parser's about what the client sent
            self.close(event.code if event.code != 1005 else NORMAL)  # 1005: "no code", which cannot be sent
        return not self._ending

    def _read(self) -> bytes:
        try:
            chunk: bytes = self._socket.recv(CHUNK)
            return chunk
        except (OSError, ValueError):  # ValueError: some wrappers refuse to read what has been closed
            return b""

    def _linger(self) -> None:
        """Read on until the client ends the connection: closing before it has read everything could lose the end."""
        end = time.monotonic() + LINGER_SECONDS
        self._socket.settimeout(LINGER_SECONDS)
        while time.monotonic() < end and self._read():
            pass
        self.abort()

    def _write(self, frame: bytes, last: bool = False) -> None:
        with self._lock:
            if self._gone or self._ending:
                return
            self._ending = last
            rest = frame if self._unsent or self._writing else self._write_now(frame)
            if not rest:
                self._end_if_done()
                return
            self._unsent.append(rest)
            self._unsent_bytes += len(rest)
            if self._unsent_bytes > MAX_UNSENT:
                self._give_up()
            if self._gone or self._writing:
                return
            self._writing = True
        threads.spawn(self._drain)

    def _write_now(self, frame: bytes) -> bytes:
        """Write what the connection takes without waiting; what is left."""
        if self._tls:
            return frame
        try:
            # Every socket with a timeout is non-blocking underneath, on all kinds of worker. (eventlet replaces `os.write`
            # by one that waits.) `_gone` is set before the file is closed, so its number can't be another connection's.
            return frame[os.writev(self._socket.fileno(), [frame]) :]
        except BlockingIOError:
            return frame
        except OSError:
            self._give_up()
            return b""

    def _drain(self) -> None:
        """Write what waits, as fast as the client reads."""
        while True:
            with self._lock:
                if self._gone or not self._unsent:
                    self._writing = False
                    self._end_if_done()
                    return
                frames, self._unsent = b"".join(self._unsent), []
            try:
                self._socket.sendall(frames)
            except (OSError, ValueError):
                self.abort()
            with self._lock:
                self._unsent_bytes -= len(frames)

    def _end_if_done(self) -> None:
        if self._ending and not self._gone:
            self._shut(1)  # SHUT_WR

    def _give_up(self) -> None:
        if not self._gone:
            self._gone = self._ending = True
            self._unsent.clear()
            self._shut(2)  # SHUT_RDWR

    def _shut(self, how: int) -> None:
        try:
            self._socket.shutdown(how)
        except (OSError, ValueError):
            self._gone = True


def is_handshake(environ: WSGIEnvironment) -> bool:
    """Whether the headers of a request that asks for a WebSocket are those of version 13 (RFC 6455, 4.2.1)."""
    try:
        key = base64.b64decode(environ.get("HTTP_SEC_WEBSOCKET_KEY", ""), validate=True)
    except ValueError:
        return False
    return environ.get("HTTP_SEC_WEBSOCKET_VERSION") == "13" and len(key) == 16


def socket_of(environ: WSGIEnvironment) -> Any:
    """The connection's own socket, as gunicorn and werkzeug hand it to applications; None without a server."""
    return environ.get("gunicorn.socket") or environ.get("werkzeug.socket")


@lru_cache(maxsize=16)
def _small_frame(text: str) -> bytes:
    return _frame(text)


def _frame(text: str) -> bytes:
    payload = text.encode(errors="replace")  # half a character (a lone surrogate) has no UTF-8
    size = len(payload)
    if size < 126:
        return struct.pack("!BB", 0x81, size) + payload
    if size < 65536:
        return struct.pack("!BBH", 0x81, 126, size) + payload
    return struct.pack("!BBQ", 0x81, 127, size) + payload


def text_frame(text: str) -> bytes:
    """The frame of a text message. A few are remembered: an event goes to many sockets, and is packed once."""
    return _small_frame(text) if len(text) < CHUNK else _frame(text)
