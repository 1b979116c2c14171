"""The plain wire: Socket.IO frames and HTTP requests as they are, also such as no library would write."""

import contextlib
import json
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

import websocket
from requests.structures import CaseInsensitiveDict

WAIT = 10.0  # seconds for what should come at once, from a server that may be busy


class Refused(Exception):
    """The server did not let a socket in; the text is what it said."""


class SeesTexts(Protocol):
    """Looks at the texts that a server sends."""

    def text(self, text: str, where: str) -> None:
        """Look at a text that came by ``where``."""


class RawSocket:
    """A Socket.IO connection over WebSocket without a thread: what comes is read when something is asked for.

    ``heard`` has all events so far. Raises `Refused` if the server does not let it in.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        auth: Any = None,
        origin: str | None = None,
        query: str = "",
        cookie: str | None = None,
        watch: SeesTexts | None = None,
    ) -> None:
        self.heard: list[tuple[str, Any]] = []
        self._watch, self._asked = watch, 0
        cookie = f"jwt={token}" if token is not None else cookie
        origin_of = {"origin": origin} if origin else {"suppress_origin": True}
        try:
            self.plain = websocket.create_connection(socket_url(url) + query, timeout=WAIT, cookie=cookie, **origin_of)
            self._expect("0")
            self.write("40" + (json.dumps(auth) if auth is not None else ""))
            self._expect("40")
        except websocket.WebSocketException as error:
            self._drop()
            raise Refused(str(error)) from None
        except OSError as error:
            self._drop()
            raise Refused(f"no connection: {error}") from None
        except Refused:
            self._drop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, frame: str) -> None:
        """Send a frame as it is."""
        self.plain.send(frame)

    def read(self) -> str:
        """The next frame; pings are answered. Raises WebSocketException if it is closed, or if none comes in time."""
        while (frame := self.plain.recv()) == "2":
            self.write("3")
        text = frame if isinstance(frame, str) else frame.decode(errors="replace")
        if not text:
            raise websocket.WebSocketConnectionClosedException("closed by the server")
        if self._watch:
            self._watch.text(text.lstrip("0123456789"), "a socket")
        if text.startswith("42"):
            event, *data = json.loads(text[2:])
            self.heard.append((event, data[0] if data else None))
        return text

    def ask(self, event: str, data: Any = None) -> Any:
        """The acknowledgement of an event."""
        self._asked += 1
        self.write(f"42{self._asked}{json.dumps([event, data])}")
        with self._answered():
            while not (frame := self.read()).startswith(f"43{self._asked}["):
                pass
        answer: list[Any] = json.loads(frame[len(f"43{self._asked}") :])
        return answer[0] if answer else None

    def hears(self) -> list[tuple[str, Any]]:
        """Every event so far: what the server sent before it acknowledges this has come."""
        self.ask("read", {"conversation": "none", "seq": 0})
        return self.heard

    def all(self, event: str) -> list[Any]:
        """The data of every such event so far; see `hears`."""
        return [data for name, data in self.hears() if name == event]

    def closes(self, seconds: float) -> bool:
        """Whether the server closes it within that time."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.plain.settimeout(left)
            try:
                if self.read().startswith("41"):
                    return True
            except websocket.WebSocketTimeoutException:
                return False
            except (websocket.WebSocketException, OSError):
                return True
        return False

    def close(self) -> None:
        """Close it from this side."""
        with contextlib.suppress(websocket.WebSocketException, OSError):
            self.plain.close(timeout=1)
        self._drop()  # it leaves the connection open if the server has cut it

    def _expect(self, start: str) -> None:
        while (frame := self.read()).startswith("42"):
            pass  # the server may send events before it says that it has let us in
        if not frame.startswith(start):
            raise Refused(frame)

    def _drop(self) -> None:
        with contextlib.suppress(AttributeError, websocket.WebSocketException, OSError):
            self.plain.shutdown()  # type: ignore[no-untyped-call]  # the library has no types

    @contextlib.contextmanager
    def _answered(self) -> Iterator[None]:
        try:
            yield
        except (websocket.WebSocketException, OSError) as error:
            raise AssertionError(f"the socket did not answer: {error or type(error).__name__}") from None


def socket_url(url: str) -> str:
    """Where a server's WebSockets open."""
    return f"ws{url.removeprefix('http')}/socket.io/?EIO=4&transport=websocket"


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """The first answer to raw bytes, and all bytes that came; status 0 if the server hung up without a word."""

    status_code: int
    headers: CaseInsensitiveDict[str]
    everything: bytes

    @property
    def text(self) -> str:
        """All that came, as text."""
        return self.everything.decode(errors="replace")


class Wire:
    """Plain connections to the server at ``url``, encrypted if its address asks for that."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.https = parts.scheme == "https"
        self.host = parts.hostname or ""
        self.port = parts.port or (443 if self.https else 80)
        self.netloc = parts.netloc

    def connect(self) -> socket.socket:
        """Open a connection."""
        connection = socket.create_connection((self.host, self.port), timeout=WAIT)
        if self.https:
            return ssl.create_default_context().wrap_socket(connection, server_hostname=self.host)
        return connection

    def request(self, line: str, *headers: str, body: bytes = b"") -> bytes:
        """A request with that first line, the host, and the headers given."""
        head = [f"{line} HTTP/1.1", f"Host: {self.netloc}", *headers]
        return "\r\n".join(head).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body

    def ask(self, line: str, *headers: str, body: bytes = b"", wait: float = WAIT) -> RawAnswer:
        """What the server says to a request."""
        return self.send(self.request(line, *headers, body=body), wait)

    def send(self, octets: bytes, wait: float = WAIT) -> RawAnswer:
        """What the server says to those bytes, until it closes, an answer is whole, or ``wait`` seconds are over."""
        received = b""
        with self.connect() as connection, contextlib.suppress(OSError):
            connection.settimeout(wait)
            connection.sendall(octets)
            while not _whole(received) and (more := connection.recv(65536)):
                received += more
            connection.settimeout(0.2)  # and what comes right after it
            while len(received) < 1_000_000 and (more := connection.recv(65536)):
                received += more
        return _parsed(received)


def _whole(received: bytes) -> bool:
    _, gap, body = received.partition(b"\r\n\r\n")
    length = _parsed(received).headers.get("Content-Length", "") if gap else ""
    return bool(gap) and length.isdigit() and len(body) >= int(length)


def _parsed(received: bytes) -> RawAnswer:
    first, *lines = received.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    words = first.split(" ")
    status = int(words[1]) if len(words) > 1 and words[0].startswith("HTTP/") and words[1].isdigit() else 0
    headers = CaseInsensitiveDict(
        (name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in lines)
    )
    return RawAnswer(status, headers, received)
