"""The parts of the running app, each under a typed name.

Only what serves requests and events uses these: controllers and what is above them. Everything below gets what it needs
through its constructor.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, cast

from flask import current_app
from werkzeug.local import LocalProxy

from chat.config import Config
from chat.lib.images import Images
from chat.lib.limits import Limits
from chat.lib.mail import Mailer
from chat.lib.metrics import Metrics
from chat.lib.passwords import Passwords
from chat.lib.recent import Recent
from chat.lib.slots import Slots
from chat.lib.tokens import Tokens
from chat.realtime.bus import Bus
from chat.realtime.connections import Connections
from chat.realtime.emitter import Emitter
from chat.realtime.presence import Presence
from chat.store import Store
from chat.store.cache import CachedUsers

T = TypeVar("T")
EXTENSION = "chat"  # where an app keeps its parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the factory builds, once for each app."""

    config: Config
    store: Store
    cached_users: CachedUsers
    images: Images
    limits: Limits
    slots: Slots
    mailer: Mailer
    metrics: Metrics
    passwords: Passwords
    tokens: Tokens
    announced: Recent
    bus: Bus
    connections: Connections
    emitter: Emitter
    presence: Presence


def _handle(part: Callable[[Parts], T]) -> T:
    return cast(T, LocalProxy(lambda: part(current_app.extensions[EXTENSION])))


config = _handle(lambda parts: parts.config)
store = _handle(lambda parts: parts.store)
cached_users = _handle(lambda parts: parts.cached_users)
images = _handle(lambda parts: parts.images)
mailer = _handle(lambda parts: parts.mailer)
limits = _handle(lambda parts: parts.limits)
slots = _handle(lambda parts: parts.slots)
metrics = _handle(lambda parts: parts.metrics)
passwords = _handle(lambda parts: parts.passwords)
tokens = _handle(lambda parts: parts.tokens)
announced = _handle(lambda parts: parts.announced)
bus = _handle(lambda parts: parts.bus)
connections = _handle(lambda parts: parts.connections)
emitter = _handle(lambda parts: parts.emitter)
presence = _handle(lambda parts: parts.presence)
