"""What gunicorn's workers (25.3.0) need on top; `gunicorn.conf.py` calls `harden` when a worker has started.

It is not a `worker_class` of its own: gunicorn would import this package, and with it the app, before eventlet has patched
the process, and into the master, which could then not load new code on HUP.
"""

import contextlib
import errno
import gc
import logging
import resource
import selectors
import signal
import socket
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import partial
from types import FrameType
from typing import Any

from chat.lib import threads
from chat.realtime import idle, server
from chat.realtime.connections import network_of
from chat.realtime.timelimits import time_limit

log = logging.getLogger(__name__)

DRAIN_SECONDS = 0.5  # over which clients are sent away when the worker has to end
ANSWER_SECONDS = 0.5  # for these clients to read what they were sent; then their connections are ended
NOTICE_SECONDS = 0.1
RETRY_SECONDS = 0.1
RESERVED_FILES = 200  # for the database, Redis, images, the log; a quarter if only a few files may be open
HEAD_SECONDS = 2.0  # for a request's head to arrive, as gunicorn's green workers allow (their `keepalive`)
EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.ECONNABORTED}


def harden(worker: Any) -> None:
    """Let a worker survive more connections than it may have files, and end soon after SIGTERM."""
    gc.collect()
    gc.freeze()  # what was loaded stays: the garbage collector, which stops everyone, need not look at it again and again
    _drain_on_sigterm(worker)
    _open_more_files(worker)
    match type(worker).__name__:
        case "EventletWorker":
            worker.run = lambda: _run_eventlet(worker)
            _limit_connections(worker)
        case "GeventWorker":
            _limit_connections(worker)
        case "ThreadWorker":
            worker.accept = lambda listener: _accept_or_wait(partial(_accept_thread, worker), listener)
            _limit_heads(worker)


def _open_more_files(worker: Any) -> None:
    """Open as many files as the system allows, and take no more connections than leave some for the chat itself:
    `test_too_many_connections_do_not_stop_the_server`."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # macOS says "without limit" and means 10240
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files != resource.RLIM_INFINITY:
        worker.worker_connections = min(worker.worker_connections, files - min(RESERVED_FILES, files // 4))


def _limit_connections(worker: Any) -> None:
    """Let no address take all connections, unless it is a proxy's: `test_one_address_gets_a_part_of_the_connections`."""
    most = server.socketio.server.max_connections
    if most is None:
        return
    handle, counts = worker.handle, Counter[str]()  # green threads: nothing runs between two lines

    def limited(listener: Any, client: Any, address: Any) -> None:
        network = network_of(address[0] if isinstance(address, tuple) else "")
        if counts[network] >= most:
            client.close()
            return
        counts[network] += 1
        try:
            handle(listener, client, address)
        finally:
            counts[network] -= 1
            if not counts[network]:
                del counts[network]

    worker.handle = limited


def _limit_heads(worker: Any) -> None:
    """Let no slow head of a request keep a thread, and no address many threads by slow heads: the oldest is closed.

    `test_headers_that_do_not_end_end_the_connection`, `test_connections_that_say_nothing_keep_no_one_out`.
    """
    handle, handle_request = worker.handle, worker.handle_request
    most, lock, slow = max(1, worker.cfg.threads // 4), threading.Lock(), defaultdict[str, list[Any]](list)
    reading = threading.local()

    @contextlib.contextmanager
    def among_the_newest(connection: Any) -> Iterator[None]:
        network = network_of(connection.client[0] if isinstance(connection.client, tuple) else "")
        with lock:
            slow[network].append(connection)
            oldest = slow[network].pop(0) if len(slow[network]) > most else None
        if oldest:
            with contextlib.suppress(OSError):
                oldest.sock.shutdown(socket.SHUT_RDWR)
        try:
            yield
        finally:
            with lock:
                if connection in slow[network]:
                    slow[network].remove(connection)
                if not slow[network]:
                    del slow[network]

    def limited(connection: Any) -> Any:
        with contextlib.ExitStack() as reading.head:
            reading.head.enter_context(time_limit(connection.sock, HEAD_SECONDS))
            reading.head.enter_context(among_the_newest(connection))
            return handle(connection)

    def head_is_read(request: Any, connection: Any) -> Any:
        reading.head.close()
        return handle_request(request, connection)

    worker.handle, worker.handle_request = limited, head_is_read


def _accept_thread(worker: Any, listener: Any) -> None:
    """Accept a connection, and let it have a thread when there is something to read.

    gunicorn's own `accept` gives it a thread at once, in which it can wait for 5 seconds.
    """
    from gunicorn.workers.gthread import TConn  # imported with the app under this worker only

    try:
        client, address = listener.accept()
    except BlockingIOError:
        return
    client.setblocking(False)
    connection = TConn(worker.cfg, client, address, listener.getsockname())
    connection.set_timeout()
    worker.nr_conns += 1
    worker.pending_conns.append(connection)
    readable = partial(worker.on_pending_socket_readable, connection)
    worker.poller.register(client, selectors.EVENT_READ, readable)


def _drain_on_sigterm(worker: Any) -> None:
    handle_exit, close_idle = worker.handle_exit, idle.closer(worker)

    def drain() -> None:
        sessions = server.drain(DRAIN_SECONDS)
        close_idle()
        time.sleep(ANSWER_SECONDS)
        for session in sessions:
            session.abort()

    def drain_and_exit(number: int, frame: FrameType | None) -> None:
        threads.spawn(drain)
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
