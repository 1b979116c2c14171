"""The one emitter: everything that the server tells clients by itself goes out here.

Each socket is in a room of its user and in one of its session, so a message needs no map of who is where: it is
addressed to people, on all their devices and on every worker.
"""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from flask_socketio import SocketIO

from chat.events import FROM_CLIENT, ServerEventName

socketio = SocketIO()


def user_room(user_id: str) -> str:
    """The Socket.IO room of all sockets of a user."""
    return f"user:{user_id}"


def session_room(session_id: str) -> str:
    """The Socket.IO room of all sockets of one login."""
    return f"session:{session_id}"


def tell_users(user_ids: Iterable[str], event: ServerEventName, payload: Any, except_socket: str | None = None) -> None:
    """Emit to every socket of those users, once each; but not to the socket that caused it."""
    rooms = [user_room(user_id) for user_id in dict.fromkeys(user_ids)]
    if rooms:  # to no room at all would be to everybody
        socketio.emit(event, payload, to=rooms, skip_sid=except_socket)


def tell_room(room: str, event: ServerEventName, payload: Any, except_sockets: Sequence[str] = ()) -> None:
    """Emit to every socket in a Socket.IO room of this server, or to the one whose id it is."""
    socketio.emit(event, payload, to=room, skip_sid=list(except_sockets), ignore_queue=True)


def enter(socket_id: str, room: str) -> None:
    """Put a socket into a Socket.IO room."""
    socketio.server.enter_room(socket_id, room)


def close_sockets(session_id: str) -> None:
    """Tell the sockets that a login has on this process that it has ended, and close them."""
    room = session_room(session_id)
    tell_room(room, "sessionRevoked", {})
    for sid, _ in list(socketio.server.manager.get_participants("/", room)):
        socketio.server.disconnect(sid)


def hang_up_at_once() -> None:
    """Have a connection that breaks the protocol end without waiting for its client.

    Engine.IO waits until the client has fetched all that is left for it. One that polls no more would keep the request,
    and with it a place among the worker's connections, for ever: a few bytes each, and without any login.
    """
    engine = socketio.server.eio

    def disconnect(connection_id: str) -> None:
        connection = engine.sockets.pop(connection_id, None)
        if connection is not None:
            connection.close(wait=False, reason=engine.reason.SERVER_DISCONNECT)

    engine.disconnect = disconnect


def take_known_events_alone() -> None:
    """Let clients send the events of the table, and drop others.

    To Socket.IO "connect" and "disconnect" are events like others: a client that sends one runs what is to be done when a
    socket opens or closes, and would be counted as often as it likes, or no longer.
    """
    handle = socketio.server._handle_event

    def handle_known(connection_id: str, namespace: str | None, ack: int | None, data: Any) -> None:
        if isinstance(data, list) and data and isinstance(data[0], str) and data[0] in FROM_CLIENT:
            handle(connection_id, namespace, ack, data)

    socketio.server._handle_event = handle_known


class Bursts:
    """Joins bursts: however often `run` is asked for, ``work`` is done at most once in ``interval`` seconds."""

    def __init__(self, interval: float, work: Callable[[], None]) -> None:
        self._interval = interval
        self._work = work
        self._lock = threading.Lock()
        self._due = False
        self._last = -interval

    def run(self) -> None:
        """Do the work soon: at once where it was not done of late."""
        with self._lock:
            if self._due:
                return
            self._due = True
        socketio.start_background_task(self._run_when_due)

    def _run_when_due(self) -> None:
        socketio.sleep(max(0.0, self._last + self._interval - time.monotonic()))
        with self._lock:
            self._due = False
            self._last = time.monotonic()
        self._work()
