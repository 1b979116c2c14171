"""Mails that wait to be sent."""

from typing import Literal

from msgspec import Struct, field

from chat.models.values import new_id, now

Kind = Literal["password_reset", "email_confirmation", "email_changed", "new_login", "password_changed"]


class Mail(Struct, frozen=True, kw_only=True):
    """A mail to an email, of one kind. Its text is written when it is sent: a link is never stored, only its hash.

    ``due_at`` is when it may be sent (again).
    """

    id: str = field(default_factory=new_id)
    kind: Kind
    email: str
    user_id: str | None = None
    details: str = ""
    created_at: int = field(default_factory=now)
    due_at: int = field(default_factory=now)
    attempts: int = 0
