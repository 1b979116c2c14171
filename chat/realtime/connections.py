"""The one registry of the Socket.IO connections to this process."""

import ipaddress
import threading
from collections import Counter, defaultdict
from collections.abc import Set

from msgspec import Struct

from chat.config import Config
from chat.errors import RateLimitedError

CROWDED_RETRY = 10  # seconds: no one knows when another connection will close


class Connection(Struct, frozen=True):
    """One socket and who it belongs to."""

    socket_id: str
    user_id: str
    session_id: str | None  # None if no login is behind it (ALLOW_QUERY_USER_ID)
    address: str
    diff: bool = False  # it asked for presence as differences
    own: bool = True  # it wants the messages that its user sends from elsewhere
    expires_at: int | None = None  # seconds since 1970: when its token expires


class Connections:
    """Who is connected to this process. Thread-safe."""

    def __init__(self, config: Config) -> None:
        self._limits = (config.max_sockets_per_user, config.max_sockets_per_address) if config.rate_limits else None
        self._lock = threading.Lock()
        self._connections: dict[str, Connection] = {}
        self._by_user: defaultdict[str, set[str]] = defaultdict(set)
        self._by_session: defaultdict[str, set[str]] = defaultdict(set)
        self._by_address: Counter[str] = Counter()

    def add(self, connection: Connection) -> None:
        """Count a connection. Raises `RateLimitedError` if its user or its address has too many already."""
        network = network_of(connection.address)
        with self._lock:
            counts = len(self._by_user.get(connection.user_id, ())), self._by_address[network]
            if self._limits and any(count >= limit for count, limit in zip(counts, self._limits, strict=True)):
                raise RateLimitedError("too many connections are open already", retry_after=CROWDED_RETRY)
            self._connections[connection.socket_id] = connection
            self._by_user[connection.user_id].add(connection.socket_id)
            self._by_address[network] += 1
            if connection.session_id:
                self._by_session[connection.session_id].add(connection.socket_id)

    def remove(self, socket_id: str) -> Connection | None:
        """Forget a connection, and return it if it was there."""
        with self._lock:
            connection = self._connections.pop(socket_id, None)
            if connection is None:
                return None
            _discard(self._by_user, connection.user_id, socket_id)
            if connection.session_id:
                _discard(self._by_session, connection.session_id, socket_id)
            network = network_of(connection.address)
            self._by_address[network] -= 1
            if not self._by_address[network]:
                del self._by_address[network]
            return connection

    def get(self, socket_id: str) -> Connection | None:
        """The connection with that id, if it is open."""
        return self._connections.get(socket_id)

    def count(self) -> int:
        """The number of open connections."""
        return len(self._connections)

    def all(self) -> list[Connection]:
        """All open connections."""
        with self._lock:
            return list(self._connections.values())

    def of_user(self, user_id: str) -> list[Connection]:
        """The open connections of a user."""
        with self._lock:
            return [self._connections[socket_id] for socket_id in self._by_user.get(user_id, ())]

    def of_session(self, session_id: str) -> list[Connection]:
        """The open connections of a login."""
        with self._lock:
            return [self._connections[socket_id] for socket_id in self._by_session.get(session_id, ())]

    def user_ids(self) -> Set[str]:
        """The ids of all users with at least one open connection."""
        with self._lock:
            return set(self._by_user)

    def session_ids(self) -> Set[str]:
        """The ids of all logins with at least one open connection."""
        with self._lock:
            return set(self._by_session)


def network_of(address: str) -> str:
    """What counts as one client: an IPv4 address, or the /64 network of an IPv6 address, which one customer gets whole."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    if ip.ipv4_mapped:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((ip, 64), strict=False))


def _discard(index: defaultdict[str, set[str]], key: str, socket_id: str) -> None:
    index[key].discard(socket_id)
    if not index[key]:
        del index[key]
