"""Coming online and going offline."""

from chat.lib.presence import presence
from chat.models.user import User
from chat.models.values import now
from chat.store import store


def arrive(me: User, connection: str, diff: bool) -> list[str]:
    """Count a new connection of mine, and return the ids of those who are online for me."""
    return presence.arrive(me.id, connection, me.blocked, diff)


def leave(user_id: str, connection: str) -> None:
    """Forget a closed connection; the user's last one is when they were last seen."""
    if presence.leave(user_id, connection):
        store.update_user(user_id, last_seen=now())
