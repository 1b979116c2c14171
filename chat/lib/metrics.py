"""Numbers for Prometheus: how much is going on, how long it takes, what fails."""

from collections.abc import Callable

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = CONTENT_TYPE_LATEST


class Metrics:
    """The numbers of one app. Each process has its own, and Prometheus adds them up."""

    def __init__(self, online_users: Callable[[], int], sockets: Callable[[], int]) -> None:
        self._registry = CollectorRegistry()
        self._requests = Histogram(
            "chat_http_request_seconds", "HTTP requests", ["method", "route", "status"], registry=self._registry
        )
        self._events = Counter("chat_socket_events", "Events that clients sent", ["event"], registry=self._registry)
        self._failures = Counter("chat_socket_failures", "Events that failed", ["code"], registry=self._registry)
        self._stalls = Counter("chat_event_loop_stalls", "What blocked everyone else", registry=self._registry)
        users = Gauge("chat_online_users", "People connected to this process", registry=self._registry)
        users.set_function(online_users)
        open_sockets = Gauge("chat_sockets", "Sockets connected to this process", registry=self._registry)
        open_sockets.set_function(sockets)

    def count_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """An HTTP request was answered."""
        self._requests.labels(method, route, status).observe(seconds)

    def count_event(self, event: str) -> None:
        """A socket sent a known event."""
        self._events.labels(event).inc()

    def count_failure(self, code: str) -> None:
        """An event failed."""
        self._failures.labels(code).inc()

    def count_stall(self) -> None:
        """Something blocked the event loop for longer than `STALL_MS`."""
        self._stalls.inc()

    def text(self) -> bytes:
        """All numbers, in Prometheus's own format (`CONTENT_TYPE`)."""
        return generate_latest(self._registry)
