"""Engine.IO's own refusals, such as an old protocol or a connection that has ended, in the one shape of all failures."""

from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from chat.config import Config
from chat.errors import HTTP_FAILURES
from chat.lib import json
from chat.middleware import origins

FOREIGN = "403 FORBIDDEN", "cross_site", "pages of this origin may not connect; CLIENT_ORIGINS says which ones may"
UNFIT = "bad_request", "this is no request of a Socket.IO client (protocol 5, EIO=4), or its connection has ended"


class Handshakes:
    """Puts our words in the place of the library's where a request below ``/socket.io/`` is refused."""

    def __init__(self, app: WSGIApplication, config: Config) -> None:
        self._app = app
        self._config = config

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not environ["PATH_INFO"].startswith("/socket.io/"):
            return self._app(environ, start_response)
        refusals: list[str] = []

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Callable[[bytes], object]:
            if status < "400":
                return start_response(status, headers, *more)
            refusals.append(status)
            return lambda _: None

        answer = self._app(environ, start)
        return self._refuse(refusals[0], environ, start_response) if refusals else answer

    def _refuse(self, status: str, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        origin = environ.get("HTTP_ORIGIN")
        foreign = origin is not None and not origins.may_connect(origin, environ, self._config)
        status, code, message = FOREIGN if foreign else (status, *HTTP_FAILURES.get(int(status[:3]), UNFIT))
        body = json.dumps({"message": message, "code": code}).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        if origin and not foreign:
            headers += [("Access-Control-Allow-Origin", origin), ("Access-Control-Allow-Credentials", "true")]
        start_response(status, headers)
        return [body]
