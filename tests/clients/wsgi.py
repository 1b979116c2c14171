"""Carries requests to an app of this process, without a network."""

import io
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse
from werkzeug.test import Client

from tests.clients.http import Site

URL = "http://localhost"


class InProcess(HTTPAdapter):
    """Calls a WSGI app in place of a server."""

    def __init__(self, app: Callable[..., Any]) -> None:
        super().__init__()
        self._client = Client(app, use_cookies=False)

    def send(self, request: PreparedRequest, *_: Any, **__: Any) -> Response:
        """The app's answer to a request."""
        parts = urlsplit(str(request.url))
        answer = self._client.open(
            parts.path,
            base_url=f"{parts.scheme}://{parts.netloc}",
            query_string=parts.query,
            method=request.method,
            headers=list(request.headers.items()),
            data=request.body,
            environ_base={"REMOTE_ADDR": "127.0.0.1"},
            buffered=True,
        )
        found = HTTPResponse(
            io.BytesIO(answer.data),
            headers=HTTPHeaderDict(answer.headers.items()),
            status=answer.status_code,
            preload_content=False,
        )
        return self.build_response(request, found)


def in_process(app: Callable[..., Any], url: str = URL) -> Site:
    """The site that an app is, without a server, under that address."""
    return Site(url, InProcess(app))
