"""The one place that knows which kind of worker runs the app: eventlet, gevent or native threads.

On green threads everything shares one native thread, and a call that blocks it stops all others. So whatever blocks for
long (bcrypt, image decoding, fsync) goes through `run`, which gives it a native thread.
"""

import os
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from typing import Any, ClassVar, Literal, ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")
SLICE_SECONDS = 0.002  # of work, before others have their turn
_Pair = tuple[socket.socket, socket.socket]


def async_mode() -> Literal["eventlet", "gevent", "threading"]:
    """The kind of worker, in Socket.IO's words. gunicorn's green workers patch the process before they load the app."""
    eventlet = sys.modules.get("eventlet")
    if eventlet is not None and eventlet.patcher.is_monkey_patched("thread"):
        return "eventlet"
    monkey = sys.modules.get("gevent.monkey")
    if monkey is not None and monkey.is_module_patched("threading"):
        return "gevent"
    return "threading"


def run(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call ``function`` where it may block, wait for it, and return or raise what it does."""
    # The libraries are imported where they are used: only one is installed in a usual deployment, and importing
    # eventlet's or gevent's thread pool starts it.
    match async_mode():
        case "eventlet":
            from eventlet import tpool

            return cast(T, tpool.execute(function, *args, **kwargs))
        case "gevent":
            import gevent

            return cast(T, gevent.get_hub().threadpool.apply(function, args, kwargs))
        case _:
            return function(*args, **kwargs)


def in_slices(items: Iterable[T]) -> Iterator[T]:
    """The same items. Between them others have their turn on green threads, after each `SLICE_SECONDS` of work."""
    end = time.perf_counter() + SLICE_SECONDS
    for item in items:
        yield item
        if time.perf_counter() > end:
            give_way()
            end = time.perf_counter() + SLICE_SECONDS


def give_way() -> None:
    """Let other threads run first."""
    time.sleep(0)  # of any kind: eventlet and gevent put their own in its place


def start(function: Callable[[], None]) -> None:
    """Run ``function`` in a native thread of its own, which ends with the process.

    It can use no lock of `threading` and no logger, since these belong to green threads under eventlet and gevent.
    """
    native("_thread", "start_new_thread")(function, ())


def native(module: str, name: str) -> Any:
    """A function of the standard library itself, also where eventlet or gevent has put its own in the place."""
    match async_mode():
        case "eventlet":
            from eventlet import patcher

            return getattr(patcher.original(module), name)
        case "gevent":
            from gevent import monkey

            return monkey.get_original(module, name)
        case _:
            return getattr(import_module(module), name)


def spawn(function: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
    """Call ``function`` beside everything else, on a green thread if there are any, and don't wait for it."""
    match async_mode():
        case "eventlet":
            import eventlet

            eventlet.spawn(function, *args, **kwargs)
        case "gevent":
            import gevent

            gevent.spawn(function, *args, **kwargs)
        case _:
            threading.Thread(target=function, args=args, kwargs=kwargs, daemon=True).start()


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
