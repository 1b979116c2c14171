"""What an attack says when something else came than what it expected."""

import json
from collections.abc import Iterable
from typing import Any, Protocol

import requests


class Unexpected(Exception):
    """The attack got through, or broke something; the text is what came."""


class LeftOut(Exception):
    """The attack makes no sense on this deployment; the text says why."""


class HasHeaders(Protocol):
    """Whatever has headers, read by any spelling of their names."""

    @property
    def headers(self) -> Any: ...


def refused(answer: requests.Response, status: int, *codes: str) -> None:
    """The answer is a failure with that status, one of the codes if any are given, and the one shape of failures."""
    body = content(answer)
    if answer.status_code != status:
        raise Unexpected(shown(answer))
    if not isinstance(body, dict) or set(body) != {"message", "code"} or (codes and body["code"] not in codes):
        raise Unexpected(shown(answer))


def went_well(answer: requests.Response) -> Any:
    """The answer's content, where it is a success: what an attack stands on has to work."""
    if answer.status_code not in (200, 201):
        raise Unexpected(f"what should work did not: {shown(answer)}")
    return content(answer)


def that(condition: object, came: object) -> None:
    """The condition holds, or else this is what came."""
    if not condition:
        raise Unexpected(came if isinstance(came, str) else f"{came!r:.300}")


def same(one: object, other: object) -> None:
    """Both are equal: nothing changed, or nothing can be told apart."""
    that(one == other, f"{one!r:.200} beside {other!r:.200}")


def absent(needle: str, *haystacks: object) -> None:
    """The text is nowhere in there."""
    for haystack in haystacks:
        text = haystack if isinstance(haystack, str) else json.dumps(haystack, default=str)
        that(needle not in text, f"{needle!r} in {text:.300}")


def handled(answer: requests.Response, allowed: Iterable[int] = range(200, 500)) -> None:
    """The server answered by itself, and without breaking."""
    that(answer.status_code in allowed, shown(answer))


def content(answer: requests.Response) -> Any:
    """The JSON in an answer; None where there is none."""
    try:
        return answer.json()
    except ValueError:
        return None


def shown(answer: requests.Response) -> str:
    """An answer in one line."""
    return f"{answer.status_code} {' '.join(answer.text.split()):.200}"
