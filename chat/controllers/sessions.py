"""The sessions of a user: listing them, and ending them with their sockets, on every process."""

from collections.abc import Collection

from chat import answers
from chat.controllers import views
from chat.current import bus, limits, store
from chat.errors import NotFoundError
from chat.lib import logs
from chat.models.user import User
from chat.realtime.bus import SessionEnded


def index(me: User, current_id: str) -> list[answers.Session]:
    """Where I am logged in, the newest login first; ``current`` marks the one that asks."""
    return [views.session(session, current_id) for session in reversed(me.sessions)]


def revoke(me: User, session_id: str) -> None:
    """End one of my sessions. Raises `NotFoundError`."""
    limits.hit("writes", me.id)
    if me.session(session_id) is None:
        raise NotFoundError("no such session")
    end(me.id, [session_id])


def revoke_others(me: User, current_id: str) -> None:
    """End all my sessions but this one."""
    limits.hit("writes", me.id)
    end(me.id, [session.id for session in me.sessions if session.id != current_id])


def end(user_id: str, session_ids: Collection[str]) -> None:
    """End sessions: their tokens are invalid from now on, and their sockets are closed."""
    store.users.end_sessions(user_id, session_ids)
    announce_end(user_id, session_ids)


def announce_end(user_id: str, session_ids: Collection[str]) -> None:
    """Close the sockets of sessions that have ended, on every process."""
    for session_id in session_ids:
        logs.security("session_ended", user_id, session=session_id)
        bus.publish(SessionEnded(session_id))
