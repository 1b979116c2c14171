"""Everything that the server tells clients by itself goes out here, addressed to users rather than to sockets."""

from collections.abc import Iterable
from typing import TypeVar

import msgspec

from chat import answers, events
from chat.events import ServerEvent
from chat.realtime.connections import Connection, Connections
from chat.realtime.server import socketio

T = TypeVar("T")


class Emitter:
    """Emits events. None of its methods waits for a client or for Redis."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def to_users(
        self,
        user_ids: Iterable[str],
        event: ServerEvent[T],
        payload: T,
        *,
        skip: str | None = None,
        own: Iterable[str] = (),
    ) -> None:
        """Emit to every socket of those users on all processes, once each, but not to the socket ``skip``.

        The users in ``own`` get it only on those sockets that want what their user does elsewhere.
        """
        rooms = dict.fromkeys([*map(_user_room, user_ids), *map(_own_room, own)])
        if rooms:  # to no room at all would be to all sockets
            socketio.emit(event.name, msgspec.to_builtins(payload), to=list(rooms), skip_sid=skip)

    def to_socket(self, socket_id: str, event: ServerEvent[T], payload: T) -> None:
        """Emit to one socket of this process."""
        self.to_room(socket_id, event, payload)

    def to_room(self, room: str, event: ServerEvent[T], payload: T) -> None:
        """Emit to the sockets of this process in one of Socket.IO's rooms."""
        socketio.emit(event.name, msgspec.to_builtins(payload), to=room, ignore_queue=True)

    def enter(self, connection: Connection) -> None:
        """From now on the socket gets what is emitted to its user."""
        socketio.server.enter_room(connection.socket_id, _user_room(connection.user_id))
        if connection.own:
            socketio.server.enter_room(connection.socket_id, _own_room(connection.user_id))

    def close_session(self, session_id: str) -> None:
        """Tell the sockets that a login has on this process that it has ended, and disconnect them."""
        for connection in self._connections.of_session(session_id):
            self.close(connection)

    def close(self, connection: Connection) -> None:
        """Tell a socket of this process that its login has ended, and disconnect it."""
        self.to_socket(connection.socket_id, events.SESSION_REVOKED, answers.Nothing())
        socketio.server.disconnect(connection.socket_id)


def _user_room(user_id: str) -> str:
    return f"user:{user_id}"


def _own_room(user_id: str) -> str:
    return f"own:{user_id}"
