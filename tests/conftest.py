"""Fixtures: an app on each store, people with accounts, and their sockets on a real server."""

import contextlib
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from flask import Flask
from hypothesis import settings
from pymongo import MongoClient
from werkzeug.routing import Rule
from werkzeug.serving import make_server

from chat import create_app
from chat.config import Config
from chat.realtime.server import socketio
from chat.store.port import AccountChange
from tests.clients.http import Browser, Person, Site
from tests.clients.sockets import Socket
from tests.clients.wsgi import in_process
from tests.services import mongo_url

MakeApp = Callable[..., Flask]
SignUp = Callable[[str], Person]
Connect = Callable[..., Socket]
STORES = ["sqlite", "mongo"]
SLOW = {  # by file or folder: real processes, a browser, or thousands of requests
    *("attacks", "browser", "realtime", "sync"),
    *("test_attack_pack", "test_cluster", "test_delivery", "test_fuzz", "test_large_room", "test_migrate", "test_seed"),
    *("test_benchmark", "test_deploy", "test_numbers", "test_servers", "test_services", "test_store_model"),
    *("test_upgrade", "test_workers"),
}
# Threads that do not end by themselves, or take a second.
LASTING = re.compile("process_request|_loop|_repeat|_send_ping|_service_task|_watch|pymongo")


class KnownRoute(Rule):
    """A route that compiles what builds its addresses once for all apps: that is most of the time that making one takes."""

    _compiled: ClassVar[dict[tuple[str, bool], Callable[..., tuple[str, str]]]] = {}

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        key = self.rule, append_unknown
        if key not in self._compiled:
            self._compiled[key] = super()._compile_builder(append_unknown)
        return self._compiled[key]


Flask.url_rule_class = KnownRoute
settings.load_profile("ci")  # the same generated examples each time; tests/fuzz.py looks for the rare ones


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is slow, and let it come first: in the end, no process should be left with a long test."""
    for item in items:
        if {item.path.stem, item.path.parent.name} & SLOW:
            item.add_marker("slow")
    items.sort(key=lambda item: "slow" not in item.keywords)


@pytest.fixture(scope="session")
def mongo() -> Iterator[str]:
    """The address of a MongoDB server, without a database."""
    with mongo_url() as url:
        yield url


@contextlib.contextmanager
def _settings(request: pytest.FixtureRequest, folder: Path) -> Iterator[Config]:
    """Settings for an empty store of the kind that a fixture's parameter names."""
    settings = Config(
        jwt_secret="x" * 48,
        data_dir=folder,
        rate_limits=False,
        frontend_dist=folder / "none",
        bcrypt_cost=4,  # bcrypt's lowest: tests should spend their time on what they test
    )
    if request.param == "sqlite":
        yield settings
        return
    address = request.getfixturevalue("mongo")
    database = f"chat_{uuid.uuid4().hex}"
    yield replace(settings, mongo_url=f"{address}/{database}")
    with MongoClient[dict[str, Any]](address) as client:
        client.drop_database(database)


@pytest.fixture(params=STORES)
def config(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Config]:
    """Settings for an empty store of each kind."""
    with _settings(request, tmp_path) as settings:
        yield settings


@pytest.fixture(scope="session", params=STORES)
def shared_site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An app on each store that many tests share, each with users of its own: an app and a store for each costs more
    than most tests. It serves requests, and no sockets."""
    with _settings(request, tmp_path_factory.mktemp("shared")) as settings:
        app = create_app(settings)
        yield in_process(app)
        app.extensions["chat"].store.close()


@pytest.fixture
def make_app(config: Config) -> Iterator[MakeApp]:
    """Make an app with other settings: ``make_app(max_sessions=3)``."""
    with contextlib.ExitStack() as stack:

        def make(**changes: Any) -> Flask:
            app = create_app(replace(config, **changes))
            stack.callback(app.extensions["chat"].store.close)
            return app

        yield make


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    """The app on an empty store."""
    return make_app()


@pytest.fixture
def site(app: Flask) -> Site:
    """The app, to be visited without a server."""
    return in_process(app)


@pytest.fixture
def client(site: Site) -> Browser:
    """A browser that is not logged in."""
    return site.browser()


@pytest.fixture
def sign_up(site: Site) -> SignUp:
    """Make an account: ``sign_up("Ann")``."""
    return site.sign_up


@pytest.fixture
def admin(app: Flask, sign_up: SignUp) -> Person:
    """Ada, who is an admin."""
    ada = sign_up("Ada")
    app.extensions["chat"].store.users.change_account(ada.id, AccountChange(admin=True))
    return ada


@pytest.fixture
def ann(sign_up: SignUp) -> Person:
    """A user."""
    return sign_up("Ann")


@pytest.fixture
def bob(sign_up: SignUp) -> Person:
    """Another user."""
    return sign_up("Bob")


@pytest.fixture
def live(app: Flask) -> Iterator[str]:
    """The address of a real server with the app, on which real sockets connect.

    Afterwards it stops what the app does every second, and waits for what it has started: a broadcast that is due in a
    tenth of a second would reach the next test's sockets, since there is one Socket.IO server for all apps of a process.
    """
    before = set(threading.enumerate())
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    socketio.server.eio.every_tick.clear()
    end = time.monotonic() + 1
    for other in set(threading.enumerate()) - before:
        if other.is_alive() and not LASTING.search(other.name):
            other.join(max(0.0, end - time.monotonic()))


@pytest.fixture
def connect(live: str) -> Iterator[Connect]:
    """Open a socket: ``connect(ann)``, or with other ``auth`` and ``transports``."""
    with contextlib.ExitStack() as stack:

        def open_socket(person: Person | None = None, **options: Any) -> Socket:
            token = person.token if person else None
            return stack.enter_context(Socket(live, token=token, **options))

        yield open_socket
