"""People and their sessions."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chat.models.values import iso, new_id, now

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One login of one user, on one browser or device."""

    id: str = field(default_factory=new_id)
    created_at: datetime = field(default_factory=now)
    last_used_at: datetime = field(default_factory=now)
    user_agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person with an account. ``password_hash`` (bcrypt) never leaves the models."""

    id: str = field(default_factory=new_id)
    email: str
    full_name: str
    password_hash: str = field(repr=False)
    profile_pic: str = ""
    created_at: datetime = field(default_factory=now)
    updated_at: datetime = field(default_factory=now)
    last_seen: datetime | None = None
    sessions: tuple[Session, ...] = ()
    blocked: frozenset[str] = frozenset()

    def public(self) -> dict[str, Any]:
        """The user as every logged-in client may see them."""
        return {
            "_id": self.id,
            "email": self.email,
            "fullName": self.full_name,
            "profilePic": self.profile_pic,
            "createdAt": iso(self.created_at),
            "updatedAt": iso(self.updated_at),
        }

    def session(self, session_id: str) -> Session | None:
        """The login with that id, if it still holds."""
        return next((session for session in self.sessions if session.id == session_id), None)


def normal_email(email: str) -> str:
    """The form in which an email is stored and compared."""
    return email.strip().lower()


def is_email(email: str) -> bool:
    """One ``@``, something on both sides, no white space; whether mail arrives there is not for a pattern to say."""
    return _EMAIL.fullmatch(email) is not None
