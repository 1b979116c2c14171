"""`scripts/start --workers 2`: several processes on one machine are one chat, and start and end together."""

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

import pytest

from tests.clients.http import Site
from tests.clients.sockets import Socket
from tests.services import Service

pytestmark = pytest.mark.slow


class Workers(Service):
    """Two processes behind nginx, with a Redis of their own, on one SQLite file."""

    @property
    def url(self) -> str:
        """The address of the proxy."""
        return f"http://127.0.0.1:{self.port}"

    @cached_property
    def site(self) -> Site:
        """The server, to be visited."""
        return Site(self.url)

    def command(self) -> list[str]:
        assert shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin"), (
            "install nginx: apt-get install nginx-light"
        )
        return [sys.executable, "scripts/workers.py", "2"]

    def environment(self) -> dict[str, str]:
        programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        data = {"DATA_DIR": str(self.folder / "data"), "BCRYPT_COST": "4", "RATE_LIMITS": "off"}
        return {**os.environ, "PATH": programs, "PORT": str(self.port), "BIND": "127.0.0.1", **data}


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers() as server:
        yield server
        server.site.close()


def test_each_of_many_users_gets_a_message_whichever_process_they_are_on(workers: Workers) -> None:
    people = [workers.site.sign_up(f"P{number}") for number in range(8)]  # all on one process: one chance in 128
    room = people[0].create_room("All", *people[1:])
    with ExitStack() as stack:
        sockets = [stack.enter_context(Socket(workers.url, token=person.token)) for person in people]
        people[0].call("POST", f"/api/rooms/{room['_id']}/messages", {"text": "hello"})
        assert [socket.wait_for("new_message")["text"] for socket in sockets] == ["hello"] * 8


def test_a_client_without_websocket_gets_back_to_its_process(workers: Workers) -> None:
    ann, bob = workers.site.sign_up("Ann"), workers.site.sign_up("Bob")
    with Socket(workers.url, token=bob.token, transports=["polling"]) as socket:
        ann.send(bob, "hello")
        assert socket.wait_for("newMessage")["text"] == "hello"


def test_all_processes_end_together() -> None:
    with Workers() as server:
        group = server.pid
        assert server.log().count("Booting worker") == 2
        server.stop()
        with pytest.raises(ProcessLookupError):
            os.killpg(group, signal.SIGCONT)
