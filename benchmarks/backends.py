"""The backends that are compared, each in its own process: ours on both stores, and one of Node's beside each."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.services import ChatServer, MongoServer, Service

FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Pair:
    """One of our servers and the peer that it is compared with, on the same kind of store."""

    store: str
    peer: str
    lacks: tuple[str, ...]  # steps that only our server could do, and so are not compared


PAIRS = (
    Pair("SQLite", "strong peer", lacks=()),
    Pair("MongoDB's protocol", "tutorial peer", lacks=("socket_send", "room", "idle")),
)


class Peer(Service):
    """A Node backend from `benchmarks/peers`."""

    def __init__(self, program: str, **settings: str) -> None:
        super().__init__()
        self._program = program
        self._settings = settings

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        return [node(), str(FOLDER / "peers" / self._program)]

    def environment(self) -> dict[str, str]:
        database = {"DB": str(self.folder / "chat.db")}
        return {**os.environ, "NODE_ENV": "production", "PORT": str(self.port), **database, **self._settings}


def node() -> str:
    """The path of the program `node`. Raises RuntimeError if it isn't installed."""
    path = shutil.which("node")
    if not path:
        raise RuntimeError("the benchmark needs Node: apt-get install nodejs npm")
    return path


def install() -> None:
    """Install the Node packages of `package.json`, unless they are there."""
    wanted, installed = FOLDER / "package.json", FOLDER / "node_modules" / ".installed"
    if installed.exists() and installed.read_text() == wanted.read_text():
        return
    npm = shutil.which("npm")
    if not npm:
        raise RuntimeError("the benchmark needs npm: apt-get install nodejs npm")
    subprocess.run(
        [npm, "install", "--prefix", FOLDER, "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"],
        check=True,
        stdout=sys.stderr,  # standard output is for the figures
    )
    installed.write_text(wanted.read_text())


@contextlib.contextmanager
def running(pairs: tuple[Pair, ...]) -> Iterator[list[dict[str, Any]]]:
    """Start both backends of each pair, and describe them as the load's plan wants it: ours, peer, ours, peer."""
    with contextlib.ExitStack() as stack:
        described = []
        for pair in pairs:
            if pair.store == "SQLite":
                settings, peer = {}, Peer("strong.mjs")
            else:
                mongo = stack.enter_context(MongoServer()).url
                settings, peer = {"MONGO_URL": f"{mongo}/ours"}, Peer("tutorial.mjs", MONGO_URL=f"{mongo}/peer")
            ours = ChatServer("gunicorn", RATE_LIMITS="off", BCRYPT_COST="10", **settings)
            for name, service in ((ours_on(pair), ours), (pair.peer, peer)):
                stack.enter_context(service)
                described.append({"name": name, "base": service.url, "pid": service.pid, "lacks": pair.lacks})
        yield described


def ours_on(pair: Pair) -> str:
    """What our server of that pair is called in results."""
    return f"ours, {pair.store}"
