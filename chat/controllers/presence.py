"""Coming online and going offline."""

from chat.lib.presence import presence
from chat.models.values import now
from chat.store import store


def arrive(user_id: str, connection: str) -> list[str]:
    """Count a new connection, and return the ids of those who are online."""
    presence.arrive(user_id, connection)
    return presence.online()


def leave(user_id: str, connection: str) -> None:
    """Forget a closed connection; the user's last one is when they were last seen."""
    if presence.leave(user_id, connection):
        store.update_user(user_id, last_seen=now())
