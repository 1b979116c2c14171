"""Release 1.0 beside this version, while a deployment is upgraded one process after another.

1.0 listens to other channels and has other words. While one of its processes is alive, it is told in its words too, and
what it says is understood. Remove this module, with `Bus.beside_1_0`, when no one upgrades from 1.0 any more.
"""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
from msgspec import Struct, field

from chat.realtime.bus import Bus, HiddenChanged, PresenceChanged, SessionEnded, UserChanged

log = logging.getLogger(__name__)

TOPICS, EVENTS = "chat:cluster", "socketio"  # its channels, the same for all deployments on a Redis server
PROCESSES = "chat:processes"  # its key and ours
NEW_MESSAGE = "newMessage"


class Told(Struct):
    """A message between processes of 1.0, which knows these topics: presence, hidden, session ended."""

    sender: str = field(name="from")
    topic: str
    value: str


class Emitted(Struct):
    """An event for clients. 1.0 ignores ``copy``, by which this version knows its own."""

    event: str
    room: list[str]
    data: list[Any]
    method: str
    copy: bool = False


class Bridge:
    """Connects this process with those of 1.0. ``emit`` emits such an event to this process's clients."""

    def __init__(self, bus: Bus, emit: Callable[[dict[str, Any]], None]) -> None:
        self._bus = bus
        self._emit = emit
        bus.on_publish(self._tell)
        bus.add_task(lambda: self._listen(TOPICS, self._hear))
        bus.add_task(lambda: self._listen(EVENTS, self._hear_event))

    def copy(self, event: dict[str, Any]) -> None:
        """Emit an event to 1.0's clients too. There, all sockets of a user are in one room."""
        if self._bus.beside_1_0 and isinstance(event.get("room"), list):
            rooms = [room.replace("own:", "user:", 1) for room in event["room"]]
            self._publish(EVENTS, {**event, "room": rooms, "copy": True})

    def _tell(self, message: Struct) -> None:
        if not self._bus.beside_1_0:
            return
        match message:
            case PresenceChanged():
                topic, value = "presence", message.user_id
            case SessionEnded():
                topic, value = "session ended", message.session_id
            case HiddenChanged():
                topic, value = "hidden", msgspec.json.encode([message.user_id, message.hidden]).decode()
            case _:
                return  # 1.0 stops listening at a topic that it doesn't know
        self._publish(TOPICS, Told(self._bus.process, topic, value))

    def _publish(self, channel: str, message: object) -> None:
        assert self._bus.redis
        self._bus.defer(partial(self._bus.redis.publish, channel, msgspec.json.encode(message)))

    def _listen(self, channel: str, hear: Callable[[bytes], None]) -> None:
        for message in self._bus.messages(channel, on_gap=lambda: None):
            try:
                hear(message)
            except msgspec.MsgspecError:
                pass  # of another program: the channel belongs to all on this Redis server
            except Exception:
                log.exception("a message of release 1.0 could not be handled")

    def _hear(self, message: bytes) -> None:
        told, redis = msgspec.json.decode(message, type=Told), self._bus.redis
        assert redis
        if not is_release_1_0(told.sender) or redis.zscore(PROCESSES, told.sender) is None:
            return  # of this version, or of another deployment
        self._bus.beside_1_0 = True
        match told.topic:
            case "presence":
                online = bool(redis.sismember(f"chat:online:{told.sender}", told.value))
                self._bus.deliver(PresenceChanged(told.value, online, told.sender))
            case "session ended":
                self._bus.deliver(UserChanged(None))
                self._bus.deliver(SessionEnded(told.value))
            case "hidden":
                user_id, hidden = msgspec.json.decode(told.value, type=tuple[str, list[str]])
                self._bus.deliver(UserChanged(user_id))
                self._bus.deliver(HiddenChanged(user_id, hidden))

    def _hear_event(self, message: bytes) -> None:
        emitted = msgspec.json.decode(message, type=Emitted)
        if emitted.copy or emitted.method != "emit" or not self._bus.beside_1_0:
            return
        if not all(room.startswith("user:") for room in emitted.room):
            return  # of another program
        event = msgspec.json.decode(message)
        if emitted.event == NEW_MESSAGE and len(emitted.room) > 1:  # as this version does: not to all of the sender's
            sender = f"user:{emitted.data[0]['senderId']}"
            event["room"] = [room.replace("user:", "own:", 1) if room == sender else room for room in emitted.room]
        self._emit(event)


def is_release_1_0(process: str) -> bool:
    """Whether a process has a name of that release; later ones begin with their version."""
    return ":" not in process
