"""What every answer carries, failures and Socket.IO's polling included: the headers that keep browsers out of trouble."""

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
# JSON is no page: a browser that shows it as one runs nothing. And it is of one person: nobody keeps it for others.
DATA = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Cache-Control": "no-store"}
# For a year, in seconds, browsers come by HTTPS alone.
HTTPS_ALONE = {"Strict-Transport-Security": "max-age=31536000"}


class SecurityHeaders:
    """Adds the headers that an answer does not have already to every answer of a WSGI application."""

    def __init__(self, app: WSGIApplication, production: bool) -> None:
        self._app = app
        self._always = {**SECURITY, **(HTTPS_ALONE if production else {})}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Callable[[bytes], object]:
            answer = Headers(headers)
            data = DATA if (answer["Content-Type"] or "").startswith("application/json") else {}
            for name, content in {**self._always, **data}.items():
                answer.setdefault(name, content)
            return start_response(status, headers, *more)

        return self._app(environ, start)
