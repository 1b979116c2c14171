"""The security headers that every response carries, failures and Socket.IO's polling included."""

from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.headers import Headers
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
# JSON is not a page: a browser that shows it as one runs nothing. And it belongs to one user: no cache keeps it.
DATA = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Cache-Control": "no-store"}
# For a year, in seconds, browsers use only HTTPS.
HTTPS_ONLY = {"Strict-Transport-Security": "max-age=31536000"}


class SecurityHeaders:
    """Adds the headers that are missing to every response of a WSGI application."""

    def __init__(self, app: WSGIApplication, production: bool) -> None:
        self._app = app
        self._always = {**SECURITY, **(HTTPS_ONLY if production else {})}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Callable[[bytes], object]:
            answer = Headers(headers)
            data = DATA if (answer["Content-Type"] or "").startswith("application/json") else {}
            for name, content in {**self._always, **data}.items():
                answer.setdefault(name, content)
            return start_response(status, headers, *more)

        return self._app(environ, start)
