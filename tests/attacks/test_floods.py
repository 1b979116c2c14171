"""Floods of changes and of sockets: refused in words, and no other user notices."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest
import requests

from tests.attacks.checks import attack, too_often
from tests.attacks.target import Target
from tests.clients.wire import Refused

SENDERS = 8
WRITES: tuple[tuple[str, str, Any], ...] = (
    ("PUT", "/api/rooms/{room}", {"name": "Flood"}),
    ("POST", "/api/messages/read", {"conversation": "{room}", "seq": 1}),
    ("POST", "/api/messages/block/{bob}", None),
    ("PUT", "/api/auth/update-profile", {"fullName": "Flo"}),
    ("POST", "/api/messages/sync", {"cursors": {}}),
    ("POST", "/api/rooms/{room}/join", None),
)


@attack("renames, joins, blocks, reads and syncs 1,000 times as fast as it goes", "429 rate_limited for all of them")
@pytest.mark.limits
def test_writes(target: Target) -> None:
    flooder = target.person("Flo")
    room = flooder.create_room("Flood")["_id"]
    writes = json.loads(json.dumps(WRITES).replace("{room}", room).replace("{bob}", target.bob.id))
    _flood(lambda number: flooder.ask(*writes[number % len(writes)]), 1000)
    for method, path, body in writes:
        too_often(flooder.ask(method, path, body))


@attack("opens 300 rooms as fast as it goes", "429 rate_limited with Retry-After")
@pytest.mark.limits
def test_rooms(target: Target) -> None:
    flooder = target.person("Flo")
    too_often(_flood(lambda _: flooder.ask("POST", "/api/rooms", {"name": "Flood"}), 300))


def _flood(act: Callable[[int], requests.Response], most: int) -> requests.Response:
    """Do it so often, several at a time, until one is refused; that answer."""
    refusals, numbers = list[requests.Response](), count(1)

    def go_on() -> None:
        while not refusals and (number := next(numbers)) <= most:
            answer = act(number)
            if answer.status_code not in (200, 201):
                refusals.append(answer)

    with ThreadPoolExecutor(SENDERS) as pool:
        for _ in range(SENDERS):
            pool.submit(go_on)
    assert refusals, f"all of {most} were taken"
    return refusals[0]


@attack("opens and closes 500 sockets as fast as it goes", "some are refused; others connect")
@pytest.mark.limits
def test_opening_and_closing(target: Target) -> None:
    flooder = target.person("Flo")

    def opened() -> bool:
        try:
            flooder.raw_socket().close()
        except Refused:
            return False
        return True

    assert not all(opened() for _ in range(500)), "all of 500 sockets were opened"
    with target.bob.raw_socket() as socket:
        assert socket.ask("typing", {"to": target.ann.id}) == {"ok": True}
