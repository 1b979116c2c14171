"""The Socket.IO client: connects as browsers do, and remembers what it hears."""

import contextlib
import json
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import engineio
import requests
import socketio

WAIT = 5.0  # seconds for something that should come at once, on a machine that may be busy


class Packet(socketio.packet.Packet):  # type: ignore[misc]  # the library has no types
    """Reads and writes JSON with the standard library, also when the server in the same process does not."""

    json = json


class _Engine(engineio.Client):  # type: ignore[misc]  # the library has no types
    """Handles what comes in its order, where the library starts a thread for each packet.

    Over polling it says by itself that it closes. python-engineio 4.15 may end its writer before that has been sent, and
    would then wait for its reader, which sits in a request until the server's next ping.
    """

    def _trigger_event(self, event: str, *args: Any, **kwargs: Any) -> Any:
        return super()._trigger_event(event, *args, **{**kwargs, "run_async": False})

    def disconnect(self, abort: bool = False, reason: Any = None) -> None:
        polling, url = self.state == "connected" and self.current_transport == "polling", self.base_url
        super().disconnect(abort or polling, reason)
        if polling:
            with contextlib.suppress(requests.RequestException):
                self.http.post(url, "1", timeout=WAIT)


class _Client(socketio.Client):  # type: ignore[misc]  # the library has no types
    def _engineio_client_class(self) -> type[_Engine]:
        return _Engine


class Socket:
    """A connection to the server at ``url``, with ``token`` in the cookie. ``heard`` keeps every event in order, and
    ``hear`` is called with each. Raises socketio.exceptions.ConnectionError if the server does not let it in."""

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        auth: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        transports: list[str] | None = None,
        hear: Callable[[str, Any], None] | None = None,
        wait: float = WAIT,
    ) -> None:
        self.heard: list[tuple[str, Any]] = []
        self._hear, self._wait = hear, wait
        options = {"suppress_origin": True}  # or the library sends one of its own beside ours
        self._session = session = requests.Session()  # it sends the cookie with every request, as browsers do
        session.cookies.update({"jwt": token} if token else {})
        self.client = _Client(
            reconnection=False, serializer=Packet, http_session=session, websocket_extra_options=options
        )
        self.client.on("*", self._take)
        try:
            self.client.connect(url, headers=headers or {}, auth=auth, transports=transports, wait_timeout=wait)
        except BaseException:
            session.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def connected(self) -> bool:
        """Whether it is open."""
        return bool(self.client.connected)

    def close(self) -> None:
        """Close it."""
        self.client.disconnect()
        self._session.close()

    def ask(self, event: str, data: Any = None) -> Any:
        """Emit an event, and return what its acknowledgement says. Raises socketio.exceptions.TimeoutError."""
        return self.client.call(event, data, timeout=self._wait)

    def all(self, event: str) -> list[Any]:
        """The data of every such event so far."""
        return [data for name, data in list(self.heard) if name == event]

    def wait_for(self, event: str, matches: Callable[[Any], bool] = lambda _: True) -> Any:
        """The data of the first such event that matches, waiting for it; AssertionError if it does not come."""
        found = wait_until(lambda: [data for data in self.all(event) if matches(data)], f"{event} among {self.heard}")
        return found[0]

    def _take(self, event: str, *data: Any) -> None:
        self.heard.append((event, data[0] if data else None))
        if self._hear:
            self._hear(*self.heard[-1])


def wait_until(condition: Callable[[], Any], what: str = "it", seconds: float = WAIT) -> Any:
    """Wait until the condition is true, and return what it gave."""
    end = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < end, f"waited {seconds} s in vain for {what}"
        time.sleep(0.01)
    return result
