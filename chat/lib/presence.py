"""Who is online: a count of connections a user, so that several tabs and devices are one person.

A connection is told the whole list, or after its first one only what changed (`diff`). Whoever is hidden from a user, as
people are whom they block, is in neither.
"""

import json
import threading
from collections.abc import Set
from dataclasses import dataclass, field
from typing import Any, cast

from flask import current_app
from werkzeug.local import LocalProxy

from chat.events import ServerEventName
from chat.lib import realtime
from chat.lib.cluster import Cluster

BROADCAST_SECONDS = 0.1  # between two broadcasts at the least: bursts of comings and goings are told at once


@dataclass(slots=True)
class _OnlineUser:
    connections: dict[str, bool] = field(default_factory=dict)  # Socket.IO's id → whether it wants differences
    hidden: Set[str] = frozenset()


class Presence:
    """The connections of this process by user; tells everybody when the set of online users of all processes changes."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        cluster.on("presence", self._announce_soon)
        cluster.on("hidden", self._show_hidden)
        self._lock = threading.Lock()
        self._users: dict[str, _OnlineUser] = {}
        self._changed: set[str] = set()
        self._announcement = realtime.Bursts(BROADCAST_SECONDS, self._announce)

    def arrive(self, user_id: str, connection: str, hidden: Set[str], diff: bool) -> list[str]:
        """Count a connection, and return who is online for it."""
        realtime.enter(connection, _room(diff))  # before the look: rather told twice than not at all
        with self._lock:
            came_online = user_id not in self._users
            user = self._users.setdefault(user_id, _OnlineUser())
            user.connections[connection] = diff
            user.hidden = hidden
        if came_online:
            self._cluster.show(user_id, online=True)
            self._cluster.tell("presence", user_id)
        return list(self.online() - hidden)

    def leave(self, user_id: str, connection: str) -> bool:
        """Forget a connection; whether it was the user's last one on any process."""
        with self._lock:
            user = self._users.get(user_id, _OnlineUser())
            user.connections.pop(connection, None)
            went_offline = not user.connections and self._users.pop(user_id, None) is not None
        if went_offline:
            self._cluster.show(user_id, online=False)
            self._cluster.tell("presence", user_id)
        return went_offline and user_id not in self._cluster.elsewhere()

    def hide(self, user_id: str, hidden: Set[str]) -> None:
        """Set who is hidden from a user, and show it on their open connections."""
        self._cluster.tell("hidden", json.dumps([user_id, list(hidden)]))

    def here(self) -> Set[str]:
        """The ids of everybody with at least one connection to this process."""
        with self._lock:
            return set(self._users)

    def online(self) -> Set[str]:
        """The ids of everybody with at least one connection to any process."""
        return self.here() | self._cluster.elsewhere()

    def _show_hidden(self, message: str) -> None:
        user_id, hidden = json.loads(message)
        with self._lock:
            user = self._users.get(user_id)
            if user is None:
                return
            changed = user.hidden ^ set(hidden)
            user.hidden = frozenset(hidden)
        _tell_one(user, self.online(), changed)

    def _announce_soon(self, user_id: str) -> None:
        with self._lock:
            self._changed.add(user_id)
        self._announcement.run()

    def _announce(self) -> None:
        with self._lock:
            changed, self._changed = self._changed, set()
        online = self.online()
        with self._lock:
            choosy = [user for user in self._users.values() if user.hidden]
            apart = [connection for user in choosy for connection in user.connections]
        realtime.tell_room(_room(diff=False), *_news(online, changed, diff=False), except_sockets=apart)
        realtime.tell_room(_room(diff=True), *_news(online, changed, diff=True), except_sockets=apart)
        for user in choosy:
            _tell_one(user, online, changed)


def _tell_one(user: _OnlineUser, online: Set[str], changed: Set[str]) -> None:
    """What changed for a user from whom somebody is hidden, or no longer is: to them, the hidden are offline."""
    seen = online - user.hidden
    for connection, diff in list(user.connections.items()):
        realtime.tell_room(connection, *_news(seen, changed, diff))


def _news(online: Set[str], changed: Set[str], diff: bool) -> tuple[ServerEventName, Any]:
    if diff:
        return "presence", {"online": list(changed & online), "offline": list(changed - online)}
    return "getOnlineUsers", list(online)


def _room(diff: bool) -> str:
    return "presence:diff" if diff else "presence:list"


presence = cast(Presence, LocalProxy(lambda: current_app.extensions["chat.presence"]))
