"""What Prometheus asks for at ``/metrics``: how much is going on, how long it takes, what fails."""

import time
from typing import cast

from flask import Flask, Response, current_app, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from werkzeug.local import LocalProxy

from chat.lib.limits import Limits
from chat.lib.presence import Presence


class Metrics:
    """The numbers of one app; every process has its own, and Prometheus adds them up."""

    def __init__(self, presence: Presence, limits: Limits) -> None:
        self._registry = CollectorRegistry()
        self._requests = Histogram(
            "chat_http_request_seconds", "HTTP requests", ["method", "route", "status"], registry=self._registry
        )
        self._events = Counter("chat_socket_events", "Events that clients sent", ["event"], registry=self._registry)
        self._failures = Counter("chat_socket_failures", "Events that failed", ["code"], registry=self._registry)
        users = Gauge("chat_online_users", "People connected to this process", registry=self._registry)
        users.set_function(lambda: len(presence.here()))
        sockets = Gauge("chat_sockets", "Sockets connected to this process", registry=self._registry)
        sockets.set_function(limits.connections)

    def init_app(self, app: Flask) -> None:
        """Count every request of ``app``."""
        app.extensions["chat.metrics"] = self

        @app.before_request
        def start() -> None:
            g.started = time.perf_counter()

        @app.after_request
        def count(response: Response) -> Response:
            # What matches no route has no labels of its own: who invents addresses and methods must not fill the memory.
            known = (request.method, request.url_rule.rule) if request.url_rule else ("other", "other")
            seconds = time.perf_counter() - g.get("started", time.perf_counter())
            self._requests.labels(*known, response.status_code).observe(seconds)
            return response

    def count_event(self, event: str) -> None:
        """A socket has sent an event of the table."""
        self._events.labels(event).inc()

    def count_failure(self, code: str) -> None:
        """An event has failed."""
        self._failures.labels(code).inc()

    def answer(self) -> Response:
        """All numbers, in Prometheus' own format."""
        return Response(generate_latest(self._registry), content_type=CONTENT_TYPE_LATEST)


metrics = cast(Metrics, LocalProxy(lambda: current_app.extensions["chat.metrics"]))
