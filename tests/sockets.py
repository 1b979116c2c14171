"""A real Socket.IO client that remembers what it hears."""

import json
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

import socketio

WAIT = 5.0  # seconds for something that should come at once, on a machine that may be busy


class Packet(socketio.packet.Packet):  # type: ignore[misc]  # the library has no types
    """Reads and writes JSON as others do, whatever the server in the same process does."""

    json = json


class Socket:
    """A connection to the server at ``url``, as the owner of ``token``; ``heard`` keeps every event in order."""

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        auth: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        transports: list[str] | None = None,
    ) -> None:
        self.heard: list[tuple[str, Any]] = []
        options = {"suppress_origin": True}  # or the library sends one of its own beside ours
        self.client = socketio.Client(reconnection=False, serializer=Packet, websocket_extra_options=options)
        self.client.on("*", lambda event, *data: self.heard.append((event, data[0] if data else None)))
        cookie = {"Cookie": f"jwt={token}"} if token else {}
        self.client.connect(url, headers={**cookie, **(headers or {})}, auth=auth, transports=transports)

    def __enter__(self) -> "Socket":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def connected(self) -> bool:
        return bool(self.client.connected)

    def close(self) -> None:
        self.client.disconnect()

    def ask(self, event: str, data: Any = None) -> Any:
        """Emit an event, and return what its acknowledgement says."""
        return self.client.call(event, data, timeout=WAIT)

    def all(self, event: str) -> list[Any]:
        """The data of every such event heard so far."""
        return [data for name, data in list(self.heard) if name == event]

    def wait_for(self, event: str, matches: Callable[[Any], bool] = lambda _: True) -> Any:
        """The data of the first such event that matches, waiting for it; AssertionError where it does not come."""
        found = wait_until(lambda: [data for data in self.all(event) if matches(data)], f"{event} among {self.heard}")
        return found[0]


def wait_until(condition: Callable[[], Any], what: str = "it", seconds: float = WAIT) -> Any:
    """Wait until the condition is true, and return what it gave."""
    end = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < end, f"waited {seconds} s in vain for {what}"
        time.sleep(0.01)
    return result
