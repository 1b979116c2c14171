"""What is expensive goes on in small numbers, in pages that are bounded in bytes, and in parts."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
from flask import Flask

from chat.controllers import account, auth
from chat.errors import InvalidTokenError
from chat.lib.slots import AT_ONCE
from tests.clients.http import Person
from tests.conftest import MakeApp

SignUp = Callable[[str], Person]


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app(rate_limits=True)


@pytest.mark.parametrize(
    ("kind", "method", "path", "body"),
    [
        ("searches", "GET", "/api/messages/search?q=x", None),
        ("pages", "GET", "/api/messages/{bob}", None),
        ("pages", "POST", "/api/messages/sync", {"cursors": {}}),
        ("exports", "GET", "/api/auth/export", None),
    ],
)
def test_few_of_a_kind_go_on_at_once_by_user_and_in_all(
    app: Flask, ann: Person, bob: Person, kind: str, method: str, path: str, body: Any
) -> None:
    slots, (of_user, of_all) = app.extensions["chat"].slots, AT_ONCE[kind]

    def code(person: Person) -> tuple[int, Any, bool]:
        answer = person.ask(method, path.format(bob=bob.id), body)
        return answer.status_code, answer.json()["code"], "Retry-After" in answer.headers

    with ExitStack() as others:
        for _ in range(of_user):
            others.enter_context(slots.take(kind, ann.id))
        assert code(ann) == (429, "rate_limited", True)
        for number in range(of_all - of_user):
            others.enter_context(slots.take(kind, f"someone {number}"))
        assert code(bob) == (503, "busy", True)
    for _ in range(2):  # each gives its slot back
        assert ann.ask(method, path.format(bob=bob.id), body).status_code == 200


def test_pages_of_history_are_bounded_in_bytes_and_miss_nothing(
    ann: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.controllers.messages.PAGE_BYTES", 250)
    for number in range(7):
        ann.send(bob, f"{number}" * 100)
    found: list[str] = []
    address: str | None = f"/api/messages/{ann.id}"
    while address:
        answer = bob.http.get(address)
        texts = [message["text"][0] for message in answer.json()]
        assert 1 <= len(texts) <= 2
        found = texts + found
        address = answer.links["prev"]["url"] if "prev" in answer.links else None
    assert found == list("0123456")
    page = bob.http.get(f"/api/messages/{ann.id}?limit=4&page=2").json()
    assert [message["text"][0] for message in page] == list("012")


def test_syncs_are_bounded_in_bytes_and_miss_nothing(
    sign_up: SignUp, ann: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.controllers.conversations.SYNC_BYTES", 250)
    carl = sign_up("Carl")
    for number in range(4):
        ann.send(bob, f"{number}" * 300)
        ann.send(carl, f"{number}" * 100)
    cursors: dict[str, int] = {}
    found: list[str] = []
    more = True
    while more:
        conversations = ann.call("POST", "/api/messages/sync", {"cursors": cursors})["conversations"]
        texts = [message["text"] for one in conversations for message in one["messages"]]
        assert texts
        assert sum(map(len, texts[1:])) <= 250
        found += [text[0] for text in texts]
        cursors |= {one["id"]: one["upTo"] for one in conversations}
        more = any(one["more"] for one in conversations)
    assert sorted(found) == list("00112233")


def test_an_export_ends_with_the_session_that_asked_for_it(
    app: Flask, ann: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.controllers.account.PAGE", 2)
    for number in range(6):
        ann.send(bob, str(number))
    with app.test_request_context():
        files = dict(account.export(auth.authenticate(ann.token)))
        messages = iter(files["messages.ndjson"])
        next(messages)
        ann.http.post("/api/auth/logout")
        with pytest.raises(InvalidTokenError):
            list(messages)


def test_a_room_of_many_messages_is_removed_in_parts_with_its_images(
    ann: Person, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.controllers.rooms.ERASED_AT_ONCE", 3)
    room = ann.create_room("Garden")
    for number in range(8):
        ann.call("POST", f"/api/rooms/{room['_id']}/messages", {"text": f"flower {number}"})
    ann.call("DELETE", f"/api/rooms/{room['_id']}")
    assert app.extensions["chat"].store.messages.of_sender(ann.id, "", 10) == []
    assert ann.call("GET", "/api/messages/search?q=flower") == []
