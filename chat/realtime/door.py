"""What a request below ``/socket.io/`` has to be before any library sees it, and how its refusal looks."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import msgspec
from flask import Flask

from chat import answers
from chat.errors import BadRequestError, ChatError, CrossSiteError, MethodNotAllowedError
from chat.realtime.websocket import is_handshake

PATH = "/socket.io/"
UNFIT = "this is no request of a Socket.IO client (protocol 5, EIO=4), or its connection has ended"


class FrontDoor:
    """Sends requests below ``/socket.io/`` to Socket.IO and all others to the app.

    Every refusal has the shape of all failures, also where the library refuses.
    """

    def __init__(self, server: Any, app: Flask, may_connect: Callable[[str, WSGIEnvironment], bool]) -> None:
        self._server = server
        self._app = app
        self._wsgi_app: WSGIApplication = app.wsgi_app
        self._may_connect = may_connect

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not environ["PATH_INFO"].startswith(PATH):
            return self._wsgi_app(environ, start_response)
        refusals: list[str] = []

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Callable[[bytes], object]:
            if status < "400":
                return start_response(status, headers, *more)
            refusals.append(status)
            return lambda _: None

        try:
            self._check(environ)
            answer: Iterable[bytes] = self._server.handle_request({**environ, "flask.app": self._app}, start)
        except ChatError as error:
            return self._refuse(error, environ, start_response)
        if not refusals:
            return answer
        refusal = MethodNotAllowedError() if refusals[0].startswith("405") else BadRequestError(UNFIT)
        return self._refuse(refusal, environ, start_response)

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
        if (origin := environ.get("HTTP_ORIGIN")) and not isinstance(error, CrossSiteError):
            headers += [("Access-Control-Allow-Origin", origin), ("Access-Control-Allow-Credentials", "true")]
        start_response(f"{error.status} {HTTPStatus(error.status).phrase}", headers)
        return [body]
