"""WebSocket under `flask run`."""

import contextlib
import socket
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class CloseAfterWebSocket:
    """Ends a connection whose WebSocket has ended.

    Engine.IO leaves a finished WebSocket by a ConnectionError, after which the development server waits for another
    request on that connection: the client's goodbye would wait with it for seconds, and be logged as a bad request.
    """

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        try:
            return self._app(environ, start_response)
        except ConnectionError:
            if connection := environ.get("werkzeug.socket"):
                with contextlib.suppress(OSError):  # the client may have closed it first
                    connection.shutdown(socket.SHUT_RDWR)
                    while connection.recv(4096):  # frames that came too late, up to the end that the shutdown made
                        pass
            raise
