"""Real servers around the small app of `tests.realtime.app`, on each kind of worker."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.clients.sockets import Socket
from tests.services import STALL_MS, RedisServer, Service

FOREIGN = "https://evil.example"  # an origin that may not connect
WORKERS = {
    "eventlet": ["--worker-class", "eventlet"],
    "gevent": ["--worker-class", "gevent"],
    "threads": ["--worker-class", "gthread", "--threads", "40"],
}
# The kinds of worker as parameters; what shares a server of a kind also shares a process of pytest's.
SHARED = [pytest.param(worker, marks=pytest.mark.xdist_group(f"realtime-{worker}")) for worker in WORKERS]


class Server(Service):
    """The small app on gunicorn; `worker` is a key of `WORKERS`, or "flask" for the development server."""

    def __init__(self, worker: str, **settings: str) -> None:
        super().__init__()
        self.worker = worker
        self.settings = settings
        self.ended = self.folder / "ended"
        self.ended.mkdir()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        if self.worker == "flask":
            return [sys.executable, "-m", "flask", "--app", "tests.realtime.app", "run", "--port", str(self.port)]
        bind = ["--bind", f"127.0.0.1:{self.port}", "--log-level", "warning"]
        return [sys.executable, "-m", "gunicorn", "tests.realtime.app:app", *bind, *WORKERS[self.worker]]

    def environment(self) -> dict[str, str]:
        own = {"ENDED": str(self.ended), "PYTHONUNBUFFERED": "1", "STALL_MS": STALL_MS}
        return {**os.environ, **own, **self.settings}

    def answers(self) -> bool:
        try:
            return bool(self.get("/healthz") == {"status": "alive"})
        except OSError:
            return False

    def get(self, path: str) -> Any:
        """The JSON at a path."""
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return json.load(answer)

    def post(self, path: str, body: Any = None) -> tuple[int, Any]:
        """The status and the JSON that a POST of JSON is answered with."""
        request = urllib.request.Request(
            self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def terminate(self) -> None:
        """Ask it to end, and don't wait."""
        self._tell(signal.SIGTERM)

    def reload(self) -> None:
        """Ask gunicorn to replace its worker, and don't wait."""
        self._tell(signal.SIGHUP)

    def _tell(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)  # to gunicorn only, which tells its worker

    def ended_within(self, seconds: float) -> bool:
        """Whether it ends by itself."""
        assert self._process is not None
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    @property
    def state(self) -> dict[str, Any]:
        """What the server keeps about connections."""
        state: dict[str, Any] = self.get("/state")
        return state


@pytest.fixture(scope="session")
def servers() -> Iterator[Callable[[str], Server]]:
    """The server that all tests on a kind of worker share."""
    with ExitStack() as stack:
        yield cache(lambda worker: stack.enter_context(Server(worker)))


@pytest.fixture(params=SHARED)
def any_server(request: pytest.FixtureRequest, servers: Callable[[str], Server]) -> Server:
    """The small app on each kind of worker."""
    return servers(request.param)


@pytest.fixture(params=SHARED[:1])
def server(request: pytest.FixtureRequest, servers: Callable[[str], Server]) -> Server:
    """The small app on the default kind of worker."""
    return servers(request.param)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start a server of one's own: ``start("eventlet", REDIS_URL=…)``."""
    with ExitStack() as stack:
        yield lambda worker, **settings: stack.enter_context(Server(worker, **settings))


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with RedisServer() as redis:
        yield redis


@pytest.fixture
def connect() -> Iterator[Callable[..., Socket]]:
    """Open a socket: ``connect(server, "ann.s1")``."""
    with ExitStack() as stack:

        def open_socket(server: Server, token: str, **options: Any) -> Socket:
            auth = {"token": token, **options.pop("auth", {})}
            return stack.enter_context(Socket(server.url, auth=auth, **options))

        yield open_socket
