"""What gunicorn's workers (25.3.0) need on top; `gunicorn.conf.py` calls `harden` when a worker has started.

It is not a `worker_class` of its own: gunicorn would import this package, and with it the app, before eventlet has patched
the process, and into the master, which could then not load new code on HUP.
"""

import errno
import logging
import signal
import time
from types import FrameType
from typing import Any

from chat.lib import threads
from chat.realtime import server

log = logging.getLogger(__name__)

DRAIN_SECONDS = 0.5  # over which clients are sent away when the worker has to end
NOTICE_SECONDS = 0.1
RETRY_SECONDS = 0.1
EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.ECONNABORTED}


def harden(worker: Any) -> None:
    """Let a worker survive more connections than it may have files, and end soon after SIGTERM."""
    _drain_on_sigterm(worker)
    match type(worker).__name__:
        case "EventletWorker":
            worker.run = lambda: _run_eventlet(worker)
        case "ThreadWorker":
            accept = worker.accept
            worker.accept = lambda listener: _accept_or_wait(accept, listener)


def _drain_on_sigterm(worker: Any) -> None:
    handle_exit = worker.handle_exit

    def drain_and_exit(number: int, frame: FrameType | None) -> None:
        threads.spawn(server.drain, DRAIN_SECONDS)
        handle_exit(number, frame)

    signal.signal(signal.SIGTERM, drain_and_exit)


def _run_eventlet(worker: Any) -> None:
    """Serve until the worker has to end.

    It replaces `EventletWorker.run`, whose acceptor ends for good at the first error of `accept`, such as too many open
    files, while the worker seems to live on.
    """
    from eventlet import GreenPool, greenthread  # imported with the app under this worker only
    from eventlet.greenio import GreenSocket

    pool = GreenPool(worker.worker_connections)
    listeners = [GreenSocket(sock) for sock in worker.sockets]
    for listener in listeners:
        listener.setblocking(1)
    acceptors = [greenthread.spawn(_accept_eventlet, worker, listener, pool) for listener in listeners]
    while worker.alive and not any(acceptor.dead for acceptor in acceptors):
        worker.notify()
        time.sleep(NOTICE_SECONDS)
    if worker.alive:
        log.critical("no more connections can be accepted: the worker ends, and gunicorn starts another one")
        return
    time.sleep(DRAIN_SECONDS)
    for acceptor, listener in zip(acceptors, listeners, strict=True):
        acceptor.kill()
        listener.close()
    end = time.monotonic() + worker.cfg.graceful_timeout
    while pool.running() and time.monotonic() < end:
        worker.notify()
        time.sleep(NOTICE_SECONDS)


def _accept_eventlet(worker: Any, listener: Any, pool: Any) -> None:
    while True:
        if connection := _accept_or_wait(lambda listener: listener.accept(), listener):
            pool.spawn_n(worker.handle, listener, *connection)


def _accept_or_wait(accept: Any, listener: Any) -> Any:
    """Accept a connection. If there are too many, wait until some have ended, rather than fail for good."""
    try:
        return accept(listener)
    except OSError as error:
        if error.errno not in EXHAUSTED:
            raise
        log.warning("a connection could not be accepted: %s", error)
        time.sleep(RETRY_SECONDS)
        return None
