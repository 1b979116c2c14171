"""The one place that knows which kind of worker runs the app: eventlet, gevent or native threads.

On green threads everything shares one native thread, and a call that blocks it stops all others. So whatever blocks for
long (bcrypt, image decoding, fsync) goes through `run`, which gives it a native thread.
"""

import sys
import threading
from collections.abc import Callable
from typing import Any, Literal, ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")


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


def native_lock() -> Any:
    """A lock between native threads, for use inside `run`; the green libraries' locks only know green threads."""
    match async_mode():
        case "eventlet":
            from eventlet import patcher

            return patcher.original("threading").Lock()
        case "gevent":
            from gevent import monkey

            return monkey.get_original("_thread", "allocate_lock")()
        case _:
            return threading.Lock()


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
