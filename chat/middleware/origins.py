"""Whose pages can act here: our own, and those of the origins that the settings allow.

A browser sends the cookie along with requests of other sites' pages, unless SameSite stops it. That is one lock, and
this is the second: a request that changes something, and every socket, has to come from an allowed page.
"""

import re
from urllib.parse import urlsplit
from wsgiref.types import WSGIEnvironment

from flask import Flask, request
from flask_cors import CORS

from chat.config import Config
from chat.errors import CrossSiteError, UnknownHostError
from chat.lib import logs

READING = {"GET", "HEAD", "OPTIONS"}
PROBES = {"/healthz", "/readyz", "/metrics"}  # what a container's health check or Prometheus asks for, by any address
_DEFAULT_PORT = re.compile(r":(80|443)\Z")


def init_app(app: Flask, config: Config) -> None:
    """Let allowed origins in, with their cookies, and refuse changes by pages of any other origin."""
    CORS(
        app,
        origins=[
            re.compile(re.escape(origin) + r"\Z") for origin in config.client_origins
        ],  # texts can be patterns to it
        supports_credentials=True,
        always_send=False,
        expose_headers=["Link", "Retry-After"],
    )

    @app.before_request
    def refuse_other_sites() -> None:
        if request.method not in READING and not _may_change(config):
            logs.security("cross_site_refused", origin=request.headers.get("Origin"))
            raise CrossSiteError


def require_known_host(config: Config, environ: WSGIEnvironment) -> None:
    """Raise `UnknownHostError` if PUBLIC_URL says where the chat is, and the request is for another host.

    A page whose name was made to lead here (DNS rebinding) would pass for our own. The hosts of allowed origins are fine:
    their development servers pass requests on.
    """
    if config.public_url and environ["PATH_INFO"] not in PROBES:
        known = {_host(urlsplit(origin).netloc) for origin in (config.public_url, *config.client_origins)}
        if _host(environ.get("HTTP_HOST", "")) not in known:
            raise UnknownHostError


def may_connect(config: Config, origin: str | None, environ: WSGIEnvironment) -> bool:
    """Whether a page of that origin can open a socket: our own pages, and those of the allowed origins."""
    host = environ.get("HTTP_HOST")
    return origin in (f"http://{host}", f"https://{host}", config.public_url, *config.client_origins)


def _may_change(config: Config) -> bool:
    """Whether the request comes from a page that can change something, or from no page at all.

    The browser itself sets ``Sec-Fetch-Site``, and no page can forge it. Older browsers don't send it; then ``Origin``
    tells. Programs send neither.
    """
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site in ("same-origin", "none") or (site is None and origin is None):
        return True
    return may_connect(config, origin, request.environ)


def _host(netloc: str) -> str:
    return _DEFAULT_PORT.sub("", netloc.lower())
