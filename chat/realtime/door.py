"""Where every request comes in: what it has to be before any library sees it, and how a refusal looks."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from io import BytesIO
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import msgspec
from flask import Flask

from chat import answers
from chat.errors import BadRequestError, ChatError, CrossSiteError, MethodNotAllowedError
from chat.realtime.timelimits import has_body, is_unread, read_body, write_in_time
from chat.realtime.websocket import is_handshake

PATH = "/socket.io/"
LINGER_SECONDS = 5.0
UNFIT = "this is no request of a Socket.IO client (protocol 5, EIO=4), or its connection has ended"


class FrontDoor:
    """Sends requests below ``/socket.io/`` to Socket.IO and all others to the app, with their bodies read.

    Every refusal has the shape of all failures, also where the library refuses
    (`test_refusals_have_the_shape_of_all_failures`). No library checks a WebSocket's handshake
    (`test_a_handshake_without_a_proper_key_is_refused`).
    """

    def __init__(
        self,
        server: Any,
        app: Flask,
        check_host: Callable[[WSGIEnvironment], None],
        may_connect: Callable[[str, WSGIEnvironment], bool],
        max_request_bytes: int,
    ) -> None:
        self._server = server
        self._app = app
        self._max_request_bytes = max_request_bytes
        self._wsgi_app: WSGIApplication = app.wsgi_app
        self._check_host = check_host
        self._may_connect = may_connect

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        is_socket = environ["PATH_INFO"].startswith(PATH)
        try:
            self._check_host(environ)
            if is_socket:
                answer = self._serve_socket(environ, start_response)
            else:
                answer = self._wsgi_app(self._with_body(environ), start_response)
            return write_in_time(environ, answer)
        except ChatError as error:
            answer = self._refuse(error, environ, start_response)
            linger = 0.0 if is_socket else LINGER_SECONDS
            return write_in_time(environ, answer, linger if is_unread(environ) else None)

    def _with_body(self, environ: WSGIEnvironment) -> WSGIEnvironment:
        """Read the body before the app decides anything: it could be held back until what was decided is wrong."""
        if has_body(environ):
            body = read_body(environ, self._max_request_bytes)
            environ["wsgi.input"] = BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body))
            environ.pop("HTTP_TRANSFER_ENCODING", None)
        return environ

    def _serve_socket(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        refusals: list[str] = []

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Callable[[bytes], object]:
            if status < "400":
                return start_response(status, headers, *more)
            refusals.append(status)
            return lambda _: None

        self._check(environ)
        environ["flask.app"] = self._app
        answer: Iterable[bytes] = self._server.handle_request(environ, start)
        if refusals:
            raise MethodNotAllowedError if refusals[0].startswith("405") else BadRequestError(UNFIT)
        return answer

    def _check(self, environ: WSGIEnvironment) -> None:
        origin = environ.get("HTTP_ORIGIN")
        if origin is not None and not self._may_connect(origin, environ):
            raise CrossSiteError("pages of this origin may not connect; CLIENT_ORIGINS says which ones may")
        if environ.get("HTTP_UPGRADE", "").lower() == "websocket" and not is_handshake(environ):
            raise BadRequestError("only version 13 of the WebSocket protocol is supported")

    def _refuse(self, error: ChatError, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body = msgspec.json.encode(answers.Failure(message=error.message, code=error.code, error=error.message))
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        if error.retry_after is not None:
            headers.append(("Retry-After", str(error.retry_after)))
        if (origin := environ.get("HTTP_ORIGIN")) and self._may_connect(origin, environ):
            headers += [("Access-Control-Allow-Origin", origin), ("Access-Control-Allow-Credentials", "true")]
        start_response(f"{error.status} {HTTPStatus(error.status).phrase}", headers)
        return [body]
