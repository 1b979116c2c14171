"""What an attack is called, and what it expects of an answer."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from requests import Response

from tests.clients.http import shown

FAILURE = ({"message", "code", "error"},)  # the keys of every failure; `error` repeats the message


def attack(sentence: str, expected: str, **cases: Mapping[str, Any]) -> pytest.MarkDecorator:
    """Name a test after what an attacker tries, and what is expected.

    With ``argument={name: value}`` there is one test for each value, with its name in place of ``{}`` in the sentence.
    """
    if not cases:
        return pytest.mark.parametrize((), [pytest.param(id=f"{sentence}: {expected}")])
    ((argument, values),) = cases.items()
    params = [pytest.param(value, id=f"{sentence.format(name)}: {expected}") for name, value in values.items()]
    return pytest.mark.parametrize(argument, params)


def is_failure(body: Any) -> bool:
    """Whether a body has the one shape of all failures."""
    return isinstance(body, dict) and set(body) in FAILURE and body.get("error", body["message"]) == body["message"]


def refused(answer: Response, status: int, *codes: str) -> None:
    """The answer is a failure with that status, one of the codes if any are given, and the shape of all failures."""
    assert answer.status_code == status, shown(answer)
    body = json_of(answer)
    assert is_failure(body), shown(answer)
    assert not codes or body["code"] in codes, shown(answer)


def guarded(answer: Any) -> None:
    """The answer has the headers that every one should have."""
    headers = answer.headers
    assert headers.get("X-Content-Type-Options") == "nosniff"
    framed = headers.get("X-Frame-Options", "").upper() in ("DENY", "SAMEORIGIN")
    assert framed or "frame-ancestors" in headers.get("Content-Security-Policy", ""), f"no frame guard: {dict(headers)}"
    policy = headers.get("Referrer-Policy", "")
    assert policy
    assert "unsafe" not in policy
    assert not answer.url.startswith("https") or "Strict-Transport-Security" in headers, "no HSTS over HTTPS"


def too_often(answer: Response) -> None:
    """The answer is the refusal of what was done too often, and says how long to wait."""
    refused(answer, 429, "rate_limited")
    assert answer.headers.get("Retry-After", "").isdigit(), dict(answer.headers)
    guarded(answer)


def absent(needle: str, *haystacks: object) -> None:
    """The text is in none of them."""
    for haystack in haystacks:
        text = haystack if isinstance(haystack, str) else json.dumps(haystack, default=str)
        assert needle not in text


def handled(answer: Response, allowed: Iterable[int] = range(200, 500)) -> None:
    """The server answered by itself, and without breaking."""
    assert answer.status_code in allowed, shown(answer)


def json_of(answer: Response) -> Any:
    """The JSON in an answer; None if there is none."""
    try:
        return answer.json()
    except ValueError:
        return None
