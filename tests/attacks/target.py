"""The deployment under attack, and the people whom the attacks need: made when asked for, deleted in the end."""

import secrets
from functools import cached_property
from typing import Any

import pytest
import requests

from tests.attacks.watch import Watch
from tests.clients.http import Browser, Person, Site, content
from tests.clients.wire import RawSocket, Refused, Wire

SECRET_TEXT = "the vault opens at " + secrets.token_hex(8)
ROOM_TEXT = "the plan is " + secrets.token_hex(8)
UNKNOWN = "f" * 24  # an id that nothing has


class Target:
    """One deployment at ``url``; ``secret`` is its JWT_SECRET, if its owner gave it."""

    def __init__(self, url: str, secret: str | None = None) -> None:
        self.url = url.rstrip("/")
        self.secret = secret
        self.watch = Watch()
        self.site = Site(self.url, watch=self.watch)
        self.wire = Wire(self.url)
        self.people: list[Person] = []
        self._browser = Browser(self.site)

    def ask(self, method: str, path: str, token: str | None = None, **options: Any) -> requests.Response:
        """Send a request, with that token in the cookie if any; the options are those of `requests`."""
        cookie = {"Cookie": f"jwt={token}"} if token is not None else {}
        headers = {**cookie, **options.pop("headers", {})}
        return self._browser.request(method, path, token="", headers=headers, **options)

    def person(self, name: str) -> Person:
        """A person with a new account, logged in."""
        person = self.newcomer(name, f"attack-{secrets.token_hex(10)}@example.org", secrets.token_urlsafe(12))
        person.sign_up()
        return person

    def newcomer(self, name: str, email: str, password: str) -> Person:
        """A person who is about to sign up; the account is deleted in the end."""
        person = self.site.newcomer(name, email, password)
        self.people.append(person)
        return person

    def refuses_socket(self, **how: Any) -> None:
        """No socket opens that way."""
        try:
            RawSocket(self.url, watch=self.watch, **how).close()
        except Refused:
            return
        pytest.fail(f"a socket opened by {how}")

    @cached_property
    def ann(self) -> Person:
        """A user with secrets, a private room and a public one."""
        return self.person("Ann")

    @cached_property
    def bob(self) -> Person:
        """Ann's friend, and a member of her private room; no attack changes his account."""
        return self.person("Bob")

    @cached_property
    def mallory(self) -> Person:
        """A stranger with an account."""
        return self.person("Mallory")

    @cached_property
    def secret_message(self) -> dict[str, Any]:
        """What Ann wrote to Bob."""
        return self.ann.send(self.bob, SECRET_TEXT)

    @cached_property
    def private_room(self) -> str:
        """The id of Ann's and Bob's room, in which Ann has written something."""
        room = self.ann.create_room("Vault", self.bob)["_id"]
        self.ann.call("POST", f"/api/rooms/{room}/messages", {"text": ROOM_TEXT})
        return str(room)

    @cached_property
    def room_message(self) -> str:
        """The id of what Ann wrote in the private room."""
        history = self.ann.call("GET", f"/api/rooms/{self.private_room}/messages")
        return next(str(message["_id"]) for message in history if message.get("text") == ROOM_TEXT)

    @cached_property
    def public_room(self) -> str:
        """The id of Ann's room that all users may join."""
        return str(self.ann.create_room("Open house", public=True)["_id"])

    def alive(self) -> None:
        """Another user is served as ever."""
        content(self.bob.ask("GET", "/api/auth/check"))

    def clean_up(self) -> list[str]:
        """Delete all accounts; the emails of those that could not be deleted."""
        left = [person.email for person in self.people if not _gone(person)]
        self.site.close()
        return left


def texts_with(me: Person, other: Person) -> list[str]:
    """The texts of a conversation, as one side sees it."""
    return [message.get("text", "") for message in me.history(other)]


def _gone(person: Person) -> bool:
    try:
        return person.delete()
    except (requests.RequestException, AssertionError):
        return False
