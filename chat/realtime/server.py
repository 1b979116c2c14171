"""The Socket.IO server, and every adaptation of Flask-SocketIO 5.7.0 and python-socketio 5.18.1.

Engine.IO below it is in `chat.realtime.engine`, WebSocket in `chat.realtime.websocket`. There as here, an adaptation names
the test of `tests/realtime` that fails without it.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection
from typing import Any
from wsgiref.types import WSGIApplication, WSGIEnvironment

import flask_socketio
import socketio as python_socketio
from engineio.packet import MESSAGE
from engineio.packet import Packet as EnginePacket
from flask import Flask
from socketio.packet import CONNECT, CONNECT_ERROR, EVENT
from socketio.packet import Packet as LibraryPacket

from chat.config import Config
from chat.lib import json, threads
from chat.realtime.bus import Bus, MessagesLost, QueuedRedisManager
from chat.realtime.debouncer import Debouncer
from chat.realtime.door import FrontDoor
from chat.realtime.engine import Engine, ProtocolError, Socket, Strangers
from chat.realtime.release_1_0 import Bridge

log = logging.getLogger(__name__)

KEPT = (  # of the request that opened a session, for Flask and for handlers
    *("REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL"),
    *("REMOTE_ADDR", "HTTP_HOST", "HTTP_ORIGIN", "HTTP_COOKIE", "HTTP_USER_AGENT", "wsgi.url_scheme", "flask.app"),
)
RECONNECTS_PER_SECOND = 200
RECONNECT_SECONDS = 10.0  # between two times that all clients have to connect again
CONNECTIONS_PER_SOCKET = 2  # a browser opens some besides its socket, and closes them soon
CredentialOf = Callable[[WSGIEnvironment], str | None]


class Packet(LibraryPacket):  # type: ignore[misc]  # the library has no types
    """Socket.IO packets without attachments: no event of ours has any, and announced ones are kept without a limit.

    Malformed packets end the session: `test_packets_that_break_the_protocol_are_400_in_one_line`.
    """

    uses_binary_events = False  # or each payload is searched for bytes, value by value in Python

    def decode(self, encoded_packet: str) -> int:
        try:
            super().decode(encoded_packet)
        except (ValueError, TypeError, IndexError, RecursionError):
            raise ProtocolError("a malformed packet") from None
        if self.packet_type >= CONNECT_ERROR or (self.packet_type == EVENT and not self._is_event()):
            raise ProtocolError("a packet that clients don't send")
        return 0

    def _is_event(self) -> bool:
        return isinstance(self.data, list) and bool(self.data) and isinstance(self.data[0], str)


class Server(python_socketio.Server):  # type: ignore[misc]
    """The library's server, safe for a client that disconnects, or loses its session, while it connects."""

    known_events: Collection[str] = ()
    max_connections: int | None = None  # TCP connections from one address; see `chat.realtime.worker`

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.sent_away: set[str] = set()  # the sockets that are being closed so that their clients connect again
        self._connecting: dict[str, EnginePacket | None] = {}  # Engine.IO's id → the CONNECT packet to send
        self._ended: dict[str, str] = {}  # Engine.IO's id → why a session ended while it was connecting
        self._lock = threading.Lock()

    def hang_up(self, socket_id: str) -> None:
        """Close a socket's connection as a broken network would: the client connects again by itself."""
        if engine_socket := self.eio.sockets.get(self.manager.eio_sid_from_sid(socket_id, "/")):
            engine_socket.hang_up("it has to connect again")

    def disconnect(self, sid: str, namespace: str | None = None, ignore_queue: bool = True) -> None:
        """Disconnect a socket of this process. One that is still connecting loses its connection."""
        if self.manager.is_connected(sid, namespace or "/"):
            eio_sid = self.manager.eio_sid_from_sid(sid, namespace or "/")
            super().disconnect(sid, namespace, ignore_queue=True)
            if engine_socket := self.eio.sockets.get(eio_sid):
                engine_socket.accepted = False
        else:
            self.hang_up(sid)

    def _engineio_server_class(self) -> type[Engine]:
        return Engine

    def _handle_connect(self, eio_sid: str, namespace: str | None, data: Any) -> None:
        """Let CONNECT be the first packet that a client receives, and leave nothing behind of one that ends meanwhile.

        In the library, events that are emitted while the handler runs come before CONNECT (clients other than JavaScript's
        drop them), and a session that ends while the handler runs stays connected for ever:
        `test_connect_is_the_first_packet_that_a_websocket_receives`,
        `test_a_polling_session_that_closes_while_it_connects_leaves_nothing_behind`.
        """
        engine_socket = self.eio.sockets.get(eio_sid)
        if engine_socket is None:
            return
        with self._lock:
            self._connecting[eio_sid] = None
        engine_socket.hold()
        try:
            super()._handle_connect(eio_sid, namespace, data)
        finally:
            sid = self.manager.sid_from_eio_sid(eio_sid, namespace or "/")
            with self._lock:
                first = self._connecting.pop(eio_sid)
                ended = self._ended.pop(eio_sid, None)
            if sid and ended is None:
                engine_socket.accepted = True
            engine_socket.release(first, drop=not engine_socket.accepted)
            if ended is not None:
                super()._handle_eio_disconnect(eio_sid, ended)

    def _send_packet(self, eio_sid: str, pkt: Packet) -> None:
        packet = EnginePacket(MESSAGE, pkt.encode())
        if pkt.packet_type in (CONNECT, CONNECT_ERROR) and eio_sid in self._connecting:
            self._connecting[eio_sid] = packet
        else:
            self._send_eio_packet(eio_sid, packet)

    def _send_eio_packet(self, eio_sid: str, eio_pkt: EnginePacket) -> None:
        if engine_socket := self.eio.sockets.get(eio_sid):
            engine_socket.send(eio_pkt)

    def _handle_event(self, eio_sid: str, namespace: str | None, id: int | None, data: list[Any]) -> None:
        """Drop unknown events. To the library, "connect" and "disconnect" are events like others: a client that sends one
        would run what is to be done when a socket opens or closes: `test_an_unknown_event_is_ignored`."""
        if data[0] in self.known_events:
            super()._handle_event(eio_sid, namespace, id, data)

    def _handle_disconnect(self, eio_sid: str, namespace: str | None, reason: str | None = None) -> None:
        super()._handle_disconnect(eio_sid, namespace, reason)
        if (engine_socket := self.eio.sockets.get(eio_sid)) and engine_socket.accepted:
            engine_socket.accepted = False

    def _handle_eio_connect(self, eio_sid: str, environ: WSGIEnvironment) -> None:
        """Keep of the request what handlers can ask for. The library keeps everything while a socket is open."""
        super()._handle_eio_connect(eio_sid, {name: environ[name] for name in KEPT if name in environ})

    def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        with self._lock:
            if eio_sid in self._connecting:
                self._ended[eio_sid] = reason
                return
        super()._handle_eio_disconnect(eio_sid, reason)

    def _trigger_event(self, event: str, namespace: str, sid: str, *args: Any) -> Any:
        try:
            result = super()._trigger_event(event, namespace, sid, *args)
            # If the connect handler fails, the default error handler's result is not False, and would let the client in:
            # `test_a_client_whose_connect_handler_refuses_or_fails_is_refused`.
            return result in (None, True) if event == "connect" else result
        finally:
            if environ := self.environ.get(self.manager.eio_sid_from_sid(sid, namespace)):
                environ.pop("werkzeug.request", None)  # kept by werkzeug, a few KB for each socket


class SocketIO(flask_socketio.SocketIO):  # type: ignore[misc]
    """Flask-SocketIO with our `Server` and `FrontDoor`: it has no option for either."""

    server: Server

    def init_app(self, app: Flask, *, door: Callable[[Server, Flask], WSGIApplication], **options: Any) -> None:
        """Attach a server with those options to an app."""
        app.extensions["socketio"] = self
        self.manage_session = False
        self.server = Server(**options)
        self.async_mode = self.server.async_mode
        for message, handler, namespace in self.handlers:
            self.server.on(message, handler, namespace=namespace)
        app.wsgi_app = door(self.server, app)  # type: ignore[assignment, method-assign]  # Flask's own way to wrap it


socketio = SocketIO()


def init_app(
    app: Flask,
    config: Config,
    bus: Bus,
    *,
    known_events: Collection[str],
    may_connect: Callable[[str, WSGIEnvironment], bool],
    check_host: Callable[[WSGIEnvironment], None] = lambda environ: None,
    credential: CredentialOf = lambda environ: None,
    admit: Callable[[str], None] = lambda address: None,
) -> None:
    """Serve Socket.IO below ``/socket.io/`` of an app. Clients' events that are not among ``known_events`` are ignored.

    ``check_host`` raises a `ChatError` if a request is for another host. ``may_connect`` says whether a page of an
    origin may open a socket. ``credential`` returns what identifies the sender of a request, such as the session id in its
    cookie; if a session was opened with one, all its requests must have the same, and if it was opened without, all must
    come from the same address (or IPv6 network).
    ``admit`` is called with the address (or IPv6 network) of each client that opens a session, and raises to refuse it.
    """
    manager = QueuedRedisManager(bus) if bus.redis else None
    if manager:
        manager.relay = Bridge(bus, manager._handle_emit).copy
    socketio.init_app(
        app,
        door=lambda server, app: FrontDoor(server, app, check_host, may_connect, config.max_request_bytes),
        async_mode=threads.async_mode(),
        async_handlers=False,  # one client's events are handled one after the other: its messages keep their order
        client_manager=manager,
        serializer=Packet,
        json=json,
        logger=_quiet("chat.socketio"),  # their own loggers write plain lines to standard error
        engineio_logger=_quiet("chat.engineio"),
        max_http_buffer_size=config.max_request_bytes,
        cors_allowed_origins=may_connect,
    )
    socketio.server.known_events = known_events
    if config.rate_limits and not config.trusted_proxies:
        socketio.server.max_connections = CONNECTIONS_PER_SOCKET * config.max_sockets_per_address
    socketio.server.eio.credential = credential
    socketio.server.eio.admit = admit
    socketio.server.eio.strangers = Strangers(config.max_sockets_per_address if config.rate_limits else None)
    reconnect = Debouncer(RECONNECT_SECONDS, reconnect_clients)
    bus.subscribe(MessagesLost, lambda lost: reconnect.run())
    every_second(bus.look_around)
    bus.start()


def _quiet(name: str) -> logging.Logger:
    """A logger that says only what fails: the libraries log each packet at a lower level."""
    logger = logging.getLogger(name)
    logger.setLevel(logging.ERROR)
    return logger


def every_second(run: Callable[[], None]) -> None:
    """Call ``run``, which must not block, once a second from the first connection on. Call this after `init_app`."""
    socketio.server.eio.every_tick.append(run)


def draining() -> bool:
    """Whether this process is about to end, so that it must get no new clients."""
    return bool(socketio.server and socketio.server.eio.draining)


def drain(seconds: float) -> list[Socket]:
    """Let no one connect any more, and have all clients connect elsewhere, spread over ``seconds``.

    Return the sessions that were closed: some clients don't answer, and their connections stay open for a while.
    """
    engine = socketio.server.eio
    engine.draining = True
    sessions: list[Socket] = list(engine.sockets.values())
    _send_away(seconds / max(1, len(sessions)))
    engine.disconnect()  # strangers, and those who came meanwhile
    return sessions


def reconnect_clients() -> None:
    """Have all clients of this process connect again, because events for them may have been lost.

    They sync when they connect, as they do after any break in the network, so this needs no event that old clients don't
    know. It is spread over time: reconnecting costs more than a push.
    """
    log.warning("events may have been lost: all clients connect again")
    _send_away(1 / RECONNECTS_PER_SECOND)


def _send_away(pause: float) -> None:
    for sid, eio_sid in list(socketio.server.manager.get_participants("/", None)):
        if engine_socket := socketio.server.eio.sockets.get(eio_sid):
            socketio.server.sent_away.add(sid)
            engine_socket.hang_up("the client has to connect again")
            socketio.server.sent_away.discard(sid)
            time.sleep(pause)
