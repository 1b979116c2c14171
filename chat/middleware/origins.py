"""Whose pages may act here: our own, and those of the origins that the settings allow.

A browser sends the cookie along with what other sites' pages ask for, unless SameSite stops it; that is one lock, and this
is the second: what changes something, and every socket, has to come from a page that may.
"""

from typing import Any

from flask import Flask, request
from flask_cors import CORS

from chat.config import Config
from chat.errors import Forbidden
from chat.lib import logs

READING = {"GET", "HEAD", "OPTIONS"}


def init_app(app: Flask, config: Config) -> None:
    """Let the allowed origins in, with their cookies, and refuse what pages of any other one try to change."""
    CORS(
        app,
        origins=list(config.client_origins),
        supports_credentials=True,
        always_send=False,
        expose_headers=["Link", "Retry-After"],
    )

    @app.before_request
    def refuse_other_sites() -> None:
        if request.method not in READING and not _may_change(config):
            logs.security("cross_site_refused", origin=request.headers.get("Origin"))
            raise Forbidden("pages of other sites may not do this", "cross_site")


def may_connect(origin: str | None, environ: dict[str, Any], config: Config) -> bool:
    """Whether a page of that origin may open a socket: our own pages, and those of the allowed origins."""
    host = environ.get("HTTP_HOST")
    return origin in (f"http://{host}", f"https://{host}", config.public_url, *config.client_origins)


def _may_change(config: Config) -> bool:
    """Whether the request comes from a page that may change something, or from no page at all.

    ``Sec-Fetch-Site`` is the browser's own word and no page can forge it. Where it is missing, as in older browsers, an
    ``Origin`` tells; programs send neither.
    """
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site in ("same-origin", "none") or (site is None and origin is None):
        return True
    return may_connect(origin, request.environ, config)
