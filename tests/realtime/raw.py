"""Clients that do what no library would: HTTP and WebSocket by hand."""

import base64
import http.client
import json
import os
import socket
import struct
from types import TracebackType
from typing import Any

from tests.realtime.conftest import Server

TIMEOUT = 15.0
PATH = "/socket.io/?EIO=4&transport="
CONTINUATION, TEXT, BINARY, CLOSE = 0, 1, 2, 8


def ask(
    server: Server,
    method: str,
    path: str,
    body: bytes | str | None = None,
    *,
    source: str = "127.0.0.1",
    **headers: str,
) -> tuple[int, Any]:
    """The status and the body of a response to a request from the address ``source``; the body as JSON, if it is."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT, source_address=(source, 0))
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        text = response.read().decode()
        is_json = (response.getheader("Content-Type") or "").startswith("application/json")
        return response.status, json.loads(text) if is_json else text
    finally:
        connection.close()


class Polling:
    """A session over polling; ``sid`` is its id."""

    def __init__(self, server: Server, **headers: str) -> None:
        self._server = server
        status, opening = ask(server, "GET", PATH + "polling", **headers)
        assert status == 200, opening
        self.sid: str = json.loads(opening[1:])["sid"]

    def post(self, body: bytes | str, **headers: str) -> tuple[int, Any]:
        return ask(self._server, "POST", f"{PATH}polling&sid={self.sid}", body, **headers)

    def poll(self, **headers: str) -> tuple[int, Any]:
        return ask(self._server, "GET", f"{PATH}polling&sid={self.sid}", **headers)

    def connect(self, token: str) -> None:
        """Connect to Socket.IO."""
        assert self.post("40" + json.dumps({"token": token})) == (200, "OK")
        assert self.poll()[1].startswith("40{")


class WebSocket:
    """A WebSocket; ``head`` is the response to its handshake."""

    def __init__(self, server: Server, query: str = "", **headers: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT)
        lines = {
            "Host": "x",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        request = [
            f"GET {PATH}websocket{query} HTTP/1.1",
            *(f"{name}: {value}" for name, value in lines.items() if value),
        ]
        self.socket.sendall("\r\n".join([*request, "", ""]).encode())
        self._file = self.socket.makefile("rb")
        self.head = b"".join(iter(self._file.readline, b"\r\n")).decode()

    def frame(
        self, data: bytes, opcode: int = TEXT, last: bool = True, rsv1: bool = False, masked: bool = True
    ) -> None:
        """Send a frame."""
        first = opcode | (0x80 if last else 0) | (0x40 if rsv1 else 0)
        size = len(data)
        flag = 0x80 if masked else 0
        if size < 126:
            head = struct.pack("!BB", first, flag | size)
        elif size < 65536:
            head = struct.pack("!BBH", first, flag | 126, size)
        else:
            head = struct.pack("!BBQ", first, flag | 127, size)
        if masked:
            key = os.urandom(4)
            pad = int.from_bytes((key * (size // 4 + 1))[:size], "big")
            data = key + (int.from_bytes(data, "big") ^ pad).to_bytes(size, "big")
        self.socket.sendall(head + data)

    def send(self, text: str) -> None:
        self.frame(text.encode())

    def receive(self) -> str | int | None:
        """The next message; the code of a closing frame; None when the connection has ended."""
        try:
            head = self._file.read(2)
            if len(head) < 2:
                return None
            size = head[1] & 127
            if size > 125:
                size = int.from_bytes(self._file.read(2 if size == 126 else 8), "big")
            data = self._file.read(size)
        except ConnectionError:
            return None
        return int.from_bytes(data[:2], "big") if head[0] & 15 == CLOSE else data.decode()

    def connect(self, token: str) -> None:
        """Connect to Socket.IO, after Engine.IO's opening packet."""
        assert str(self.receive()).startswith("0{")
        self.send("40" + json.dumps({"token": token}))
        assert str(self.receive()).startswith("40{")

    def receive_until(self, start: str) -> str:
        """The next message that starts with those characters."""
        while not (text := str(self.receive())).startswith(start):
            assert text != "None", "the connection has ended"
        return text

    def ends(self) -> bool:
        """Whether the server ends the connection."""
        try:
            while self.receive() is not None:
                pass
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        self._file.close()
        self.socket.close()

    def __enter__(self) -> "WebSocket":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
