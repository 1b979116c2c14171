"""Session tokens: HS256 JWTs with the user's id, the session's id, and an expiry. And the marks of known browsers.

``JWT_SECRET`` signs them. Tokens that ``JWT_SECRET_PREVIOUS`` signed stay valid, so that replacing the secret logs no one
out. Once ``SESSION_IDLE_DAYS`` have passed, the previous secret is no longer needed.

A token holds for so long since it was issued, and is replaced while it is used: a session that is used goes on, until
``SESSION_MAX_DAYS`` after its login.
"""

import hashlib
import hmac
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import jwt
from jwt.types import Options

from chat.models.values import is_id

RENEWED_AFTER = timedelta(days=1)  # not with each request: a token that is replaced stays valid anyway
BROWSER_LIFETIME = timedelta(days=180)  # of a browser's mark, from its last login
CLOCK_SKEW = timedelta(seconds=60)  # between the machines that issue and read tokens
REMEMBERED = 4096  # tokens
_ALGORITHM = "HS256"
# When a token was issued is not compared: after the clock went back, tokens of before would have to wait for it.
_OPTIONS: Options = {"require": ["iat", "exp", "userId", "sid"], "verify_iat": False}


@dataclass(frozen=True, slots=True)
class Claims:
    """What a valid token says, in seconds since 1970; from ``expires_at`` it is no longer accepted."""

    user_id: str
    session_id: str
    issued_at: int
    expires_at: int


class Tokens:
    """Issues and reads tokens, which are valid for ``idle_days``, and at most ``max_days`` after the login."""

    def __init__(self, secret: str, previous_secret: str | None, *, idle_days: int = 30, max_days: int = 365) -> None:
        self._secret = secret
        self._idle, self._max = timedelta(days=idle_days), timedelta(days=max_days)
        self._accepted = [secret, *([previous_secret] if previous_secret else [])]
        # A client sends the same token with each request. Of one that was valid once, only the expiry can change.
        self._verified = lru_cache(maxsize=REMEMBERED)(self._verify)

    def issue(self, user_id: str, session_id: str, began_at: int | None = None) -> str:
        """A token for that session, which began at that time (milliseconds since 1970), or now."""
        issued = datetime.now(UTC)
        began = issued if began_at is None else datetime.fromtimestamp(began_at / 1000, UTC)
        expires = min(issued + self._idle, began + self._max)
        claims = {"userId": user_id, "sid": session_id, "iat": issued, "exp": expires}
        return jwt.encode(claims, self._secret, algorithm=_ALGORITHM)

    def read(self, token: str) -> Claims | None:
        """What the token says; None if it is not ours, is damaged, lacks a claim or has expired."""
        try:
            claims = self._verified(token)
        except (jwt.InvalidTokenError, UnicodeError):
            return None
        return claims if claims.expires_at > time.time() else None

    def _verify(self, token: str) -> Claims:
        """What a token says that is valid now. Raises `jwt.InvalidTokenError` or `UnicodeError`."""
        for secret in self._accepted:
            with suppress(jwt.InvalidSignatureError):
                claims = jwt.decode(token, secret, algorithms=[_ALGORITHM], options=_OPTIONS, leeway=CLOCK_SKEW)
                user_id, session_id = claims["userId"], claims["sid"]
                issued_at = int(claims["iat"]) if isinstance(claims["iat"], int | float) else 0
                if isinstance(user_id, str) and isinstance(session_id, str) and is_id(user_id) and session_id:
                    expires_at = int(claims["exp"] + CLOCK_SKEW.total_seconds())
                    return Claims(user_id, session_id, issued_at, expires_at)
        raise jwt.InvalidTokenError

    def mark_browser(self, user_id: str, password_hash: str) -> str:
        """A mark for a browser in which this user has just logged in: it shows that later, until the password changes.

        It is OWASP's device cookie: a random name and its signature. It logs no one in.
        """
        name = secrets.token_urlsafe(16)
        return f"{name}.{_signature(self._secret, name, user_id, password_hash)}"

    def known_browser(self, mark: str, user_id: str, password_hash: str) -> str | None:
        """The random name in a mark that `mark_browser` made for this user and password; None if it is not one."""
        name, _, signature = mark.encode("ascii", "replace").decode().partition(".")
        expected = (_signature(secret, name, user_id, password_hash) for secret in self._accepted)
        return name if any(hmac.compare_digest(signature, right) for right in expected) else None


def _signature(secret: str, name: str, user_id: str, password_hash: str) -> str:
    signed = f"browser:{user_id}:{name}:{password_hash}"
    return hmac.new(secret.encode(), signed.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()
