"""What the server does about proxies in front of it that the settings don't know."""

import logging
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)
WARNING = (
    "a request has the header X-Forwarded-For, which is ignored because TRUSTED_PROXIES is 0. If a proxy of yours sets it,"
    " all visitors share the limits of its address, and one who guesses passwords locks out all: set TRUSTED_PROXIES to the"
    " number of your proxies"
)


class UntrustedProxies:
    """Logs the first ``X-Forwarded-For`` that a WSGI application ignores."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self._logged = False

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not self._logged and "HTTP_X_FORWARDED_FOR" in environ:
            self._logged = True
            log.error(WARNING)
        return self._app(environ, start_response)
