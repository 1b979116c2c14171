"""Session tokens: what is believed, and for how long."""

import time

import jwt
import pytest

from chat.lib.tokens import Tokens
from chat.models.values import new_id

SECRET = "s" * 48


def test_a_token_that_was_valid_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = Tokens(SECRET, None)
    token = ours.issue(new_id(), new_id())
    claims = ours.read(token)
    assert claims
    monkeypatch.setattr("time.time", lambda: claims.expires_at - 1)
    assert ours.read(token) == claims
    monkeypatch.setattr("time.time", lambda: claims.expires_at)
    assert ours.read(token) is None


def test_a_token_of_the_future_is_refused() -> None:
    ours = Tokens(SECRET, None)
    now = int(time.time())
    claims = {"userId": new_id(), "sid": new_id(), "iat": now, "exp": now + 100}
    token = jwt.encode({**claims, "nbf": now + 61}, SECRET, algorithm="HS256")
    assert ours.read(token) is None
    assert ours.read(jwt.encode({**claims, "nbf": now + 59}, SECRET, algorithm="HS256"))


def test_a_token_of_the_previous_secret_is_valid_and_one_of_another_is_not() -> None:
    token = Tokens("p" * 48, None).issue(new_id(), new_id())
    assert Tokens(SECRET, "p" * 48).read(token)
    assert Tokens(SECRET, "o" * 48).read(token) is None
    assert Tokens(SECRET, None).read(token) is None
