"""The examples of `docs/clients.md` are complete: each is taken from the page as it stands, and chats on a real server."""

import itertools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.clients import http as clients
from tests.clients.http import PASSWORD
from tests.clients.sockets import wait_until
from tests.services import ChatServer

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ROOT / "tests" / "node" / "node_modules"
EXAMPLE = re.compile(r"<!-- example: (\S+) -->\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXAMPLES = dict(EXAMPLE.findall((ROOT / "docs" / "clients.md").read_text()))
PATIENCE = 30  # seconds: machines may be busy with other things

_numbers = itertools.count(1)


class Person(clients.Person):
    """A user who acts over HTTP."""

    def __init__(self, url: str, name: str) -> None:
        super().__init__(clients.Site(url), name, f"{name.lower()}{next(_numbers)}@example.org", PASSWORD)
        self.sign_up()

    def wait_for_texts(self, other: clients.Person, texts: list[str]) -> None:
        """Wait until the conversation with that user has these texts."""
        wait_until(lambda: [message["text"] for message in self.history(other)] == texts, str(texts), PATIENCE)


@pytest.fixture
def front_end(tmp_path: Path) -> Path:
    """The folder of a front end of one's own."""
    folder = tmp_path / "dist"
    folder.mkdir()
    return folder


@pytest.fixture
def server(front_end: Path) -> Iterator[ChatServer]:
    with ChatServer("flask", RATE_LIMITS="off", FRONTEND_DIST=str(front_end)) as server:
        yield server


@pytest.fixture
def people(server: ChatServer) -> tuple[Person, Person]:
    return Person(server.url, "Ann"), Person(server.url, "Bob")


@pytest.fixture
def open_page(browser: Browser, server: ChatServer) -> Iterator[Callable[..., Page]]:
    """Open the front end, logged in as a person or not. A page with an error of its own fails the test."""
    problems: list[str] = []

    def visit(person: Person | None = None) -> Page:
        context = browser.new_context(base_url=server.url)
        if person:
            context.add_cookies([{"name": "jwt", "value": person.token, "url": server.url}])
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(error.stack or error.message))
        page.set_default_timeout(PATIENCE * 1000)
        page.goto("/")
        return page

    yield visit
    assert not problems, "\n".join(problems)


def write(page: Page, text: str) -> None:
    page.get_by_label("Message").fill(text)
    page.get_by_role("button", name="Send").click()


def expect_texts(page: Page, *texts: str) -> None:
    expect(page.get_by_role("listitem")).to_have_text(list(texts), timeout=PATIENCE * 1000)


def chat_through(page: Page, ann: Person, bob: Person) -> None:
    """Ann, on the page, chats with Bob, and loses her connection meanwhile."""
    expect_texts(page, "said before")
    write(page, "hello Bob")
    expect_texts(page, "said before", "hello Bob")
    bob.send(ann, "hello Ann")
    expect_texts(page, "said before", "hello Bob", "hello Ann")
    page.context.set_offline(True)
    write(page, "written offline")
    expect(page.get_by_role("listitem").last).to_have_text(re.compile(r"written offline \((waiting|sending)\)"))
    page.context.set_offline(False)
    bob.wait_for_texts(ann, ["said before", "hello Bob", "hello Ann", "written offline"])
    expect_texts(page, "said before", "hello Bob", "hello Ann", "written offline")


def test_the_page_chats(front_end: Path, people: tuple[Person, Person], open_page: Callable[..., Page]) -> None:
    ann, bob = people
    (front_end / "index.html").write_text(EXAMPLES["index.html"])
    shutil.copy(PACKAGES / "socket.io-client" / "dist" / "socket.io.esm.min.js", front_end)
    bob.send(ann, "said before")
    page = open_page()
    page.get_by_placeholder("Email").fill(ann.email)
    page.get_by_placeholder("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_label("Chat with").get_by_role("option")).to_have_text(["Bob"])
    chat_through(page, ann, bob)


def test_the_react_hook_chats(
    tmp_path: Path, front_end: Path, people: tuple[Person, Person], open_page: Callable[..., Page]
) -> None:
    ann, bob = people
    for name in ("useChat.js", "main.jsx"):
        (tmp_path / name).write_text(EXAMPLES[name])
    bundler = PACKAGES / ".bin" / "esbuild"
    assert bundler.exists(), "Node's packages are not installed: run scripts/test"
    options = ["--bundle", "--format=esm", "--jsx=automatic", f"--alias:chat-sync={ROOT / 'chat' / 'web' / 'sync.js'}"]
    subprocess.run(
        [bundler, "main.jsx", *options, f"--outfile={front_end / 'main.js'}", "--log-level=error"],
        cwd=tmp_path,
        env={**os.environ, "NODE_PATH": str(PACKAGES)},
        check=True,
        timeout=PATIENCE,
    )
    (front_end / "index.html").write_text('<div id="root"></div><script type="module" src="/main.js"></script>')
    bob.send(ann, "said before")
    page = open_page(ann)
    expect(page.get_by_role("heading")).to_have_text("Bob")
    chat_through(page, ann, bob)


def test_the_bot_answers_each_ping_once(server: ChatServer, people: tuple[Person, Person], tmp_path: Path) -> None:
    ann, bot = people
    (tmp_path / "bot.py").write_text(EXAMPLES["bot.py"])
    account = {"CHAT_URL": server.url, "BOT_EMAIL": bot.email, "BOT_PASSWORD": PASSWORD}

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "bot.py"], cwd=tmp_path, env={**os.environ, **account})

    def ping() -> None:
        ann.send(bot, "ping")

    ping()  # before the bot is there
    process = start()
    try:
        ann.wait_for_texts(bot, ["ping", "pong"])
        ping()
        ann.wait_for_texts(bot, ["ping", "pong", "ping", "pong"])
        process.kill()
        process.wait(timeout=PATIENCE)
        (tmp_path / "cursors.json").unlink()  # as if it had been killed before it saved them
        ping()
        process = start()
        ann.wait_for_texts(bot, ["ping", "pong", "ping", "pong", "ping", "pong"])
    finally:
        process.kill()
        process.wait(timeout=PATIENCE)


def test_curl_chats(server: ChatServer, people: tuple[Person, Person], tmp_path: Path) -> None:
    for program in ("bash", "curl"):
        assert shutil.which(program), f"{program} is not installed: apt-get install {program}"
    (tmp_path / "chat.sh").write_text(EXAMPLES["chat.sh"])
    subprocess.run(
        ["bash", "-euo", "pipefail", "chat.sh"],
        cwd=tmp_path,
        env={**os.environ, "CHAT_URL": server.url},
        check=True,
        timeout=PATIENCE,
    )
    others = [(person, other) for person in people for other in person.call("GET", "/api/messages/users")]
    paths = [(person, f"/api/messages/{other['_id']}") for person, other in others if other["fullName"] == "Carl Curl"]
    heard = [[message["text"] for message in person.call("GET", path)] for person, path in paths]
    assert sorted(heard) == [[], ["hello from curl"]]
