"""Native threads for what may block (bcrypt, image decoding, SQLite's disk), whatever kind of threads the server runs on.

Under gunicorn's eventlet or gevent worker all requests share one native thread, and a call that blocks it stops them all.
Under a threading server each request has a native thread already.
"""

import os
import socket
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, ClassVar, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
_Pair = tuple[socket.socket, socket.socket]


def under_eventlet() -> bool:
    """Whether eventlet has patched this process, as gunicorn's eventlet worker does before it loads the app."""
    eventlet = sys.modules.get("eventlet")
    return eventlet is not None and eventlet.patcher.is_monkey_patched("thread")


def under_gevent() -> bool:
    """Whether gevent has patched this process."""
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and monkey.is_module_patched("threading")


def run(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call ``function`` in a thread that may block, wait for it, and return or raise what it does."""
    result: T
    if under_eventlet():
        from eventlet import tpool  # only installed where eventlet runs; importing it starts its threads

        result = tpool.execute(function, *args, **kwargs)
    elif under_gevent():
        result = sys.modules["gevent"].get_hub().threadpool.apply(function, args, kwargs)
    else:
        result = function(*args, **kwargs)
    return result


def start(function: Callable[[], None]) -> None:
    """Run ``function`` in a native thread of its own, which ends with the process.

    It can use no lock of `threading` and no logger, since these belong to green threads under eventlet and gevent.
    """
    if under_gevent():
        sys.modules["gevent.monkey"].get_original("_thread", "start_new_thread")(function, ())
    else:
        _native_threading().Thread(target=function, daemon=True).start()


def native_lock() -> Any:
    """A lock between native threads, for use inside `run`; a green lock only knows green threads."""
    if under_gevent():
        return sys.modules["gevent.monkey"].get_original("_thread", "allocate_lock")()
    return _native_threading().Lock()


class Signal:
    """What a native thread sets once, and one thread of any kind waits for once, with a time limit."""

    _idle: ClassVar[deque[_Pair]] = deque()

    def __init__(self) -> None:
        try:
            self._pair: _Pair | None = self._idle.pop()
        except IndexError:
            self._pair = socket.socketpair()  # waiting for a socket is the one thing that all kinds can do

    def set(self) -> None:
        """Wake the thread that waits."""
        assert self._pair is not None
        os.write(self._pair[1].fileno(), b"\0")

    def wait(self, seconds: float) -> bool:
        """Wait until it is set. Return False if that takes longer."""
        assert self._pair is not None
        self._pair[0].settimeout(seconds)
        try:
            self._pair[0].recv(1)
        except TimeoutError:
            return False
        self._idle.append(self._pair)
        self._pair = None
        return True

    def __del__(self) -> None:
        if self._pair is not None:  # it was not set in time, so no other signal can use the pair
            for end in self._pair:
                end.close()


def _native_threading() -> Any:
    if under_eventlet():
        return sys.modules["eventlet"].patcher.original("threading")
    return threading
