"""The logins of a user: listing them, and ending them with their sockets, on every process."""

from typing import Any

from chat.errors import not_found
from chat.lib import logs
from chat.lib.cluster import cluster
from chat.models.user import User
from chat.models.values import iso
from chat.store import store


def index(me: User, current_id: str) -> list[dict[str, Any]]:
    """Where I am logged in, the newest login first; ``current`` is the one that asks."""
    newest_first = sorted(me.sessions, key=lambda session: (session.created_at, session.id), reverse=True)
    return [
        {
            "id": session.id,
            "current": session.id == current_id,
            "createdAt": iso(session.created_at),
            "lastUsedAt": iso(session.last_used_at),
            "userAgent": session.user_agent,
        }
        for session in newest_first
    ]


def revoke(me: User, session_id: str) -> None:
    """End one of my logins. Raises `NotFound`."""
    end(me.id, (me.session(session_id) or not_found("session")).id)


def revoke_others(me: User, current_id: str) -> None:
    """End all my logins but this one."""
    for session in me.sessions:
        if session.id != current_id:
            end(me.id, session.id)


def end(user_id: str, session_id: str) -> None:
    """End a login: its token is dead from now on, and its sockets are closed."""
    store.remove_session(user_id, session_id)
    logs.security("session_ended", user_id, session=session_id)
    cluster.tell("session ended", session_id)
