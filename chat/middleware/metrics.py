"""Counts every HTTP request and how long it took."""

import time

from flask import Flask, Response, g, request

from chat.lib.metrics import Metrics


def init_app(app: Flask, metrics: Metrics) -> None:
    """Count the requests of ``app``."""

    @app.before_request
    def start() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def count(response: Response) -> Response:
        # What matches no route has no labels of its own: invented addresses and methods must not fill the memory.
        method, route = (request.method, request.url_rule.rule) if request.url_rule else ("other", "other")
        seconds = time.perf_counter() - g.get("started", time.perf_counter())
        metrics.count_request(method, route, response.status_code, seconds)
        return response
