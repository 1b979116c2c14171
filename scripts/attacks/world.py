"""The deployment under attack, and the people whom the attacks need: made when asked for, gone in the end."""

import secrets
from collections.abc import Callable
from functools import cached_property
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests

from scripts.attacks.attacker import Attacker
from scripts.attacks.checks import Unexpected, went_well
from scripts.attacks.watch import Watch

TIMEOUT = 15.0  # seconds for one answer, also of a server that is flooded on a machine that is busy
SECRET_TEXT = "the vault opens at " + secrets.token_hex(8)
ROOM_TEXT = "the plan is " + secrets.token_hex(8)
NOBODY = "f" * 24  # an id that nothing has


class World:
    """One deployment: ``base`` is its address, ``secret`` its JWT_SECRET where its owner gave it."""

    def __init__(self, base: str, secret: str | None = None) -> None:
        self.base = base.rstrip("/")
        self.secret = secret
        parts = urlsplit(self.base)
        self.https = parts.scheme == "https"
        self.host = parts.hostname or ""
        self.port = parts.port or (443 if self.https else 80)
        self.netloc = parts.netloc
        self.watch = Watch()
        self.people: list[Attacker] = []
        self.extras: dict[str, object] = {}  # what modules keep for several of their attacks
        self._session = requests.Session()
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # each request says whose it is
        self._session.mount(self.base, requests.adapters.HTTPAdapter(pool_maxsize=32))

    def ask(self, method: str, path: str, token: str | None = None, **options: Any) -> requests.Response:
        """One request, with that token in the cookie if any; the options are those of `requests`."""
        headers = {**({"Cookie": f"jwt={token}"} if token is not None else {}), **options.pop("headers", {})}
        url = path if path.startswith("http") else self.base + path
        options = {"timeout": TIMEOUT, "allow_redirects": False, **options}
        answer = self._session.request(method, url, headers=headers, **options)
        self.watch.answer(answer)
        return answer

    def person(self, name: str) -> Attacker:
        """A new account, logged in."""
        person = self.newcomer(name, f"attack-{secrets.token_hex(10)}@example.org", secrets.token_urlsafe(12))
        person.sign_up()
        return person

    def newcomer(self, name: str, email: str, password: str) -> Attacker:
        """Somebody who is about to sign up; the account is deleted in the end."""
        person = Attacker(self, name, email, password)
        self.people.append(person)
        return person

    @cached_property
    def ann(self) -> Attacker:
        """Somebody with secrets, a private room and a public one."""
        return self.person("Ann")

    @cached_property
    def bob(self) -> Attacker:
        """Ann's friend, and a member of her private room; no attack changes his account."""
        return self.person("Bob")

    @cached_property
    def mallory(self) -> Attacker:
        """A stranger with an account."""
        return self.person("Mallory")

    @cached_property
    def secret_message(self) -> dict[str, Any]:
        """What Ann wrote to Bob alone."""
        return self.ann.send(self.bob, SECRET_TEXT)

    @cached_property
    def private_room(self) -> str:
        """The id of Ann's and Bob's room, in which Ann has said something."""
        room = self.ann.call("POST", "/api/rooms", {"name": "Vault", "members": [self.bob.id]})["_id"]
        self.ann.call("POST", f"/api/rooms/{room}/messages", {"text": ROOM_TEXT})
        return str(room)

    @cached_property
    def room_message(self) -> str:
        """The id of what Ann said in the private room."""
        history = self.ann.call("GET", f"/api/rooms/{self.private_room}/messages")
        return next(str(message["_id"]) for message in history if message.get("text") == ROOM_TEXT)

    @cached_property
    def public_room(self) -> str:
        """The id of Ann's room that everybody may join."""
        return str(self.ann.call("POST", "/api/rooms", {"name": "Open house", "public": True})["_id"])

    def alive(self) -> None:
        """Somebody else is served as ever."""
        went_well(self.bob.ask("GET", "/api/auth/check"))

    def clean_up(self) -> list[str]:
        """Delete all accounts; the emails of those which could not be."""
        return [person.email for person in self.people if not _gone(person.delete)]


def _gone(delete: Callable[[], bool]) -> bool:
    try:
        return delete()
    except (requests.RequestException, Unexpected):
        return False
