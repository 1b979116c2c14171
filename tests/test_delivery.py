"""Short runs of the proof of delivery, in each of its modes, and the proof's checker itself."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.delivery.__main__ import prove
from tests.delivery.deployment import Deployment
from tests.delivery.history import WRONG, History, Message, Read, State, Write, check
from tests.delivery.modes import MODES

SHORT: dict[str, Any] = {"clients": 3, "messages": 60, "pause": 0.3, "seed": 7}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Deployment]:
    """Two processes with MongoDB and Redis."""
    with Deployment("mongo", "gunicorn", 2, seed=7) as deployment:
        yield deployment


@pytest.mark.parametrize(
    ("mode", "rounds", "seconds", "evidence"),
    [
        ("cluster", 4, 0.0, "connections cut"),
        ("freeze", 4, 0.7, "rounds"),
        ("redis", 1, 2.0, "rounds"),
        ("answers", 1, 2.0, "database answers lost"),
    ],
)
def test_nothing_goes_wrong_on_two_processes(
    cluster: Deployment, mode: str, rounds: int, seconds: float, evidence: str
) -> None:
    counts, failures = prove(cluster, MODES[mode], rounds=rounds, seconds=seconds, **SHORT)
    assert not failures
    assert counts["compared"] > counts["acknowledged"] >= SHORT["messages"]
    assert counts[evidence]


@pytest.mark.parametrize(("mode", "kind", "rounds"), [("disk", "gunicorn", 4), ("kills", "flask", 2)])
def test_nothing_goes_wrong_on_one_file(mode: str, kind: str, rounds: int) -> None:
    with Deployment("sqlite", kind, 1, seed=7, hostile=MODES[mode].hostile) as deployment:
        counts, failures = prove(deployment, MODES[mode], rounds=rounds, seconds=0.5, **SHORT)
    assert not failures
    assert counts["acknowledged"] >= SHORT["messages"]


def _message(number: int, **changes: Any) -> Message:
    message = {"_id": f"m{number}", "conversation": "c", "seq": number, "rev": number, "senderId": "ann"}
    return {**message, "clientId": f"{number}", "text": f"{number}", **changes}


def _faultless() -> tuple[History, State, list[State]]:
    """Three messages that were sent one after another, and the last of them edited; the server's end and the clients'."""
    history, edited = History(), _message(3, rev=4, text="edited")
    for number, message in enumerate([_message(1), _message(2), _message(3), edited]):
        history.see(message)
        history.acknowledge(Write(message, begun=number, ended=number + 0.5))
    history.reads["c"].append(Read([_message(2), _message(3)], is_whole=False, acknowledged=3))
    end = {message["_id"]: message for message in (_message(1), _message(2), edited)}
    return history, end, [dict(end), dict(end)]


def test_the_checker_finds_nothing_wrong_with_what_is_right() -> None:
    history, end, ends = _faultless()
    counts = check(history, {"c": [end, dict(end)]}, {"c": ends})
    assert counts["compared"] == 12
    assert not any(counts[name] for name in WRONG)


def _swap(history: History) -> None:
    first, second, *others = history.writes["c"]
    history.writes["c"] = [Write(second.message, 0, 0.5), Write(first.message, 1, 1.5), *others]


@pytest.mark.parametrize(
    ("wrong", "spoil"),
    [
        ("lost", lambda history, end, other: other.pop("m2")),
        ("lost", lambda history, end, other: end.pop("m2")),
        ("edits lost", lambda history, end, other: other.update(m3=_message(3))),
        ("edits lost", lambda history, end, other: other.update(m2=_message(2, text="other"))),
        ("repeated", lambda history, end, other: end.update(m5=_message(5, clientId="2"))),
        ("out of order", lambda history, end, other: _swap(history)),
        ("numbers given twice", lambda history, end, other: history.see(_message(4))),
        ("numbers given twice", lambda history, end, other: history.see(_message(9, seq=2))),
        ("numbers given twice", lambda history, end, other: other.update(m9=_message(9, rev=2))),
        ("stale reads", lambda history, end, other: history.reads["c"].append(Read([_message(1)], True, 2))),
        (
            "stale reads",
            lambda history, end, other: history.reads["c"].append(Read([_message(2), _message(3)], False, 4)),
        ),
        ("stale reads", lambda history, end, other: history.reads["c"].append(Read([], True, 1))),
        ("differing ends", lambda history, end, other: other.update(m7=_message(7))),
    ],
)
def test_the_checker_finds(wrong: str, spoil: Callable[[History, State, State], object]) -> None:
    history, end, ends = _faultless()
    spoil(history, end, ends[0])
    assert check(history, {"c": [end]}, {"c": ends})[wrong]
