"""What changes in the lists of users and of public rooms: all sockets are told, but not of users hidden from theirs."""

import threading
from collections.abc import Iterable, Set

from msgspec import UNSET

from chat import answers, events
from chat.realtime.bus import Bus, ProfileChanged, PublicRoomChanged
from chat.realtime.debouncer import Debouncer
from chat.realtime.presence import Presence

BROADCAST_SECONDS = 1.0  # between two broadcasts at least: one user's renames must not flood all others

Change = ProfileChanged | PublicRoomChanged


class Directory:
    """Tells the sockets of this process what any process has changed: of each user and room, only the latest."""

    def __init__(self, bus: Bus, presence: Presence) -> None:
        self._presence = presence
        self._lock = threading.Lock()
        self._changes: dict[str, Change] = {}
        self._announcement = Debouncer(BROADCAST_SECONDS, self._announce)
        bus.subscribe(ProfileChanged, lambda change: self._announce_soon(change.user_id, change))
        bus.subscribe(PublicRoomChanged, lambda change: self._announce_soon(change.room_id, change))

    def _announce_soon(self, id: str, change: Change) -> None:
        with self._lock:
            self._changes[id] = change
        self._announcement.run()

    def _announce(self) -> None:
        with self._lock:
            changes, self._changes = list(self._changes.values()), {}
        self._presence.tell_all(events.LISTS_CHANGED, lambda hidden: _seen(changes, hidden))


def _seen(changes: Iterable[Change], hidden: Set[str]) -> answers.ListChanges | None:
    """The changes as a user sees them from whom those users are hidden; None if there are none."""
    seen = answers.ListChanges(users=[], rooms=[])
    for change in changes:
        deleted = change.deleted or UNSET
        if isinstance(change, PublicRoomChanged):
            if change.owner_id not in hidden:
                seen.rooms.append(answers.PublicRoom(id=change.room_id, name=change.name, deleted=deleted))
        elif change.user_id not in hidden:
            seen.users.append(
                answers.Profile(
                    id=change.user_id, full_name=change.full_name, profile_pic=change.profile_pic, deleted=deleted
                )
            )
    return seen if seen.users or seen.rooms else None
