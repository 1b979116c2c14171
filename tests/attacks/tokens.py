"""Tokens: made by hand, as an attacker makes them."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from typing import Any

HASHES = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}


def part(value: Any) -> str:
    """A part of a token: JSON, or bytes, in base64 without padding."""
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def claims_of(token: str) -> dict[str, Any]:
    """What a token says."""
    middle = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    return claims


def make(claims: Any, key: bytes | str = b"", algorithm: str = "HS256", **header: Any) -> str:
    """A token with those claims, signed by HMAC with that key, whatever the header says."""
    signed = f"{part({'alg': algorithm, 'typ': 'JWT', **header})}.{part(claims)}"
    secret = key.encode() if isinstance(key, str) else key
    kind = HASHES.get(algorithm, hashlib.sha256)
    return f"{signed}.{part(hmac.new(secret, signed.encode(), kind).digest())}"


def unsigned(claims: Any, algorithm: str, signature: bytes = b"") -> str:
    """A token with a signature that was not computed at all."""
    return f"{part({'alg': algorithm, 'typ': 'JWT'})}.{part(claims)}.{part(signature)}"


def claims(user_id: str, session_id: str = "", lifetime: int = 3600) -> dict[str, Any]:
    """Fresh claims of that user."""
    now = int(time.time())
    return {"userId": user_id, "sid": session_id or secrets.token_hex(12), "iat": now, "exp": now + lifetime}
