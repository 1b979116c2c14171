"""One-time links: who has one may do one thing, until it expires or its uses are spent.

One kind of link serves invitations, new passwords and confirmed emails. A link ends in a token, which only its receiver
knows: the link's id, and a secret of 192 random bits. The database keeps the SHA-256 hash of the secret; a slow hash would
add nothing, since no one can try 2^192 secrets.
"""

import hashlib
import secrets
from typing import Literal

from msgspec import Struct, field

from chat.models.values import is_id, new_id, now

Purpose = Literal["invitation", "password_reset", "email_confirmation"]
ID_LENGTH = 24  # characters
DAY = 24 * 3600 * 1000  # milliseconds


class Key(Struct, frozen=True):
    """What a token says: which link, and the hash of the secret that opens it."""

    id: str
    secret_hash: str


class Link(Struct, frozen=True, kw_only=True):
    """A link. An invitation may have a room to join; the others are for one user, or for one of their emails."""

    id: str = field(default_factory=new_id)
    purpose: Purpose
    secret_hash: str
    created_at: int = field(default_factory=now)
    expires_at: int
    uses_left: int = 1
    created_by: str = ""
    note: str = ""
    user_id: str | None = None
    email: str | None = None
    room_id: str | None = None


def new_secret() -> tuple[str, str]:
    """A random secret, and its hash."""
    secret = secrets.token_urlsafe(24)
    return secret, _hash(secret)


def token(link: Link, secret: str) -> str:
    """What a link ends in."""
    return link.id + secret


def read_token(token: str) -> Key | None:
    """The key in a token; None if it is none. Whether it opens anything, only the store knows."""
    id, secret = token[:ID_LENGTH], token[ID_LENGTH:]
    return Key(id, _hash(secret)) if is_id(id) and secret else None


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
