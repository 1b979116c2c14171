"""Fixtures: an app on each store, people who have signed up, and their sockets on a real server."""

import contextlib
import itertools
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings
from pymongo import MongoClient
from werkzeug.serving import make_server

from chat import create_app
from chat.config import Config
from chat.lib import passwords
from tests.services import mongo_url
from tests.sockets import Socket

PASSWORD = "correct horse"
MakeApp = Callable[..., Flask]
settings.load_profile(
    "ci"
)  # the same generated examples each time; what is rare is for the long runs of scripts/fuzz.py


class Person:
    """Somebody with an account and a browser that is logged in."""

    def __init__(self, app: Flask, name: str, email: str) -> None:
        self.http: FlaskClient = app.test_client()
        answer = self.http.post("/api/auth/signup", json={"fullName": name, "email": email, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        self.user: dict[str, Any] = answer.json or {}
        self.email = email
        self.id: str = self.user["_id"]

    @property
    def token(self) -> str:
        cookie = self.http.get_cookie("jwt")
        assert cookie is not None
        return cookie.value

    def another_browser(self) -> FlaskClient:
        """A second login of the same person."""
        browser = self.http.application.test_client()
        answer = browser.post("/api/auth/login", json={"email": self.email, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return browser

    def send(self, to: "Person", text: str, **fields: Any) -> dict[str, Any]:
        """Send a message that is taken; the message."""
        answer = self.http.post(f"/api/messages/send/{to.id}", json={"text": text, **fields})
        assert answer.status_code in (200, 201), answer.text
        message: dict[str, Any] = answer.json or {}
        return message


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash at bcrypt's lowest cost: what costs time in these tests should be what they test."""
    monkeypatch.setattr(passwords, "COST", 4)


@pytest.fixture(scope="session")
def mongo() -> Iterator[str]:
    """The address of a MongoDB server, without a database."""
    with mongo_url() as url:
        yield url


@pytest.fixture(params=["sqlite", "mongo"])
def config(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Config]:
    """Settings for an empty store of each kind."""
    settings = Config(jwt_secret="x" * 48, data_dir=tmp_path, rate_limits=False, frontend_dist=tmp_path / "none")
    if request.param == "sqlite":
        yield settings
        return
    address = request.getfixturevalue("mongo")
    database = f"chat_{uuid.uuid4().hex}"
    yield replace(settings, mongo_url=f"{address}/{database}")
    with MongoClient[dict[str, Any]](address) as client:
        client.drop_database(database)


@pytest.fixture
def make_app(config: Config) -> Iterator[MakeApp]:
    """Make an app with other settings: ``make_app(max_sessions=3)``."""
    with contextlib.ExitStack() as stack:

        def make(**changes: Any) -> Flask:
            app = create_app(replace(config, **changes))
            stack.callback(app.extensions["chat.store"].close)
            return app

        yield make


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    """The app on an empty store."""
    return make_app()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser that nobody has logged in with."""
    return app.test_client()


@pytest.fixture
def sign_up(app: Flask) -> Callable[[str], Person]:
    """Make an account: ``sign_up("Ann")``."""
    numbers = itertools.count(1)
    return lambda name: Person(app, name, f"{name.lower()}{next(numbers)}@example.org")


@pytest.fixture
def live(app: Flask) -> Iterator[str]:
    """The address of a real server with the app, on which real sockets connect."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def connect(live: str) -> Iterator[Callable[..., Socket]]:
    """Open a socket: ``connect(ann)``, or with other ``auth`` and ``transports``."""
    with contextlib.ExitStack() as stack:

        def open_socket(person: Person | None = None, **options: Any) -> Socket:
            token = person.token if person else None
            return stack.enter_context(Socket(live, token=token, **options))

        yield open_socket
