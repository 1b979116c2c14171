"""Who is online: a count of connections a user, so that several tabs and devices are one person."""

import threading
from collections import defaultdict
from typing import cast

from flask import current_app
from werkzeug.local import LocalProxy

from chat.lib import realtime

BROADCAST_SECONDS = 0.1  # between two broadcasts at the least: bursts of comings and goings are told at once


class Presence:
    """The connections of this server by user; tells everybody when the set of online users changes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connections: defaultdict[str, set[str]] = defaultdict(set)
        self._announcement = realtime.Bursts(BROADCAST_SECONDS, self._announce)

    def arrive(self, user_id: str, connection: str) -> None:
        """Count a connection."""
        with self._lock:
            self._connections[user_id].add(connection)
            came_online = len(self._connections[user_id]) == 1
        if came_online:
            self._announcement.run()

    def leave(self, user_id: str, connection: str) -> bool:
        """Forget a connection; whether it was the user's last one."""
        with self._lock:
            connections = self._connections.get(user_id, set())
            connections.discard(connection)
            went_offline = not connections and self._connections.pop(user_id, None) is not None
        if went_offline:
            self._announcement.run()
        return went_offline

    def online(self) -> list[str]:
        """The ids of everybody with at least one connection."""
        with self._lock:
            return list(self._connections)

    def _announce(self) -> None:
        realtime.tell_everybody("getOnlineUsers", self.online())


presence = cast(Presence, LocalProxy(lambda: current_app.extensions["chat.presence"]))
