"""What a stranger may do before they connect, and what no client may: on each kind of worker."""

import contextlib
import json
import socket
import subprocess
import time
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from tests.clients.sockets import Socket, wait_until
from tests.realtime.conftest import FOREIGN, Server
from tests.realtime.raw import BINARY, CONTINUATION, PATH, TEXT, Polling, WebSocket, ask

Start = Callable[..., Server]
KB, MB = 2**10, 2**20
STRANGER_BYTES, MAX_BYTES = 64 * KB, 2 * MB
WORKERS = ["eventlet", "gevent", "threads"]


def _echo(text: str) -> str:
    return "421" + json.dumps(["echo", text])


def _is_failure(answer: Any) -> bool:
    return isinstance(answer, dict) and answer.keys() == {"message", "code", "error"}


@pytest.mark.parametrize("version", ["", "0", "8", "14", "x"])
def test_only_version_13_of_the_websocket_protocol_is_spoken(any_server: Server, version: str) -> None:
    with WebSocket(any_server, Sec_WebSocket_Version=version) as client:
        assert client.head.startswith("HTTP/1.1 400")


@pytest.mark.parametrize("key", ["", "short", "x" * 24, "é"])
def test_a_handshake_without_a_proper_key_is_refused(any_server: Server, key: str) -> None:
    with WebSocket(any_server, Sec_WebSocket_Key=key) as client:
        assert client.head.startswith("HTTP/1.1 400")


def test_no_extension_is_negotiated_so_compressed_frames_end_the_connection(any_server: Server) -> None:
    with WebSocket(any_server, Sec_WebSocket_Extensions="permessage-deflate") as client:
        assert client.head.startswith("HTTP/1.1 101")
        assert "extensions" not in client.head.lower()
        client.frame(zlib.compress(b"x" * MB), rsv1=True)
        assert client.ends()


@pytest.mark.parametrize(
    "frames",
    [
        [(b"x" * (STRANGER_BYTES + 1), TEXT, True)],
        [(b"x" * 2 * MB, TEXT, True)],
        [(b"4", TEXT, False), *[(b"x" * KB, CONTINUATION, False)] * 81],
        [(b"4", TEXT, False), *[(b"", CONTINUATION, False)] * 20_000],
        [(b"4", TEXT, False), *[(b"x" * 50, CONTINUATION, False)] * 200],
        [(b"4", BINARY, True)],
        [(b"\xff", TEXT, True)],
        [(b"x", CONTINUATION, True)],
        [(b"40", 3, True)],
    ],
    ids=[
        "too long",
        "much too long",
        "many fragments",
        "empty fragments",
        "small fragments",
        "binary",
        "not UTF-8",
        "no start",
        "opcode",
    ],
)
def test_what_a_stranger_may_not_send_ends_the_connection(any_server: Server, frames: list[Any]) -> None:
    with WebSocket(any_server) as client:
        try:
            for frame in frames:
                client.frame(*frame)
        except ConnectionError:
            return  # it has ended before everything was sent
        assert client.ends()


def test_unmasked_frames_end_the_connection(any_server: Server) -> None:
    with WebSocket(any_server) as client:
        client.frame(b'40{"token":"ann.s1"}', masked=False)
        assert client.ends()


def test_a_connected_client_may_send_large_messages_up_to_the_limit(any_server: Server) -> None:
    with WebSocket(any_server) as client:
        client.connect("max.s1")
        text = _echo("x" * MB)
        client.send(text)
        assert len(client.receive_until("431")) > MB
        middle = len(text) // 2
        client.frame(text[:middle].encode(), last=False)
        client.frame(text[middle:].encode(), CONTINUATION)
        assert len(client.receive_until("431")) > MB
        client.send(_echo("x" * MAX_BYTES))
        assert client.ends()


@pytest.mark.parametrize(
    "packet",
    ["", "4", "4x", "42", '42{"a":1}', "42[]", "42[1]", '451-["echo",{"_placeholder":true,"num":0}]', "46", "49", "44",
     "4" + "[" * 50_000, '42["echo","' + "\\", "2", "7", "x", "bAAAA", "421" + "1" * 200 + '["echo"]'],
)  # fmt: skip
@pytest.mark.parametrize("connected", [False, True])
def test_packets_that_break_the_protocol_are_400_in_one_line(server: Server, packet: str, connected: bool) -> None:
    before = server.log()
    client = Polling(server)
    if connected:
        client.connect("nina.s1")
    status, answer = client.post(packet)
    assert status == 400
    assert _is_failure(answer)
    assert client.poll()[0] == 400
    assert "Traceback" not in server.log()[len(before) :]
    with WebSocket(server) as websocket:
        websocket.send(packet)
        assert websocket.ends()
    assert "Traceback" not in server.log()[len(before) :]


def test_an_unknown_event_is_ignored(server: Server) -> None:
    client = Polling(server)
    client.connect("otto.s1")
    for event in ("connect", "disconnect", "unknown"):
        assert client.post(f'421["{event}",1]')[0] == 200
    assert client.post(_echo("here"))[0] == 200
    assert "here" in client.poll()[1]
    assert "otto" in server.state["online"]


@pytest.mark.parametrize("number", [30, 3000])
def test_one_polling_request_may_bring_as_many_packets_as_fit(any_server: Server, number: int) -> None:
    client = Polling(any_server)
    client.connect("paul.s1")
    packets = [f'42{index}["echo",{index}]' for index in range(number)]
    assert client.post("\x1e".join(packets)) == (200, "OK")
    answered = ""
    while f"43{number - 1}[" not in answered:
        answered += client.poll()[1]
    assert answered.count('{"ok":true') == number


@pytest.mark.parametrize("length", [STRANGER_BYTES + 1, MAX_BYTES])
def test_a_polling_request_of_a_stranger_is_limited(any_server: Server, length: int) -> None:
    client = Polling(any_server)
    try:
        status, answer = client.post("40" + "x" * length)
    except ConnectionError:
        pass  # refused before everything was sent
    else:
        assert status == 413
        assert _is_failure(answer)
    assert client.poll()[0] == 400


@pytest.mark.parametrize("query", ["&j=0", "&j", "&j=x"])
def test_jsonp_is_refused(any_server: Server, query: str) -> None:
    assert ask(any_server, "GET", PATH + "polling" + query)[0] == 400
    client = Polling(any_server)
    assert client.post("d=40", Content_Type="application/x-www-form-urlencoded")[0] == 400


def test_a_foreign_page_is_refused_on_every_request(any_server: Server) -> None:
    client = Polling(any_server)
    for status, answer in (
        ask(any_server, "GET", PATH + "polling", Origin=FOREIGN),
        client.post("40", Origin=FOREIGN),
        client.poll(Origin=FOREIGN),
    ):
        assert status == 403
        assert answer["code"] == "cross_site"
    with WebSocket(any_server, Origin=FOREIGN) as websocket:
        assert websocket.head.startswith("HTTP/1.1 403")


def test_refusals_have_the_shape_of_all_failures(any_server: Server) -> None:
    for method, path, expected in (
        ("GET", "/socket.io/?EIO=3&transport=polling", 400),
        ("GET", "/socket.io/", 400),
        ("GET", PATH + "smoke", 400),
        ("GET", PATH + "polling&sid=unknown", 400),
        ("POST", PATH + "polling&sid=unknown", 400),
        ("POST", PATH + "polling", 400),
        ("PUT", PATH + "polling", 405),
    ):
        status, answer = ask(any_server, method, path)
        assert (status, _is_failure(answer)) == (expected, True), (method, path, answer)


def test_a_session_opened_with_a_cookie_needs_it_on_each_request(any_server: Server) -> None:
    client = Polling(any_server, Cookie="jwt=rosa.s1")
    for cookie in ({}, {"Cookie": "jwt=sven.s1"}):
        assert client.post("40", **cookie)[0] == 401
        assert client.poll(**cookie)[0] == 401
        with WebSocket(any_server, f"&sid={client.sid}", **cookie) as websocket:
            assert websocket.head.startswith("HTTP/1.1 401")
    assert client.post("40", Cookie="jwt=rosa.s1")[0] == 200
    assert client.poll(Cookie="jwt=rosa.s1")[1].startswith("40{")


def test_a_session_opened_without_a_cookie_belongs_to_the_address_that_opened_it(any_server: Server) -> None:
    client = Polling(any_server)
    client.connect("rosa.s1")
    assert client.post('421["echo", "stolen"]', source="127.0.0.2")[0] == 401
    assert client.poll(source="127.0.0.2")[0] == 401
    assert client.post('421["echo", "mine"]') == (200, "OK")
    assert "mine" in client.poll()[1]


@pytest.mark.parametrize("worker", WORKERS)
def test_a_client_that_does_not_connect_is_closed_and_forgotten(start: Start, worker: str) -> None:
    server = start(worker, STRANGER_SECONDS="1")
    with WebSocket(server) as silent, WebSocket(server) as refused:
        polling = Polling(server)
        refused.send("40{}")
        assert silent.ends()
        assert refused.ends()
        wait_until(lambda: server.state["sessions"] == 0)
        assert polling.poll()[0] == 400
        assert server.state["strangers"] == server.state["environs"] == 0


def test_handshakes_without_connect_are_limited_for_each_address(start: Start) -> None:
    server = start("eventlet", MAX_SOCKETS_PER_ADDRESS="10", STRANGER_SECONDS="2")
    for _ in range(10):
        Polling(server)
    status, answer = ask(server, "GET", PATH + "polling")
    assert (status, answer["code"]) == (429, "rate_limited")
    wait_until(lambda: ask(server, "GET", PATH + "polling")[0] == 200)


@pytest.mark.parametrize("worker", WORKERS)
def test_a_body_that_does_not_come_ends_the_connection(start: Start, worker: str) -> None:
    server = start(worker, PIECE_SECONDS="1")
    for head in (
        f"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: {MB}\r\n\r\nx",
        "POST /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nx",
        f"POST {PATH}polling&sid={Polling(server).sid} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nx",
    ):
        with socket.create_connection(("127.0.0.1", server.port), timeout=15) as client:
            client.sendall(head.encode())
            assert not client.recv(KB).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("worker", WORKERS)
def test_a_response_that_is_not_read_ends_the_connection(start: Start, worker: str) -> None:
    server = start(worker, PIECE_SECONDS="1")
    with socket.create_connection(("127.0.0.1", server.port), timeout=15) as client:
        client.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_until(lambda: _connections(server) == 0, seconds=15)


def _connections(server: Server) -> int:
    """How many TCP connections the server has."""
    found = subprocess.run(
        ["ss", "-Htn", "state", "established", f"( sport = :{server.port} )"],
        capture_output=True,
        text=True,
        check=True,
    )
    return len(found.stdout.splitlines())


@pytest.mark.parametrize("worker", WORKERS)
def test_headers_that_do_not_end_end_the_connection(start: Start, worker: str) -> None:
    server = start(worker)
    with socket.create_connection(("127.0.0.1", server.port), timeout=15) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        assert client.recv(KB) == b""


def test_bodies_arrive_whole(any_server: Server) -> None:
    assert ask(any_server, "POST", "/body", b"x" * MAX_BYTES) == (200, {"bytes": MAX_BYTES})
    chunks = ask(any_server, "POST", "/body", iter([b"x" * KB] * 100))  # type: ignore[arg-type]
    assert chunks == (200, {"bytes": 100 * KB})
    assert ask(any_server, "POST", "/body") == (200, {"bytes": 0})
    for body in (b"x" * (MAX_BYTES + 1), iter([b"x" * MB] * 3)):
        status, answer = ask(any_server, "POST", "/body", body)  # type: ignore[arg-type]
        assert (status, answer["code"]) == (413, "too_large")


class LimitedServer(Server):
    """A server that may have few files open."""

    def command(self) -> list[str]:
        return ["prlimit", "--nofile=300:300", *super().command(), "--worker-connections", self.settings["CONNECTIONS"]]


@pytest.mark.parametrize("worker", WORKERS)
@pytest.mark.parametrize("connections", [100, 1000], ids=["fewer than files", "more than files"])
def test_too_many_connections_do_not_stop_the_server(worker: str, connections: int) -> None:
    with LimitedServer(worker, CONNECTIONS=str(connections)) as server:
        idle = [socket.create_connection(("127.0.0.1", server.port), timeout=15) for _ in range(400)]
        wait_until(server.answers, seconds=30)  # they have sent nothing, and are closed after a while
        for client in idle:
            client.close()
        assert "Traceback" not in server.log()
        assert "the worker ends" not in server.log()


@pytest.mark.parametrize("worker", ["eventlet", "gevent"])
def test_one_address_gets_a_part_of_the_connections(start: Start, worker: str) -> None:
    server = start(worker, MAX_SOCKETS_PER_ADDRESS="10")
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(WebSocket(server)) for _ in range(10)]
        for number, client in enumerate(clients):
            client.connect(f"user{number}.s1")
        clients += [stack.enter_context(WebSocket(server)) for _ in range(10)]
        assert all(client.head.startswith("HTTP/1.1 101") for client in clients)
        with pytest.raises(ConnectionError):
            ask(server, "GET", "/healthz")
    wait_until(server.answers)


@pytest.mark.parametrize("worker", WORKERS)
def test_connections_that_say_nothing_keep_no_one_out(start: Start, worker: str) -> None:
    server = start(worker)
    idle = [socket.create_connection(("127.0.0.1", server.port), timeout=15) for _ in range(150)]
    for client in idle[:75]:
        client.sendall(b"GET /healthz HT")
    started = time.monotonic()
    assert server.answers()
    assert time.monotonic() - started < 2
    for client in idle:
        client.close()


@pytest.mark.parametrize("worker", [*WORKERS, "flask"])
def test_a_client_that_does_not_read_is_closed(start: Start, worker: str) -> None:
    server = start(worker)
    with WebSocket(server) as websocket:
        websocket.connect("tina.s1")
        polling = Polling(server)
        polling.connect("tina.s2")
        for _ in range(200):
            server.post("/emit/tina", {"text": "x" * 100_000})
            if server.state["connections"] == 0:
                break
        wait_until(lambda: server.state["connections"] == 0)


@pytest.mark.parametrize("transports", [["polling"], ["websocket"]])
def test_clients_work_on_the_development_server(start: Start, transports: list[str]) -> None:
    server = start("flask")
    with Socket(server.url, auth={"token": "udo.s1"}, transports=transports) as udo:
        assert udo.ask("echo", "x" * MB) == {"ok": True, "data": "x" * MB}
    wait_until(lambda: server.state["connections"] == 0)
    assert "Traceback" not in server.log()
