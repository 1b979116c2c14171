"""Clients as the families of the Express backend's clients are, each in a browser, on both stores.

`families/index.html` behaves like each of them. What they rely on is in the table of `docs/clients.md`.
"""

import itertools
import shutil
import uuid
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.clients.http import PASSWORD, Person
from tests.services import ROOT, ChatServer

FAMILIES = Path(__file__).parent / "families"
SOCKET_IO = ROOT / "tests/node/node_modules/socket.io-client/dist/socket.io.esm.min.js"
OLD = [f"old {number}" for number in range(12)]

_numbers = itertools.count(1)


class _Quiet(SimpleHTTPRequestHandler):
    """Serves files, and writes no log."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def front_end(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the clients."""
    folder = shutil.copytree(FAMILIES, tmp_path_factory.mktemp("families") / "dist")
    shutil.copy(SOCKET_IO, folder)
    return folder


@pytest.fixture(scope="module")
def elsewhere(front_end: Path) -> Iterator[str]:
    """Another origin with the same clients."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(front_end))) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module", params=["sqlite", "mongo"])
def server(request: pytest.FixtureRequest, front_end: Path, elsewhere: str) -> Iterator[ChatServer]:
    """A server with the clients as its front end, on each store."""
    settings = {"RATE_LIMITS": "off", "FRONTEND_DIST": str(front_end), "CLIENT_ORIGINS": elsewhere}
    if request.param == "mongo":
        settings["MONGO_URL"] = f"{request.getfixturevalue('mongo')}/families_{uuid.uuid4().hex}"
    with ChatServer("flask", **settings) as server:
        yield server


@pytest.fixture
def people(server: ChatServer) -> Iterator[tuple[Person, Person]]:
    """Ann, whose client is tested, and Bob, who has written to her; no one else is there."""
    number = next(_numbers)
    ann, bob = (server.site.sign_up(name, f"{name.lower()}{number}@example.org") for name in ("Ann", "Bob"))
    for text in OLD:
        bob.send(ann, text)
    yield ann, bob
    assert ann.delete()
    assert bob.delete()


@pytest.fixture
def page(browser: Browser, server: ChatServer) -> Iterator[Page]:
    """A page without a login; a page with an error of its own fails the test."""
    problems: list[str] = []
    with browser.new_context(base_url=server.url) as context:
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(error.stack or error.message))
        yield page
    assert not problems, "\n".join(problems)


def _log_in(page: Page, email: str, password: str) -> None:
    page.locator("[name=email]").fill(email)
    page.locator("[name=password]").fill(password)
    page.get_by_role("button", name="Log in").click()


def _expect_texts(page: Page, texts: list[str]) -> None:
    expect(page.locator("#messages li")).to_have_text(texts)


@pytest.mark.parametrize("family", ["tutorial", "unfiltered", "newer", "singular", "pages", "echo", "phone"])
def test_a_client_of_each_family_chats_and_shows_each_message_once(
    server: ChatServer, elsewhere: str, people: tuple[Person, Person], page: Page, family: str
) -> None:
    ann, bob = people
    page.goto(f"{elsewhere}/?phone&server={server.url}" if family == "phone" else f"/?{family}")
    _log_in(page, ann.email, "not the password")
    expect(page.get_by_role("alert")).to_have_text("invalid credentials")
    _log_in(page, ann.email, PASSWORD)
    expect(page.locator("#people li")).to_have_text([bob.name] * (2 if family == "newer" else 1))
    expect(page).to_have_title("online")
    if family == "pages":
        _expect_texts(page, OLD[-10:])
        page.get_by_role("button", name="Older").click()
    _expect_texts(page, OLD)
    page.get_by_label("Message").fill("from the client")
    page.get_by_role("button", name="Send").click()
    _expect_texts(page, [*OLD, "from the client"])
    bob.send(ann, "to the client")
    _expect_texts(page, [*OLD, "from the client", "to the client"])
    assert [message["text"] for message in bob.history(ann)] == [*OLD, "from the client", "to the client"]
    assert bool(page.context.cookies(server.url)) == (family != "phone")
