"""The registry of connections, and what counts as one address."""

import pytest

from chat.config import Config
from chat.errors import RateLimitedError
from chat.realtime.connections import Connection, Connections, network_of
from chat.realtime.debouncer import Debouncer
from tests.clients.sockets import wait_until


def _connections(rate_limits: bool = True) -> Connections:
    config = Config(jwt_secret="x" * 48, rate_limits=rate_limits, max_sockets_per_user=2, max_sockets_per_address=3)
    return Connections(config)


def _connection(number: int, user_id: str = "ann", address: str = "192.0.2.1") -> Connection:
    return Connection(f"socket{number}", user_id, f"session{number}", address)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_ipv6_addresses_count_by_their_network(address: str, network: str) -> None:
    assert network_of(address) == network


def test_a_user_has_a_limit_that_a_closed_connection_gives_back() -> None:
    connections = _connections()
    connections.add(_connection(1))
    connections.add(_connection(2))
    with pytest.raises(RateLimitedError):
        connections.add(_connection(3))
    connections.remove("socket1")
    connections.add(_connection(3))
    assert {connection.socket_id for connection in connections.of_user("ann")} == {"socket2", "socket3"}


def test_an_ipv6_network_has_one_limit() -> None:
    connections = _connections()
    for number in range(3):
        connections.add(_connection(number, f"user{number}", f"2001:db8::{number}"))
    with pytest.raises(RateLimitedError):
        connections.add(_connection(3, "user3", "2001:db8::3"))
    connections.add(_connection(4, "user4", "2001:db8:0:1::3"))


def test_nothing_is_left_of_connections_that_were_removed() -> None:
    connections = _connections()
    connections.add(_connection(1))
    assert connections.remove("socket1") is not None
    assert connections.remove("socket1") is None
    assert connections.get("socket1") is None
    assert not connections.user_ids()
    assert not connections.session_ids()
    assert connections.count() == 0


def test_without_rate_limits_there_is_none() -> None:
    connections = _connections(rate_limits=False)
    for number in range(10):
        connections.add(_connection(number))
    assert connections.count() == 10


def test_bursts_are_worked_off_at_most_once_an_interval_and_the_last_one_counts() -> None:
    asked, done = [0], [-1]
    debouncer = Debouncer(0.05, lambda: done.append(asked[0]))
    for number in range(1000):
        asked[0] = number
        debouncer.run()
    wait_until(lambda: done[-1] == 999)
    assert len(done) < 100
