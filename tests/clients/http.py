"""The HTTP client: a site, a browser that visits it, and a person with an account on it."""

import itertools
import secrets
from http.cookiejar import DefaultCookiePolicy
from types import TracebackType
from typing import Any, Protocol, Self

import requests
from requests import Response
from requests.adapters import HTTPAdapter

from tests.clients.sockets import Socket
from tests.clients.wire import RawSocket

PASSWORD = "correct horse"
TIMEOUT = 15.0  # seconds for one answer, also from a server that is busy
_numbers = itertools.count(1)
_run = secrets.token_hex(4)


class Watch(Protocol):
    """Looks at everything that a server sends."""

    def answer(self, answer: Response) -> None:
        """Look at an answer over HTTP."""

    def text(self, text: str, where: str) -> None:
        """Look at a text that came by ``where``."""


class Site:
    """A chat server at ``url``. ``adapter`` carries the requests in place of the network; ``watch`` sees all answers."""

    def __init__(self, url: str, adapter: HTTPAdapter | None = None, watch: Watch | None = None) -> None:
        self.url = url.rstrip("/")
        self.watch = watch
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # each browser keeps its own
        self.session.mount(self.url, adapter or HTTPAdapter(pool_maxsize=32))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self.session.close()

    def send(self, method: str, url: str, **options: Any) -> Response:
        """Send a request; ``options`` are those of `requests`, which would resolve the dots of a path: here they stay."""
        told = {name: options.pop(name) for name in ("timeout", "allow_redirects", "stream") if name in options}
        request = self.session.prepare_request(requests.Request(method, url, **options))
        path, query = url.partition("?")[::2]
        if "/." in path.partition("://")[2]:
            request.url = f"{path}{'?' if query else ''}{query}"
        answer = self.session.send(request, **told)
        if self.watch:
            self.watch.answer(answer)
        return answer

    def browser(self, token: str = "") -> "Browser":
        """A browser, logged in if it has a token."""
        return Browser(self, token)

    def newcomer(self, name: str, email: str | None = None, password: str = PASSWORD) -> "Person":
        """A person without an account yet. Without an email, they get one that no one else has."""
        return Person(self, name, email or f"{name.lower()}{next(_numbers)}-{_run}@example.org", password)

    def sign_up(self, name: str, email: str | None = None, password: str = PASSWORD) -> "Person":
        """A person with a new account, logged in."""
        person = self.newcomer(name, email, password)
        person.sign_up()
        return person


class Browser:
    """Sends requests to a site and keeps its session cookie, `token`, as the server sets and clears it."""

    def __init__(self, site: Site, token: str = "") -> None:
        self.site = site
        self.token = token

    def request(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> Response:
        """Send a request; redirects are not followed. With a ``token``, that one is sent, and the browser keeps its own.

        ``options`` are those of `requests`.
        """
        sent = self.token if token is None else token
        cookie = {"Cookie": f"jwt={sent}"} if sent else {}
        url = path if path.startswith("http") else self.site.url + path
        options = {"timeout": TIMEOUT, "allow_redirects": False, **options}
        answer = self.site.send(method, url, json=json, headers={**cookie, **(headers or {})}, **options)
        if token is None and (found := set_token(answer)) is not None:
            self.token = found
        return answer

    def get(self, path: str, **options: Any) -> Response:
        """Send a GET request."""
        return self.request("GET", path, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> Response:
        """Send a POST request."""
        return self.request("POST", path, json, **options)

    def put(self, path: str, json: Any = None, **options: Any) -> Response:
        """Send a PUT request."""
        return self.request("PUT", path, json, **options)

    def delete(self, path: str, json: Any = None, **options: Any) -> Response:
        """Send a DELETE request."""
        return self.request("DELETE", path, json, **options)

    def options(self, path: str, **options: Any) -> Response:
        """Send an OPTIONS request."""
        return self.request("OPTIONS", path, **options)


class Person:
    """A user with a browser, `http`. `token` is that of the last login, also after the session has ended."""

    def __init__(self, site: Site, name: str, email: str, password: str) -> None:
        self.site, self.name, self.email, self.password = site, name, email, password
        self.http = site.browser()
        self.user: dict[str, Any] = {}
        self.id = self.token = ""

    def sign_up(self) -> None:
        """Make the account."""
        body = {"fullName": self.name, "email": self.email, "password": self.password}
        self._enter(self.http.post("/api/auth/signup", body))

    def log_in(self) -> "Person":
        """The same person in another browser."""
        other = Person(self.site, self.name, self.email, self.password)
        other._enter(other.http.post("/api/auth/login", {"email": self.email, "password": self.password}))
        return other

    def ask(self, method: str, path: str, json: Any = None, **options: Any) -> Response:
        """Send a request with `token`, whatever the server has done to the browser's cookie since."""
        return self.http.request(method, path, json, **{"token": self.token, **options})

    def call(self, method: str, path: str, json: Any = None) -> Any:
        """The content of the answer to a request that has to succeed."""
        return content(self.ask(method, path, json))

    def send(self, to: "Person", text: str, **fields: Any) -> dict[str, Any]:
        """Send a direct message; the message."""
        message: dict[str, Any] = self.call("POST", f"/api/messages/send/{to.id}", {"text": text, **fields})
        return message

    def create_room(self, name: str, *members: "Person", public: bool = False) -> dict[str, Any]:
        """Create a room; the room."""
        body = {"name": name, "public": public, "members": [member.id for member in members]}
        room: dict[str, Any] = self.call("POST", "/api/rooms", body)
        return room

    def history(self, other: "Person") -> list[dict[str, Any]]:
        """The messages of the direct conversation with another person."""
        messages: list[dict[str, Any]] = self.call("GET", f"/api/messages/{other.id}")
        return messages

    def conversation(self, other: "Person") -> str:
        """The id of the direct conversation with another person."""
        return "_".join(sorted((self.id, other.id)))

    def socket(self, **options: Any) -> Socket:
        """Open a socket with `token`."""
        return Socket(self.site.url, token=self.token, **options)

    def raw_socket(self, **options: Any) -> RawSocket:
        """Open a socket with `token`, to write frames by hand."""
        return RawSocket(self.site.url, **{"token": self.token, "watch": self.site.watch, **options})

    def delete(self) -> bool:
        """Delete the account; whether it is gone."""
        answer = self.ask("DELETE", "/api/auth/account", {"password": self.password})
        if answer.status_code == 401:  # the session has ended
            self.token = self.log_in().token
            answer = self.ask("DELETE", "/api/auth/account", {"password": self.password})
        return answer.status_code == 200 or "user_not_found" in answer.text

    def _enter(self, answer: Response) -> None:
        self.user = content(answer)
        self.token = self.http.token
        assert isinstance(self.user, dict), shown(answer)
        assert isinstance(self.user.get("_id"), str), shown(answer)
        assert self.token, shown(answer)
        self.id = self.user["_id"]


def content(answer: Response) -> Any:
    """The JSON of an answer that has to be a success."""
    assert answer.status_code in (200, 201), f"{answer.request.method} {answer.url}: {shown(answer)}"
    return answer.json()


def set_token(answer: Response) -> str | None:
    """The session token that an answer sets, empty if it clears it; None if it does neither."""
    for cookie in answer.raw.headers.getlist("Set-Cookie"):
        name, _, value = cookie.partition("=")
        if name == "jwt":
            return str(value.partition(";")[0])
    return None


def bearer(token: str) -> dict[str, str]:
    """The header by which a client without cookies says who it is."""
    return {"Authorization": f"Bearer {token}"}


def shown(answer: Response) -> str:
    """An answer in one line."""
    return f"{answer.status_code} {' '.join(answer.text.split()):.200}"
