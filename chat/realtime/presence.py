"""Who is online. A user is, as long as one of their connections is open, to any process.

A connection is told the whole list; or, if it asked for differences, the list once and then what changed. Users who are
hidden from a user, such as those whom they block, are in neither.
"""

import threading
import time
from collections.abc import Callable, Set
from typing import TypeVar

from chat import answers, events
from chat.events import ServerEvent
from chat.lib import threads
from chat.realtime.bus import Bus, HiddenChanged, PresenceChanged
from chat.realtime.connections import Connection, Connections
from chat.realtime.debouncer import Debouncer
from chat.realtime.emitter import Emitter
from chat.realtime.remote import RemoteUsers
from chat.realtime.server import socketio

T = TypeVar("T")
BROADCAST_SECONDS = 0.1  # between two broadcasts at least (the contract)
EXPECT_SECONDS = 10.0  # for a client that was told to connect again
LIST, DIFF = "presence:list", "presence:diff"  # rooms: who sees all users, and how they are told


class Presence:
    """The users who are online, and what connections are told about them."""

    def __init__(self, connections: Connections, bus: Bus, emitter: Emitter) -> None:
        self._connections = connections
        self._emitter = emitter
        self._bus = bus
        self._lock = threading.Lock()
        self._changed: set[str] = set()
        self._hidden: dict[str, Set[str]] = {}  # of each user here from whom anyone is hidden
        self._announcement = Debouncer(BROADCAST_SECONDS, self._announce)
        self._expected: set[str] = set()  # users who were told to connect again: until then, they stay online
        self.remote = RemoteUsers(bus, self.here, self._announce_soon)
        bus.subscribe(PresenceChanged, lambda change: self._announce_soon(change.user_id))
        bus.subscribe(HiddenChanged, self._hide)

    def connect(self, connection: Connection, hidden: Set[str]) -> list[str]:
        """Count a connection, subscribe it to what its user is sent, and return the ids of those who are online for it.

        Raises `RateLimitedError`, and then nothing is left of it.
        """
        first = connection.user_id not in self.here()
        self._connections.add(connection)
        self._expected.discard(connection.user_id)
        self._set_hidden(connection.user_id, hidden)
        self._emitter.enter(connection)
        self._place(connection)
        if first:
            self.remote.set_online(connection.user_id, True)
        return list(self.online() - hidden)

    def disconnect(self, socket_id: str) -> str | None:
        """Forget a connection. Returns the user's id if it was the user's last one on any process."""
        connection = self._connections.remove(socket_id)
        if connection is None or self._connections.of_user(connection.user_id):
            return None
        self._hidden.pop(connection.user_id, None)
        if socket_id in socketio.server.sent_away:
            self._expected.add(connection.user_id)
            threads.spawn(self._expect_no_longer, connection.user_id)
            return None
        self.remote.set_online(connection.user_id, False)
        return None if connection.user_id in self.remote.ids() else connection.user_id

    def set_hidden(self, user_id: str, hidden: Set[str]) -> None:
        """Set who is hidden from a user, and tell the user's open connections on all processes."""
        self._bus.publish(HiddenChanged(user_id, sorted(hidden)))

    def here(self) -> Set[str]:
        """The ids of all users with a connection to this process, or who were told to connect again and soon will."""
        return self._connections.user_ids() | self._expected

    def online(self) -> Set[str]:
        """The ids of all users with a connection to any process."""
        return self.here() | self.remote.ids()

    def tell_all(self, event: ServerEvent[T], payload: Callable[[Set[str]], T | None]) -> None:
        """Emit to all sockets of this process ``payload(hidden)``, by the ids of those who are hidden from the user.

        If it is None, that user gets nothing: an empty event would say that one of the hidden did something.
        """
        rooms = [(room, frozenset[str]()) for room in (LIST, DIFF)]
        hiding = list(self._hidden.items())
        rooms += [(one.socket_id, frozenset(hidden)) for id, hidden in hiding for one in self._connections.of_user(id)]
        for room, hidden in rooms:
            if (seen := payload(hidden)) is not None:
                self._emitter.to_room(room, event, seen)

    def _expect_no_longer(self, user_id: str) -> None:
        time.sleep(EXPECT_SECONDS)
        if user_id in self._expected:
            self._expected.discard(user_id)
            self.remote.set_online(user_id, False)

    def _hide(self, change: HiddenChanged) -> None:
        connections = self._connections.of_user(change.user_id)
        if not connections:
            return
        before, hidden = self._hidden.get(change.user_id, frozenset()), frozenset(change.hidden)
        self._set_hidden(change.user_id, hidden)
        for connection in connections:
            self._place(connection)
        self._tell(change.user_id, self.online(), before ^ hidden)

    def _set_hidden(self, user_id: str, hidden: Set[str]) -> None:
        if hidden:
            self._hidden[user_id] = hidden
        else:
            self._hidden.pop(user_id, None)

    def _place(self, connection: Connection) -> None:
        """Put a connection into the room of those who are all told the same, unless its user must not see all users."""
        room = DIFF if connection.diff else LIST
        if connection.user_id in self._hidden:
            socketio.server.leave_room(connection.socket_id, room)
        else:
            socketio.server.enter_room(connection.socket_id, room)

    def _announce_soon(self, user_id: str) -> None:
        with self._lock:
            self._changed.add(user_id)
        self._announcement.run()

    def _announce(self) -> None:
        with self._lock:
            changed, self._changed = self._changed, set()
        online = self.online()
        self._emitter.to_room(LIST, events.ONLINE_USERS, list(online))
        self._emitter.to_room(DIFF, events.PRESENCE, _difference(online, changed))
        for user_id in list(self._hidden):
            self._tell(user_id, online, changed)

    def _tell(self, user_id: str, online: Set[str], changed: Set[str]) -> None:
        """Tell a user from whom others are hidden: for this user, the hidden are offline."""
        seen = online - self._hidden.get(user_id, frozenset())
        for connection in self._connections.of_user(user_id):
            if connection.diff:
                self._emitter.to_socket(connection.socket_id, events.PRESENCE, _difference(seen, changed))
            else:
                self._emitter.to_socket(connection.socket_id, events.ONLINE_USERS, list(seen))


def _difference(online: Set[str], changed: Set[str]) -> answers.PresenceChange:
    return answers.PresenceChange(online=list(changed & online), offline=list(changed - online))
