"""Connections to gunicorn's workers (25.3.0) that only wait for their next request, as browsers keep some.

A worker that has to end would wait for them: a green one until they time out, `gthread` for all of its `graceful_timeout`.
"""

import contextlib
import socket
from collections.abc import Callable
from functools import partial
from typing import Any


def closer(worker: Any) -> Callable[[], None]:
    """Watch a worker, and return what closes its connections that wait for a request."""
    if type(worker).__name__ == "ThreadWorker":
        return lambda: worker.method_queue.defer(partial(_expire, worker))
    handle, handle_request = worker.handle, worker.handle_request
    waiting = set[Any]()

    def tracked(listener: Any, client: Any, address: Any) -> None:
        waiting.add(client)
        try:
            handle(listener, client, address)
        finally:
            waiting.discard(client)

    def tracked_request(listener: Any, request: Any, client: Any, address: Any) -> None:
        waiting.discard(client)
        try:
            handle_request(listener, request, client, address)
        finally:
            waiting.add(client)

    def close() -> None:
        for client in list(waiting):
            with contextlib.suppress(OSError):  # its client was faster
                client.shutdown(socket.SHUT_RDWR)

    worker.handle, worker.handle_request = tracked, tracked_request
    return close


def _expire(worker: Any) -> None:
    """Let them time out now. It runs in the worker's main thread, which looks for such connections next."""
    for connection in [*worker.keepalived_conns, *worker.pending_conns]:
        connection.timeout = 0
