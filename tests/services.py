"""The real parts that tests run against: servers, each its own process on a free port, stopped by who started it."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from tests.clients.http import Site

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 30.0
# What blocks the event loop of a server for so much CPU time fails the test; far above what is meant to be.
STALL_MS = "400"
STALLED = "blocked the event loop"  # in the log; not imported, for nothing that the attacks use imports the chat


def free_port() -> int:
    """A TCP port of the loopback address that is free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Service:
    """A process that serves on a port; a context manager that starts and stops it. It keeps its port and its folder, so
    that it can be killed and started again on the same data."""

    may_stall = False  # whether a test goes on that has blocked the event loop
    source = ROOT  # the folder that it is run from

    def __init__(self) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="chat-test-"))
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        """What to run."""
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        """What to run it with."""
        return dict(os.environ)

    def answers(self) -> bool:
        """Whether it serves already."""
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False

    def start(self) -> None:
        """Start it, and return when it serves. Raises RuntimeError with its log where it ends instead."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command(),
                cwd=self.source,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a group of its own, so that a kill reaches its children too
            )
        end = time.monotonic() + START_SECONDS
        while not self.answers():
            if self._process.poll() is not None or time.monotonic() > end:
                self.kill()
                raise RuntimeError(f"{self.command()} did not start:\n{self.log()}")
            time.sleep(0.05)

    @property
    def pid(self) -> int:
        """The id of its process, while it runs."""
        assert self._process is not None
        return self._process.pid

    def stop(self) -> None:
        """Ask it to end, and wait."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it with all its children, at once: SIGKILL."""
        self._signal(signal.SIGKILL)

    def pause(self) -> None:
        """Let it hang: connections stay open, nothing answers."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGSTOP)
        os.waitpid(self._process.pid, os.WUNTRACED)  # the signal is on its way: wait until it has stopped

    def resume(self) -> None:
        """Let it go on."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGCONT)

    def log(self) -> str:
        """All that it has printed."""
        return (self.folder / "log").read_text(errors="replace")

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        log = self.log()
        shutil.rmtree(self.folder, ignore_errors=True)
        if kind is None and not self.may_stall and STALLED in log:
            raise AssertionError(log)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            self._process.wait(timeout=20)
            self._process = None


class MongoServer(Service):
    """A server that speaks MongoDB's protocol. A ``durable`` one writes each commit through to the disk."""

    def __init__(self, durable: bool = False) -> None:
        super().__init__()
        self._durable = durable

    @property
    def url(self) -> str:
        """Its address, without a database."""
        return f"mongodb://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        program = Path(sys.executable).parent / "secantusd-py"
        options = ["--port", str(self.port), "--storage-path", str(self.folder / "db"), "--log-level", "WARNING"]
        return [str(program), *options, *(["--sync-on-commit"] if self._durable else [])]

    def answers(self) -> bool:
        with contextlib.suppress(PyMongoError), MongoClient[dict[str, object]](self.url, timeoutMS=1000) as client:
            client.admin.command("ping")
            return True
        return False


class RedisServer(Service):
    """A Redis server that keeps nothing."""

    @property
    def url(self) -> str:
        """Its address."""
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        program = shutil.which("redis-server")
        assert program, "redis-server is not installed: run scripts/test, or apt-get install redis-server"
        return [program, "--port", str(self.port), "--save", "", "--appendonly", "no", "--bind", "127.0.0.1"]


class ChatServer(Service):
    """The real server as people run it, with no settings but its own.

    ``kind`` is "flask", or "gunicorn", or another kind of gunicorn's workers: "gevent", "threads".
    """

    def __init__(self, kind: str, **settings: str) -> None:
        super().__init__()
        self._kind = kind
        self._settings = settings

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @cached_property
    def site(self) -> Site:
        """The server, to be visited."""
        return Site(self.url)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if "site" in self.__dict__:
            self.site.close()
        super().__exit__(kind, error, trace)

    def command(self) -> list[str]:
        if self._kind == "flask":
            return [sys.executable, "-m", "flask", "run", "--port", str(self.port)]
        worker = {"gevent": ["-k", "gevent"], "threads": ["-k", "gthread", "--threads", "40"]}.get(self._kind, [])
        return [sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{self.port}", *worker]

    def environment(self) -> dict[str, str]:
        # Every setting that a developer's .env may hold is set here, empty: the environment comes before the file.
        names = [line.split("=")[0] for line in (ROOT / ".env.example").read_text().splitlines() if "=" in line]
        empty = {name.lstrip("# ").strip(): "" for name in names}
        own = {"DATA_DIR": str(self.folder / "data"), "PORT": str(self.port), "STALL_MS": STALL_MS}
        if self._settings.get("APP_ENV") != "production":
            own["BCRYPT_COST"] = "4"  # bcrypt's lowest: tests should spend their time on what they test
        return {**os.environ, **empty, **own, **self._settings}

    def answers(self) -> bool:
        return self.get("/healthz") == 200

    def get(self, path: str) -> int | None:
        """The status of a GET; None if nothing answers."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as answer:
                status: int = answer.status
                return status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None


@contextlib.contextmanager
def mongo_url() -> Iterator[str]:
    """The address of a MongoDB server: the one that ``TEST_MONGO_URL`` names, or else one of our own."""
    if given := os.environ.get("TEST_MONGO_URL"):
        yield given.rstrip("/")
        return
    with MongoServer() as server:
        yield server.url
