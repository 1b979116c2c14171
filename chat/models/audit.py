"""The audit log: what admins did, to whom, and why."""

from msgspec import Struct, field

from chat.answers import AuditAction
from chat.models.values import new_id, now


class Actor(Struct, frozen=True):
    """Who acts as an admin: a user, or someone on the server's command line, who has no ``user_id``."""

    user_id: str | None
    name: str


class Entry(Struct, frozen=True, kw_only=True):
    """One line of the log. It is never changed.

    ``failed`` has the reason why an action that was logged before did not happen.
    """

    id: str = field(default_factory=new_id)
    at: int = field(default_factory=now)
    actor_id: str | None = None
    actor: str
    action: AuditAction
    user_id: str | None = None
    room_id: str | None = None
    message_id: str | None = None
    reason: str = ""
    details: str = ""
    failed: str = ""
