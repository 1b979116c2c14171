"""The front door: what a stranger can cost before they connect, and what no client may make the server keep."""

import base64
import json
import os
import socket
import struct
import threading
import time
import zlib
from contextlib import ExitStack, suppress
from typing import Any

import pytest
import requests

from tests.attacks import pictures
from tests.attacks.checks import attack, json_of, refused
from tests.attacks.target import Target
from tests.clients.wire import RawSocket
from tests.images import wrap

MB = 2**20
SOON = 5.0  # seconds in which others are served, also on a busy machine
POLLING = "/socket.io/?EIO=4&transport=polling"


def _alive(target: Target) -> None:
    started = time.monotonic()
    assert target.ask("GET", "/healthz").status_code == 200
    took = time.monotonic() - started
    assert took < SOON, f"/healthz took {took:.1f} seconds"


def _handshake(target: Target, *lines: str, body: bytes = b"") -> tuple[socket.socket, str]:
    """A connection that asked for a WebSocket with those headers, and the answer's head."""
    connection = target.wire.connect()
    asked = target.wire.request(
        "GET /socket.io/?EIO=4&transport=websocket", "Upgrade: websocket", "Connection: Upgrade", *lines, body=body
    )
    connection.sendall(asked)
    head = b""
    with suppress(OSError):
        while b"\r\n\r\n" not in head and (more := connection.recv(1)):
            head += more
    return connection, head.decode("latin-1")


def _key() -> str:
    return f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}"


def _frame(data: bytes, first: int = 0x81) -> bytes:
    """A masked frame; the mask is zero, so that the data stays as it is."""
    size = len(data)
    length = struct.pack("!B", 0x80 | size) if size < 126 else struct.pack("!BQ", 0x80 | 127, size)
    return bytes([first]) + length + b"\0\0\0\0" + data


def _is_cut_off(connection: socket.socket, seconds: float = SOON) -> bool:
    connection.settimeout(seconds)
    try:
        while connection.recv(65536):
            pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return True


@attack("opens 1,100 connections that say nothing, and closes them", "others are served meanwhile and afterwards")
def test_idle_connections(target: Target) -> None:
    with ExitStack() as stack:
        for _ in range(1100):
            stack.enter_context(target.wire.connect())
        _alive(target)
    _alive(target)


OLD = {
    "of 2010, by two keys": ["Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5", "Sec-WebSocket-Key2: 12998 5 Y3 1  .P00"],
    "0": [_key(), "Sec-WebSocket-Version: 0"],
    "8": [_key(), "Sec-WebSocket-Version: 8"],
    "14": [_key(), "Sec-WebSocket-Version: 14"],
}


@attack("asks for a WebSocket in version {}", "no WebSocket", lines=OLD)
def test_old_versions(target: Target, lines: list[str]) -> None:
    connection, head = _handshake(target, *lines, body=b"^n:ds[4U")
    with connection:
        assert not head.startswith("HTTP/1.1 101"), head
    _alive(target)


@attack("offers to compress, and sends a frame that grows a thousandfold", "not compressed, and cut off")
def test_deflate(target: Target) -> None:
    offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
    connection, head = _handshake(target, _key(), "Sec-WebSocket-Version: 13", offer)
    with connection:
        assert head.startswith("HTTP/1.1 101"), head
        assert "extensions" not in head.lower(), head
        packer = zlib.compressobj(9, wbits=-15)
        with suppress(OSError):
            connection.sendall(_frame(packer.compress(b"x" * 8 * MB) + packer.flush(zlib.Z_SYNC_FLUSH), 0xC1))
        assert _is_cut_off(connection)
    _alive(target)


LARGE = {
    "one frame of 100 KB": [_frame(b"x" * 100_000)],
    "one frame of 7 MB": [_frame(b"x" * 7 * MB)],
    "2,000 fragments": [_frame(b"4" + b"x" * 100, 0x01), *[_frame(b"x" * 100, 0x00)] * 2000],
}


@attack("sends {} before saying hello", "cut off, and others are served", frames=LARGE)
def test_large_before_hello(target: Target, frames: list[bytes]) -> None:
    connection, head = _handshake(target, _key(), "Sec-WebSocket-Version: 13")
    with connection:
        assert head.startswith("HTTP/1.1 101"), head
        with suppress(OSError):
            connection.sendall(b"".join(frames))
        assert _is_cut_off(connection)
    _alive(target)


class _Polling:
    """A polling session."""

    def __init__(self, target: Target, token: str | None = None) -> None:
        self._target, self._token = target, token
        opening = target.ask("GET", POLLING, token)
        self._address = f"{POLLING}&sid={json.loads(opening.text[1:])['sid']}"

    def post(self, body: str | bytes, **options: Any) -> requests.Response:
        return self._target.ask("POST", self._address, self._token, data=body, **options)

    def poll(self) -> list[str]:
        answer = self._target.ask("GET", self._address, self._token)
        assert answer.status_code == 200, answer.text[:200]
        return answer.text.split("\x1e")


@attack("posts 7 MB to a polling session before saying hello", "413 or 400, and others are served")
def test_large_post(target: Target) -> None:
    for body in ("40" + "x" * 7 * MB, "d=" + "40" + "x" * 7 * MB):
        with suppress(requests.ConnectionError):  # cut off
            assert _Polling(target).post(body).status_code in (400, 413)
        _alive(target)


@attack("asks for JSONP", "400")
def test_jsonp(target: Target) -> None:
    refused(target.ask("GET", POLLING + "&j=0"), 400)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    refused(_Polling(target, target.bob.token).post("d=40", headers=form), 400)


@attack("sends 30 events in one polling request, as a real client does", "all of them are carried out")
def test_many_packets(target: Target) -> None:
    polling = _Polling(target, target.bob.token)
    assert polling.post("40").status_code == 200
    packets = [f'42{number}["typing",{json.dumps({"to": target.ann.id})}]' for number in range(30)]
    assert polling.post("\x1e".join(packets)).status_code == 200
    answers: set[str] = set()
    end = time.monotonic() + SOON
    while len(answers) < 30 and time.monotonic() < end:
        answers |= {packet for packet in polling.poll() if packet.startswith("43")}
    assert len(answers) == 30, answers


@attack("connects while others come and go", "the first packet that comes is CONNECT")
def test_connect_first(target: Target) -> None:
    for _ in range(3):
        polling = _Polling(target, target.bob.token)
        assert polling.post("40").status_code == 200
        first = polling.poll()[0]
        assert first.startswith("40"), first


MALFORMED = {"an unknown kind": "x", "half an event": '42["typing"', "binary": "bAAAA", "an attachment": '451-["x",{}]'}


@attack("posts {} to a polling session", "400, never 200", packet=MALFORMED)
def test_malformed(target: Target, packet: str) -> None:
    polling = _Polling(target, target.bob.token)
    assert polling.post("40").status_code == 200
    refused(polling.post(packet), 400)


@attack("asks for 60 catch-ups of a long conversation and reads none of them", "cut off before they pile up")
def test_unread_answers(target: Target) -> None:
    hoarder = target.person("Hal")
    for number in range(50):
        hoarder.send(hoarder, f"{number} " + "👍" * 3900)
    with hoarder.raw_socket() as raw:
        one = len(json.dumps(raw.ask("sync", {"cursors": {}}), ensure_ascii=False).encode())
        for number in range(60):
            raw.write(f'42{900 + number}["sync",{{"cursors":{{}}}}]')
        time.sleep(2)  # a server that goes on is done by then, or keeps all of it
        read = _read_all(raw)
    assert read < 40 * one, f"all of {read / MB:.0f} MB were kept for a client that did not read"
    target.alive()


def _read_all(raw: RawSocket) -> int:
    read, plain = 0, raw.plain.sock
    assert plain is not None
    plain.settimeout(3)
    with suppress(OSError):
        while more := plain.recv(65536):
            read += len(more)
    return read


@attack("sends twelve large pictures at once", "all but a few 429 with Retry-After; others are served")
@pytest.mark.limits
def test_pictures_at_once(target: Target) -> None:
    me, heavy = target.person("Pat"), {"image": wrap(pictures.bomb(4_900))}
    answers: list[requests.Response] = []

    def send() -> None:
        answers.append(me.ask("POST", f"/api/messages/send/{me.id}", heavy, timeout=60))

    senders = [threading.Thread(target=send) for _ in range(12)]
    for sender in senders:
        sender.start()
    _alive(target)
    for sender in senders:
        sender.join()
    late = [answer for answer in answers if answer.status_code == 429]
    assert {answer.status_code for answer in answers} <= {201, 429}, [answer.text[:80] for answer in answers]
    assert late, "all were taken at once"
    assert all(answer.headers.get("Retry-After", "").isdigit() for answer in late)


@attack("moves the address by the header SCRIPT_NAME, past the rules of a proxy", "the address is what it is")
def test_script_name(target: Target) -> None:
    answer = target.wire.ask("GET /outside/api/limits", "SCRIPT_NAME: /outside", "Connection: close")
    assert "maxTextLength" not in answer.text, answer.text[:300]
    cookie = f"Cookie: jwt={target.bob.token}"
    moved = target.wire.ask("GET /outside/api/auth/check", "SCRIPT_NAME: /outside", cookie, "Connection: close")
    assert target.bob.email not in moved.text, moved.text[:300]


@attack("asks for files that are not there, and hidden ones", "404, not the page of the client")
def test_missing_files(target: Target) -> None:
    for path in ("/missing.js", "/a/b/missing.png", "/.env", "/.git/config", "/chat.db"):
        answer = target.ask("GET", path)
        assert answer.status_code == 404, f"{path}: {answer.status_code}"
        assert json_of(answer), path
