"""Engine.IO, the layer below Socket.IO: sessions over polling or WebSocket, and what a stranger may do with them.

python-engineio 4.15.1 has no seam for its sockets, so `Engine` overrides the methods that make and end them, and `Socket`
takes the place of the library's. The library's cannot be had safely: its queue has no bound, it reads 8 MB from anyone, it
answers 200 to what it drops (more than 16 packets in one request, malformed ones) and logs a traceback for each, it waits
for clients that are gone, and it keeps three green threads for a WebSocket where this one keeps one. Both classes are in
one module because each calls the other, as in the library.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIEnvironment

import engineio
from engineio.exceptions import EngineIOError
from engineio.packet import CLOSE, NOOP, OPEN, PING, Packet

from chat.errors import BadRequestError, ChatError, InvalidTokenError, RateLimitedError, RestartingError
from chat.lib import threads
from chat.realtime.connections import CROWDED_RETRY, network_of
from chat.realtime.timelimits import read_body
from chat.realtime.websocket import MAX_UNSENT, WebSocket

log = logging.getLogger(__name__)

# Of a message, until the client has connected to Socket.IO: `test_a_polling_request_of_a_stranger_is_limited`.
STRANGER_BYTES = 64 * 2**10
# To connect to Socket.IO, as in the JavaScript server: `test_a_client_that_does_not_connect_is_closed_and_forgotten`.
STRANGER_SECONDS = 45.0
TICK_SECONDS = 1.0
YIELD_AFTER = 16  # messages of one client that are handled before others have their turn


class ProtocolError(EngineIOError):  # type: ignore[misc]  # the library has no types
    """The client broke the protocol: its session ends."""


class Socket:
    """One session. The library calls some of its methods and reads its flags, so their names are the library's."""

    __slots__ = (  # there can be thousands of them
        "_accepted", "_engine", "_held", "_lock", "_next_ping", "_pinged", "_polling", "_since", "_unsent",
        "_unsent_bytes", "_websocket", "address", "closed", "closing", "connected", "opener", "session",
        "sid", "upgraded", "upgrading",
    )  # fmt: skip

    def __init__(self, engine: "Engine", sid: str, environ: WSGIEnvironment) -> None:
        self.sid = sid
        self.address = network_of(environ.get("REMOTE_ADDR", ""))
        self.opener = engine.credential(environ)
        self.session: dict[str, Any] = {}
        self.connected = self.upgrading = self.upgraded = self.closing = self.closed = False
        self._engine = engine
        self._accepted = False  # by Socket.IO
        self._since = time.monotonic()  # when it was opened, or left Socket.IO
        self._pinged: float | None = None  # when, if the answer has not come
        self._next_ping = self._since + engine.ping_interval
        self._lock = threading.Lock()
        self._held: list[Packet] | None = None
        self._unsent: list[Packet] = []  # until a poll fetches them
        self._unsent_bytes = 0
        self._polling: threading.Event | None = None  # set when there is something to fetch
        self._websocket: WebSocket | None = None

    @property
    def accepted(self) -> bool:
        """Whether the client has connected to Socket.IO, so that it is no stranger."""
        return self._accepted

    @accepted.setter
    def accepted(self, accepted: bool) -> None:
        if accepted != self._accepted:
            self._engine.strangers.count(self.address, -1 if accepted else 1)
        self._accepted = accepted
        self._since = time.monotonic()
        if self._websocket:
            self._websocket.limit = self._limit

    @property
    def _limit(self) -> int:
        most: int = self._engine.max_http_buffer_size
        return most if self._accepted else min(most, STRANGER_BYTES)

    def send(self, packet: Packet) -> None:
        """Send a packet, or keep it for the next poll. Never blocks; a client that leaves too much unread is closed:
        `test_a_client_that_does_not_read_is_closed`."""
        with self._lock:
            if self._held is not None:
                self._held.append(packet)
            else:
                self._put(packet)
            too_much = self._unsent_bytes > MAX_UNSENT
        if too_much:
            self.hang_up("the client does not read")

    def hold(self) -> None:
        """Keep what is sent from now on until `release`."""
        with self._lock:
            self._held = []

    def release(self, first: Packet | None = None, drop: bool = False) -> None:
        """Send ``first``, and then what was held; or ``drop`` that."""
        with self._lock:
            held, self._held = self._held or [], None
            for packet in [first, *([] if drop else held)]:
                if packet is not None:
                    self._put(packet)

    def handle_get_request(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        """Answer a poll, or turn the session into a WebSocket."""
        if environ.get("HTTP_UPGRADE", "").lower() == "websocket":
            return self.serve_websocket(environ)
        if self.upgrading or self.upgraded:
            return [Packet(NOOP)]
        return self.poll()

    def poll(self) -> list[Packet]:
        """Wait for packets. Raises `ProtocolError` if the session ends or another poll waits already."""
        with self._lock:
            if self._polling:
                raise ProtocolError("two polls at once")
            self._polling = threading.Event()
            if self._unsent or self.closed:
                self._polling.set()
        there = self._polling.wait(self._engine.ping_interval + self._engine.ping_timeout)
        with self._lock:
            self._polling = None
            packets, self._unsent = self._unsent, []
            self._unsent_bytes = 0
        if not there or not packets:
            raise ProtocolError("the session has ended")
        return packets

    def handle_post_request(self, environ: WSGIEnvironment) -> None:
        """Handle the packets of one polling request. Raises `ProtocolError`."""
        try:
            # Not `Payload`, which accepts "d=" (JSONP) and at most 16 packets; as many as fit into the limit are welcome.
            texts = read_body(environ, self._limit).decode().split("\x1e")
        except UnicodeDecodeError:
            raise ProtocolError("the payload is not UTF-8") from None
        for number, text in enumerate(texts, 1):
            self.receive(text)
            if number % YIELD_AFTER == 0:
                time.sleep(0)

    def receive(self, text: str) -> None:
        """Handle one packet. Raises `ProtocolError`."""
        match text[:1]:
            case "4":
                self._engine.deliver(self, text[1:])
            case "3":
                self._pinged = None
            case "1":
                self.close(abort=True, reason=self._engine.reason.CLIENT_DISCONNECT)
            case "5" if self.upgraded:
                pass
            case _:
                raise ProtocolError(f"a packet that starts with {text[:2]!r}")

    def serve_websocket(self, environ: WSGIEnvironment) -> Any:
        """Serve the session over a WebSocket until it ends, and then raise what makes the server close the connection."""
        with self._lock:
            if self.upgrading or self.upgraded:
                raise BadRequestError("this session is on a WebSocket already")
            self.upgrading = True
        websocket = WebSocket.accept(environ, self._limit, self._engine.ping_interval + self._engine.ping_timeout)
        # gunicorn closes the connection upon StopIteration, werkzeug upon ConnectionError.
        end = StopIteration if "gunicorn.socket" in environ else ConnectionError
        environ.clear()  # or every function on the way here keeps it as long as the WebSocket is open
        reason = self._engine.reason.TRANSPORT_CLOSE
        try:
            if self._use(websocket):
                self._receive_all(websocket)
        except ProtocolError as error:
            log.info("a WebSocket was closed: %s", error)
            reason = self._engine.reason.TRANSPORT_ERROR
        finally:
            if self._websocket is websocket:
                self.close(abort=True, reason=reason)
            websocket.close()
            while websocket.receive() is not None:  # until the client has read everything, or does not want to
                pass
            websocket.abort()
            self.upgrading = False
        raise end

    def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None:
        """End the session. Unless it is an ``abort``, a client on polling is told to try no more. Never waits."""
        with self._lock:
            if self.closing:
                return
            self.closing = True
        self._engine.deliver_end(self, reason or self._engine.reason.SERVER_DISCONNECT)
        with self._lock:
            if not abort:
                self._put(Packet(CLOSE))
            self.closed = True
            if abort:
                self._unsent.clear()
            if self._polling:
                self._polling.set()
        if self._websocket:
            self._websocket.close()

    def hang_up(self, why: str) -> None:
        """End the session as a broken connection would: clients connect again by themselves."""
        log.info("a connection is closed: %s", why)
        self.close(abort=True, reason=self._engine.reason.TRANSPORT_ERROR)

    def abort(self) -> None:
        """End the connection at once, whether or not its client has read what it was sent."""
        if self._websocket:
            self._websocket.abort()

    def tick(self, now: float) -> None:
        """What the time demands: a ping, or the end."""
        if not self._accepted and now > self._since + STRANGER_SECONDS:
            self.hang_up("no CONNECT")
        elif self._pinged is not None:
            if now > self._pinged + self._engine.ping_timeout:
                self.close(abort=True, reason=self._engine.reason.PING_TIMEOUT)
        elif now >= self._next_ping:
            self._pinged, self._next_ping = now, now + self._engine.ping_interval
            self.send(Packet(PING))

    def _put(self, packet: Packet) -> None:
        """Hand a packet to the transport. The caller holds the lock."""
        if self.closed:
            return
        if self._websocket:
            self._websocket.send(packet.encode())
            return
        self._unsent.append(packet)
        self._unsent_bytes += len(packet.encode())
        if self._polling:
            self._polling.set()

    def _use(self, websocket: WebSocket) -> bool:
        """Make the WebSocket this session's transport; whether the client did its part (Engine.IO's probe)."""
        if self.connected:  # it began with polling
            if websocket.receive() != "2probe":
                return False
            websocket.send("3probe")
            with self._lock:
                if self._polling and not self._unsent:
                    self._unsent.append(Packet(NOOP))  # ends the poll that waits
                    self._polling.set()
            if websocket.receive() != "5":
                return False
        with self._lock:
            if self.closed:
                return False
            self._websocket, self.connected, self.upgraded = websocket, True, True
            websocket.limit = self._limit
            for packet in self._unsent:
                websocket.send(packet.encode())
            self._unsent.clear()
            self._unsent_bytes = 0
        return True

    def _receive_all(self, websocket: WebSocket) -> None:
        number = 0
        while (text := websocket.receive()) is not None:
            if not self.closed:
                self.receive(text)
            number += 1
            if number % YIELD_AFTER == 0:
                time.sleep(0)


class Strangers:
    """Counts the sessions that have not connected to Socket.IO, by address.

    The library has no limit of them: `test_handshakes_without_connect_are_limited_for_each_address`.
    """

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def enter(self, address: str) -> None:
        """Count one more. Raises `RateLimitedError` if there are too many."""
        with self._lock:
            if self._limit and self._counts[address] >= self._limit:
                raise RateLimitedError("too many connections are waiting already", retry_after=CROWDED_RETRY)
            self._counts[address] += 1

    def count(self, address: str, change: int) -> None:
        """Count one that connected (-1), or left (1) and stays open."""
        with self._lock:
            self._counts[address] += change
            if self._counts[address] <= 0:
                del self._counts[address]


class Engine(engineio.Server):  # type: ignore[misc]
    """The library's server with our sockets, one timer for all of them, and no JSONP."""

    credential: Callable[[WSGIEnvironment], str | None]  # of a request: see `chat.realtime.server.init_app`
    admit: Callable[[str], None]  # see there
    strangers: Strangers

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.every_tick: list[Callable[[], None]] = []
        self.draining = False
        self._ticking = False

    def handle_request(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        """Raises `ChatError` for what our own rules refuse. The library gets no POST: it answers 200 to those that fail.

        `test_a_polling_request_of_a_stranger_is_limited`.
        """
        query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
        if "j" in query:  # `test_jsonp_is_refused`
            raise BadRequestError("JSONP is not supported")
        socket = self.sockets.get(query.get("sid", [""])[0])
        if socket and not self._may_use(socket, environ):
            raise InvalidTokenError
        if environ["REQUEST_METHOD"] != "POST" or not socket or not socket.connected or socket.upgraded:
            return super().handle_request(environ, start_response)
        try:
            socket.handle_post_request(environ)
        except ProtocolError as error:
            socket.close(reason=self.reason.TRANSPORT_ERROR)
            raise BadRequestError(f"this breaks the protocol: {error}") from None
        except ChatError:
            socket.close(reason=self.reason.TRANSPORT_ERROR)
            raise
        answer = self._ok()
        start_response(answer["status"], answer["headers"] + self._cors_headers(environ))
        return [answer["response"]]

    def _may_use(self, socket: Socket, environ: WSGIEnvironment) -> bool:
        """Whether a request comes from where the session does.

        The session's id is in the address, where logs keep it: it must not replace what opened the session. One that was
        opened without a credential, and got a token in its first packet, is bound to the network that it came from:
        `test_a_session_opened_with_a_cookie_needs_it_on_each_request`,
        `test_a_session_opened_without_a_cookie_belongs_to_the_address_that_opened_it`.
        """
        if socket.opener is None:
            return network_of(environ.get("REMOTE_ADDR", "")) == socket.address
        return self.credential(environ) == socket.opener

    def disconnect(self, sid: str | None = None) -> None:
        """End a session, or all. The library waits until the client has fetched what is left, which may be never."""
        for socket in [self.sockets.get(sid)] if sid is not None else list(self.sockets.values()):
            if socket:
                socket.close()

    def deliver(self, socket: Socket, data: str) -> None:
        """Hand a message to Socket.IO. Raises `ProtocolError`; bugs are logged, and the session lives on."""
        if not data:
            raise ProtocolError("an empty message")
        try:
            self.handlers["message"](socket.sid, data)
        except ProtocolError:
            raise
        except Exception:
            log.exception("a message could not be handled")

    def deliver_end(self, socket: Socket, reason: str) -> None:
        """Tell Socket.IO, once, that the session has ended."""
        self.sockets.pop(socket.sid, None)
        if not socket.accepted:
            self.strangers.count(socket.address, -1)
        try:
            self.handlers["disconnect"](socket.sid, reason)
        except Exception:
            log.exception("the end of a connection could not be handled")

    def _handle_connect(
        self, environ: WSGIEnvironment, start_response: StartResponse, transport: str, jsonp_index: int | None = None
    ) -> Any:
        """Open a session. As in the library, but for our `Socket` and the limit of strangers."""
        if not self._ticking:
            self._ticking = True
            threads.spawn(self._service_task)
        if self.draining:
            raise RestartingError
        sid = self.generate_id()
        socket = Socket(self, sid, environ)
        self.admit(socket.address)
        self.strangers.enter(socket.address)
        self.sockets[sid] = socket
        opening = {
            "sid": sid,
            "upgrades": self._upgrades(sid, transport),
            "pingTimeout": int(self.ping_timeout * 1000),
            "pingInterval": int(self.ping_interval * 1000),
            "maxPayload": self.max_http_buffer_size,
        }
        socket.send(Packet(OPEN, opening))
        self.handlers["connect"](sid, environ)
        if transport == "websocket":
            return socket.serve_websocket(environ)
        socket.connected = True
        return self._ok(socket.poll())

    def _service_task(self) -> None:
        while True:
            time.sleep(TICK_SECONDS)
            now = time.monotonic()
            due: list[Callable[[], None]] = list(self.every_tick)
            due += [partial(socket.tick, now) for socket in list(self.sockets.values())]
            for run in due:
                try:
                    run()
                except Exception:
                    log.exception("a timer failed")
