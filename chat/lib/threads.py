"""What may block for long (bcrypt, image decoding, fsync) goes through here, whatever the server's worker is.

Under gunicorn's eventlet worker everything runs on one native thread, and a call that blocks it stops everybody; so such
calls get a native thread of their own. Under a threading server each request is on its own thread already.
"""

import sys
import threading
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def under_eventlet() -> bool:
    """Whether eventlet has patched this process, as gunicorn's eventlet worker does before it loads the app."""
    eventlet = sys.modules.get("eventlet")
    return eventlet is not None and eventlet.patcher.is_monkey_patched("thread")


def run(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call ``function`` where it may block, wait for it, and return or raise what it does."""
    if not under_eventlet():
        return function(*args, **kwargs)
    from eventlet import tpool  # only there to be imported where eventlet runs; importing it starts its machinery

    result: T = tpool.execute(function, *args, **kwargs)
    return result


def native_lock() -> Any:
    """A lock between native threads, for use inside `run`; eventlet's own locks only know green ones."""
    if not under_eventlet():
        return threading.Lock()
    from eventlet import patcher

    return patcher.original("threading").Lock()
