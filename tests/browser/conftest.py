"""Fixtures: a real server, a real browser, and users in front of it."""

import functools
import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Playwright,
    expect,
    sync_playwright,
)

from tests.clients import http as clients
from tests.services import ROOT, ChatServer

DESKTOP = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
PLAIN_HTTP_HOST = "chat.test"  # a name of this machine that browsers don't trust as they trust localhost
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    f"--host-resolver-rules=MAP {PLAIN_HTTP_HOST} 127.0.0.1",
]
PASSWORD = clients.PASSWORD
Visit = Callable[..., Page]

expect.set_options(timeout=30_000)  # ms: the machine may be busy
_numbers = itertools.count(1)


@functools.cache
def _site(url: str) -> clients.Site:
    return clients.Site(url)


class Person(clients.Person):
    """A user who has the page open, and can also act without it."""

    def __init__(self, url: str, name: str) -> None:
        self.url = url
        number = next(_numbers)
        super().__init__(_site(url), f"{name} {number}", f"{name.lower()}{number}@example.org", PASSWORD)
        self.sign_up()

    def path_to(self, other: clients.Person) -> str:
        """Where the page shows their conversation."""
        return f"/chat/{self.conversation(other)}"

    def log_in_elsewhere(self) -> clients.Browser:
        """Log the same user in on another device."""
        return self.log_in().http


@pytest.fixture(scope="session")
def server() -> Iterator[ChatServer]:
    """A server that all tests share: each test has users of its own."""
    with ChatServer("flask", RATE_LIMITS="off") as server:
        yield server


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """The system's Chromium: the shell that draws no windows where it is installed, since it needs half the time."""
    program = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    with playwright.chromium.launch(executable_path=program, args=QUIET) as browser:
        yield browser


@pytest.fixture
def sign_up(server: ChatServer) -> Callable[[str], Person]:
    """Make an account: ``sign_up("Ann")``, whose name gets a number."""
    return lambda name: Person(server.url, name)


@pytest.fixture
def ann(sign_up: Callable[[str], Person]) -> Person:
    """The user whose page is tested."""
    return sign_up("Ann")


@pytest.fixture
def bob(sign_up: Callable[[str], Person]) -> Person:
    """Another user."""
    return sign_up("Bob")


@pytest.fixture
def admin(ann: Person, server: ChatServer) -> Person:
    """Ann, whom the server's owner has made an admin."""
    command = [str(Path(sys.executable).parent / "flask"), "user", "make-admin", ann.email]
    environment = {**os.environ, **server.environment()}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    return ann


@pytest.fixture
def visit(server: ChatServer, browser: Browser) -> Iterator[Visit]:
    """Open the page: ``visit(ann)``, or without a login; with a path, and options of a browser context.

    It has no service worker unless they say ``service_workers="allow"``: a new one loads the whole page once more.
    A test fails if the page had an error of its own or broke the content security policy.
    """
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def listen(page: Page) -> None:
        def hear(message: ConsoleMessage) -> None:
            if "Content Security Policy" in message.text:
                problems.append(message.text)

        def fail(error: Error) -> None:
            problems.append(error.stack or error.message)

        page.on("pageerror", fail)
        page.on("console", hear)

    def open_page(person: Person | None = None, path: str = "/", **options: Any) -> Page:
        context = browser.new_context(
            base_url=server.url, locale="en-GB", **{**DESKTOP, "service_workers": "block", **options}
        )
        contexts.append(context)
        context.on("page", listen)
        if person:
            context.add_cookies([{"name": "jwt", "value": person.token, "url": server.url}])
        page = context.new_page()
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not problems, "\n".join(problems)
