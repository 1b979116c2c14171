"""The moments in which a socket connects or is closed: nothing comes before CONNECT, and nothing is left behind."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest

from chat.realtime.worker import DRAIN_SECONDS
from tests.clients.sockets import wait_until
from tests.realtime.conftest import SHARED, Server
from tests.realtime.raw import Polling, WebSocket

Start = Callable[..., Server]
WORKERS = ["eventlet", "gevent", "threads"]


@pytest.fixture(scope="module", params=SHARED)
def fresh(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server for which these tests can count what is left."""
    with Server(request.param) as server:
        yield server


def _is_empty(server: Server) -> bool:
    left = dict(server.state)
    return not any(left.values())


def _connect_packet(token: str) -> str:
    return "40" + json.dumps({"token": token})


def test_connect_is_the_first_packet_that_a_websocket_receives(fresh: Server) -> None:
    with WebSocket(fresh) as client:
        client.receive()
        client.send(_connect_packet("late.s1"))  # its handler joins the rooms, and takes a second to return
        wait_until(lambda: "late" in fresh.state["online"])
        fresh.post("/emit/late", {"text": "early"})
        received = [str(client.receive()) for _ in range(4)]
    assert received[0].startswith("40{")
    assert any("early" in packet for packet in received)
    wait_until(lambda: _is_empty(fresh))


def test_connect_is_the_first_packet_that_a_poll_receives(fresh: Server) -> None:
    client = Polling(fresh)
    posting = threading.Thread(target=client.post, args=(_connect_packet("late.s1"),))
    posting.start()
    wait_until(lambda: "late" in fresh.state["online"])
    fresh.post("/emit/late", {"text": "early"})
    assert client.poll()[1].startswith("40{")
    posting.join()
    client.post("1")
    wait_until(lambda: _is_empty(fresh))


@pytest.mark.parametrize("user", ["slow", "late"])
def test_a_websocket_that_closes_while_it_connects_leaves_nothing_behind(fresh: Server, user: str) -> None:
    for _ in range(3):
        with WebSocket(fresh) as client:
            client.send(_connect_packet(f"{user}.s1"))
            time.sleep(0.1)
    wait_until(lambda: _is_empty(fresh))


@pytest.mark.parametrize("user", ["slow", "late"])
def test_a_polling_session_that_closes_while_it_connects_leaves_nothing_behind(fresh: Server, user: str) -> None:
    client = Polling(fresh)
    posting = threading.Thread(target=client.post, args=(_connect_packet(f"{user}.s1"),))
    posting.start()
    wait_until(lambda: fresh.state["rooms"])
    client.post("1")
    posting.join()
    wait_until(lambda: _is_empty(fresh))


@pytest.mark.parametrize("user", ["slow", "late"])
def test_a_login_that_ends_while_a_socket_connects_takes_the_socket_along(fresh: Server, user: str) -> None:
    with WebSocket(fresh) as client:
        client.receive()
        client.send(_connect_packet(f"{user}.gone"))
        wait_until(lambda: fresh.state["rooms"])
        fresh.post("/end/gone")
        answer = client.receive()
        assert answer in (None, 1000) or str(answer).startswith("44")
        client.close()
    (fresh.ended / "gone").unlink()
    wait_until(lambda: _is_empty(fresh))


def test_a_login_that_ended_unheard_of_is_found_by_the_sweep(start: Start) -> None:
    server = start("eventlet", SWEEP_SECONDS="1")
    with WebSocket(server) as ended, WebSocket(server) as other:
        ended.connect("vera.quiet")
        other.connect("vera.s1")
        (server.ended / "quiet").touch()
        ended.receive_until('42["sessionRevoked"')
        wait_until(lambda: server.state["connections"] == 1)


def test_a_handler_can_close_the_connection_instead_of_refusing_it(fresh: Server) -> None:
    """Clients try again after a broken connection, but not after a refusal."""
    with WebSocket(fresh) as client:
        client.receive()
        client.send(_connect_packet("down.s1"))
        assert not str(client.receive()).startswith("44")
    wait_until(lambda: _is_empty(fresh))


def test_connecting_twice_is_refused_and_changes_nothing(fresh: Server) -> None:
    with WebSocket(fresh) as client:
        client.connect("walt.s1")
        client.send(_connect_packet("walt.s1"))
        client.send("40/other," + _connect_packet("walt.s1")[2:])
        client.receive_until("44/other")
        fresh.post("/emit/walt", {"text": "still here"})
        client.receive_until('42["typing"')
        assert fresh.state["connections"] == 1
    wait_until(lambda: _is_empty(fresh))


def _websocket(server: Server) -> WebSocket | None:
    """A WebSocket, unless the worker that accepted it is about to end."""
    client = WebSocket(server)
    if " 101 " in client.head:
        return client
    client.close()
    return None


def _time_of_end(client: WebSocket) -> float:
    """When the server ends the connection, by `time.monotonic`."""
    assert client.ends()
    return time.monotonic()


@pytest.mark.parametrize("worker", WORKERS)
def test_sigterm_sends_clients_away_one_after_another_and_waits_for_no_idle_connection(
    start: Start, worker: str
) -> None:
    server = start(worker)
    with ExitStack() as stack:
        clients = [stack.enter_context(WebSocket(server)) for _ in range(10)]
        for number, client in enumerate(clients):
            client.connect(f"user{number}.s1")
        Polling(server).connect("polling.s1")
        browser = stack.enter_context(closing(http.client.HTTPConnection("127.0.0.1", server.port)))
        browser.request("GET", "/healthz")
        browser.getresponse().read()  # the connection stays open, for the next request
        stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
        with ThreadPoolExecutor(10) as pool:
            ends = [pool.submit(_time_of_end, client) for client in clients]
            server.terminate()
            ended = [end.result() for end in ends]
        assert max(ended) - min(ended) > DRAIN_SECONDS / 2
        assert server.ended_within(5)  # not in gunicorn's 10 s, although no client has closed its side


def test_after_a_reload_clients_are_sent_to_the_new_worker_and_miss_nothing_there(start: Start) -> None:
    """Nothing is emitted for a socket that stays open on the old worker: until it connects again, its client knows that it
    misses something."""
    server = start("eventlet")
    with WebSocket(server) as before:
        before.connect("ann.s1")
        server.reload()
        assert before.ends()
    with wait_until(lambda: _websocket(server), seconds=20) as after:
        after.connect("ann.s1")
        for number in range(5):
            server.post("/emit/ann", {"text": f"push {number}"})
            assert f"push {number}" in after.receive_until('42["typing"')
        assert server.state["connections"] == 1
