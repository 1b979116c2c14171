"""Whose pages can act here: our own, and those of the origins that the settings allow.

A browser sends the cookie along with requests of other sites' pages, unless SameSite stops it. That is one lock, and
this is the second: a request that changes something, and every socket, has to come from an allowed page.
"""

from wsgiref.types import WSGIEnvironment

from flask import Flask, request
from flask_cors import CORS

from chat.config import Config
from chat.errors import CrossSiteError
from chat.lib import logs

READING = {"GET", "HEAD", "OPTIONS"}


def init_app(app: Flask, config: Config) -> None:
    """Let allowed origins in, with their cookies, and refuse changes by pages of any other origin."""
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
            raise CrossSiteError


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
