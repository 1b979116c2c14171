"""What every answer carries, failures included: security headers, and CORS for the origins that may call."""

from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response
from flask_cors import CORS

from chat.config import Config

SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def init_app(app: Flask, config: Config) -> None:
    """Add the headers to every answer of ``app``."""
    CORS(
        app,
        origins=list(config.client_origins),
        supports_credentials=True,
        always_send=False,
        expose_headers=["Link", "Retry-After"],
    )

    @app.after_request
    def add_security_headers(response: Response) -> Response:
        for name, content in SECURITY.items():
            response.headers.setdefault(name, content)
        return response


def may_connect(origin: str | None, environ: dict[str, Any], client_origins: tuple[str, ...]) -> bool:
    """Whether a page of that origin may open a socket: our own pages, and those of the allowed origins."""
    return origin in client_origins or (origin is not None and urlsplit(origin).netloc == environ.get("HTTP_HOST"))
