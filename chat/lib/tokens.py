"""Session tokens: HS256 JWTs with the user's id, the session's id, and an end.

They are signed with ``JWT_SECRET``. Those which ``JWT_SECRET_PREVIOUS`` signed hold on, so that a secret can be replaced
and nobody is logged out: once `LIFETIME` has passed, the previous one is not needed any more.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import jwt

from chat.config import settings
from chat.models.values import is_id

LIFETIME = timedelta(days=7)
_ALGORITHM = "HS256"
_REQUIRED = ["iat", "exp", "userId", "sid"]


@dataclass(frozen=True, slots=True)
class Claims:
    """What a valid token says."""

    user_id: str
    session_id: str


def issue(user_id: str, session_id: str) -> str:
    """A token for that session, valid for `LIFETIME`."""
    issued = datetime.now(UTC)
    claims = {"userId": user_id, "sid": session_id, "iat": issued, "exp": issued + LIFETIME}
    return jwt.encode(claims, settings.jwt_secret, algorithm=_ALGORITHM)


def read(token: str) -> Claims | None:
    """What the token says; None where it is not ours, is damaged, lacks a claim, or has expired."""
    for secret in filter(None, (settings.jwt_secret, settings.jwt_secret_previous)):
        try:
            claims = jwt.decode(token, secret, algorithms=[_ALGORITHM], options={"require": _REQUIRED})
        except (jwt.InvalidTokenError, UnicodeError):
            continue
        user_id, session_id = claims["userId"], claims["sid"]
        if isinstance(user_id, str) and isinstance(session_id, str) and is_id(user_id):
            return Claims(user_id, session_id)
    return None
