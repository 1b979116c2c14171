"""What `flask doctor` inspects from outside: the running server, as browsers reach it through the proxy."""

import base64
import json
import os
import ssl
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

from msgspec import Struct
from urllib3 import BaseHTTPResponse, PoolManager, Retry, Timeout
from urllib3.exceptions import HTTPError

from chat.cli.findings import Finding, Level
from chat.current import config
from chat.version import VERSION

_WAIT = Timeout(connect=5, read=20)  # seconds
_HANDSHAKE = "/socket.io/?EIO=4&transport="
_TRIES = 4  # connections, each of which a proxy may send to another process
_FAILED = (HTTPError, OSError, ValueError)


class _Site:
    """The running server at a URL."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.trusted = ssl.create_default_context()

    def request(self, method: str, path: str, **options: Any) -> BaseHTTPResponse:
        """Send a request over a connection of its own. Raises `HTTPError`."""
        with PoolManager(ssl_context=self.trusted, timeout=_WAIT, retries=Retry(0, redirect=0)) as pool:
            return pool.request(method, self.url + path, **options)


class _Check(Struct, frozen=True):
    """An inspection that raises one of `_FAILED`, what it shows if it does or doesn't, and what to change if it does."""

    run: Callable[[_Site], None]
    good: str
    bad: str
    advice: str


def inspect(url: str) -> Iterator[Finding]:
    """Everything that goes through the proxy at ``url``; if nothing answers there, only that."""
    site = _Site(url)
    for check in _CHECKS:
        try:
            check.run(site)
        except _FAILED as error:
            yield Finding(Level.FAILURE, f"{check.bad}: {error}", check.advice)
            if check is _CHECKS[0]:
                return
        else:
            yield Finding(Level.OK, check.good)


def _health(site: _Site) -> None:
    response = site.request("GET", "/healthz")
    if response.status != HTTPStatus.OK:
        raise ValueError(f"/healthz is {response.status}")
    version = json.loads(response.data).get("version")
    if version != VERSION:
        raise ValueError(f"it runs version {version}, and this is {VERSION}")


def _scheme(site: _Site) -> None:
    if config.production and not site.url.startswith("https://"):
        raise ValueError("in production the session cookie is Secure")


def _host(site: _Site) -> None:
    response = site.request("POST", "/api/auth/login", json={}, headers={"Origin": site.url})
    if response.status == HTTPStatus.FORBIDDEN:
        raise ValueError("a page of this address may not log in")


def _visitors(site: _Site) -> None:
    server = site.request("GET", "/healthz").headers.get("Server", "gunicorn")
    if not config.trusted_proxies and not server.startswith(("gunicorn", "Werkzeug")):
        raise ValueError(f"{server} is in front, and TRUSTED_PROXIES is 0")


def _bodies(site: _Site) -> None:
    body = {"padding": "x" * (config.max_request_bytes - 1000)}
    response = site.request("POST", "/api/auth/login", json=body)
    if response.status != HTTPStatus.BAD_REQUEST:
        raise ValueError(f"a body of {config.max_request_bytes // 2**20} MiB is {response.status}")


def _polling(site: _Site) -> None:
    for _ in range(_TRIES):
        opened = site.request("GET", f"{_HANDSHAKE}polling")
        session = json.loads(opened.data[1:])["sid"]
        response = site.request("POST", f"{_HANDSHAKE}polling&sid={session}", body=b"40")
        if response.status != HTTPStatus.OK:
            raise ValueError(f"the second request of a connection is {response.status}")


def _websocket(site: _Site) -> None:
    key = base64.b64encode(os.urandom(16)).decode()
    headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key}
    response = site.request("GET", f"{_HANDSHAKE}websocket", headers=headers, preload_content=False)
    response.close()
    if response.status != HTTPStatus.SWITCHING_PROTOCOLS:
        raise ValueError(f"an upgrade is {response.status}")


_CHECKS = (
    _Check(
        _health,
        "The server runs, and has this version.",
        "The chat doesn't answer at this address, or is another version",
        "nginx: proxy_pass http://127.0.0.1:3000; or restart the server after an upgrade.",
    ),
    _Check(
        _scheme,
        "Browsers keep the session cookie.",
        "Over plain HTTP, browsers don't keep the session cookie, so no one stays logged in",
        "Give the proxy a certificate, and set PUBLIC_URL=https://…",
    ),
    _Check(
        _host,
        "The proxy passes on the host and its port.",
        "Sign-up and login are refused, since the proxy doesn't pass on the host with its port",
        "nginx: proxy_set_header Host $http_host;",
    ),
    _Check(
        _visitors,
        "Visitors are told apart by their addresses.",
        "All visitors share one limit, so one who guesses passwords locks out all others",
        "TRUSTED_PROXIES=1",
    ),
    _Check(
        _bodies,
        "Photos of the largest size get through.",
        "Large photos don't get through",
        "nginx: client_max_body_size 8m;",
    ),
    _Check(
        _polling,
        "Clients without WebSocket get back to their process.",
        "Clients without WebSocket don't get back to their process",
        "nginx: ip_hash; in the upstream",
    ),
    _Check(
        _websocket,
        "WebSocket gets through.",
        "WebSocket doesn't get through, so everything is slow",
        "nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; "
        "proxy_set_header Connection $connection_upgrade;",
    ),
)
