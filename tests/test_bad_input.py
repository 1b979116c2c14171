"""Bad input is answered with a clear 4xx and breaks nothing: examples, and a property test over all endpoints."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from socketio.exceptions import ConnectionError as Refused

from tests.clients.http import Person, Site
from tests.clients.sockets import Socket

SignUp = Callable[[str], Person]
ID = "a" * 24
WITH_BODY = {
    ("POST", "/api/auth/signup"): ("fullName", "email", "password"),
    ("POST", "/api/auth/login"): ("email", "password"),
    ("PUT", "/api/auth/update-profile"): ("fullName", "profilePic"),
    ("PUT", "/api/auth/password"): ("currentPassword", "newPassword"),
    ("POST", "/api/messages/send/{me}"): ("text", "image", "clientId", "replyTo"),
    ("PUT", "/api/messages/{message}"): ("text",),
    ("POST", "/api/messages/read"): ("conversation", "seq"),
    ("POST", "/api/messages/sync"): ("cursors",),
    ("POST", "/api/auth/reset-password"): ("token", "password"),
    ("POST", "/api/auth/confirm-email"): ("token",),
    ("POST", "/api/messages/report"): ("reason", "message", "user"),
    ("POST", "/api/rooms"): ("name", "public", "members"),
    ("PUT", "/api/rooms/{room}"): ("name",),
    ("POST", "/api/rooms/{room}/members"): ("userId",),
    ("POST", "/api/rooms/{room}/messages"): ("text", "image", "clientId", "replyTo"),
}
JSON = {"Content-Type": "application/json"}
WRONG_FOR_ALL = [{"$ne": None}, ["a"], 12.5, "a\x00b"]


def _path(template: str, person: Person, room: str, message: str) -> str:
    return template.format(me=person.id, room=room, message=message)


@pytest.fixture
def ann(shared_site: Site) -> Person:
    return shared_site.sign_up("Ann")


@pytest.fixture
def room(ann: Person) -> str:
    answer = ann.http.post("/api/rooms", json={"name": "Room"})
    room_id: str = answer.json()["_id"]
    return room_id


@pytest.mark.parametrize("wrong", WRONG_FOR_ALL, ids=["an operator", "a list", "a fraction", "a NUL byte"])
@pytest.mark.parametrize(("method", "template"), WITH_BODY)
def test_a_field_of_the_wrong_type_is_400(ann: Person, room: str, method: str, template: str, wrong: Any) -> None:
    message = ann.send(ann, "note")["_id"]
    for field in WITH_BODY[method, template]:
        if field == "members" and isinstance(wrong, list):
            continue  # a list is what it takes; what is in it is not an id, and the property test tries that
        valid = {"fullName": "A", "email": "a@b.c", "password": "123456", "text": "x", "conversation": room, "seq": 1}
        answer = ann.http.request(method, _path(template, ann, room, message), {**valid, field: wrong})
        assert answer.status_code == 400, (field, answer.text)


@pytest.mark.parametrize(("method", "template"), WITH_BODY)
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b"null", b"NaN"])
def test_a_body_that_is_not_a_json_object_is_400(
    ann: Person, room: str, method: str, template: str, body: bytes
) -> None:
    message = ann.send(ann, "note")["_id"]
    path = _path(template, ann, room, message)
    answer = ann.http.request(method, path, data=body, headers=JSON)
    assert answer.status_code == 400, answer.text


@pytest.mark.parametrize("text", [rb'"\ud800"', b'"\xff"', rb'"a\u0000b"'], ids=["lone surrogate", "no UTF-8", "NUL"])
def test_a_text_with_invalid_unicode_is_400(ann: Person, text: bytes) -> None:
    body = b'{"text": ' + text + b"}"
    answer = ann.http.post(f"/api/messages/send/{ann.id}", data=body, headers=JSON)
    assert answer.status_code == 400


def test_an_event_with_a_lone_surrogate_is_refused_and_the_socket_stays_open(
    sign_up: SignUp, connect: Callable[..., Socket]
) -> None:
    ann = sign_up("Ann")
    socket = connect(ann)
    assert socket.ask("send_message", {"to": ann.id, "text": "\ud800"})["code"] == "bad_request"
    for payload in (["\ud800"], "\ud800", {"conversation": "\ud800", "seq": 1}, {"\ud800": 1}):
        assert socket.ask("read", payload)["code"] == "bad_request"
    assert socket.ask("send_message", {"to": ann.id, "text": "whole"})["ok"]
    with pytest.raises(Refused):
        connect(auth={"token": "\ud800"})


def test_an_id_followed_by_a_line_break_is_400(ann: Person) -> None:
    answer = ann.http.post("/api/rooms", json={"name": "Room", "members": [f"{ann.id}\n"]})
    assert answer.status_code == 400


def test_a_body_that_is_not_json_is_415(ann: Person) -> None:
    for content_type in ("text/plain", "application/x-www-form-urlencoded", None):
        headers = {"Content-Type": content_type} if content_type else {}
        answer = ann.http.post("/api/auth/login", data=b"email=a&password=b", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (415, "not_json")


def test_a_deeply_nested_body_is_400(ann: Person) -> None:
    body = b'{"text": "x", "y": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    answer = ann.http.post(f"/api/messages/send/{ann.id}", data=body, headers=JSON)
    assert answer.status_code == 400


def test_a_body_that_is_too_large_is_413(ann: Person) -> None:
    answer = ann.http.post(f"/api/messages/send/{ann.id}", json={"text": "x" * 9_000_000})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    ("packet", "status"),
    [(b"9", 400), (b"0", 400), (b"2probe", 400), (b"4" * 9_000_000, 413)],
    ids=["none", "open", "ping", "9 MB"],
)
def test_a_polling_client_that_breaks_the_protocol_is_refused_without_polling_again(
    live: str, packet: bytes, status: int
) -> None:
    address = f"{live}/socket.io/?EIO=4&transport=polling"
    opened = json.loads(requests.get(address, timeout=5).text[1:])
    assert requests.post(f"{address}&sid={opened['sid']}", data=packet, timeout=5).status_code == status


@pytest.mark.parametrize("client_id", ["", "x" * 65, 7])
def test_a_client_id_has_1_to_64_characters(ann: Person, client_id: Any) -> None:
    answer = ann.http.post(f"/api/messages/send/{ann.id}", json={"text": "x", "clientId": client_id})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/api/messages/read", {"seq": 1}, "conversation is missing"),
        ("/api/messages/read", {"conversation": "x", "seq": -1}, "seq must be at least 0"),
        ("/api/messages/send/{me}", {"text": "x", "clientId": "x" * 65}, "clientId must be at most 64 characters long"),
        ("/api/messages/send/{me}", {"text": "x", "replyTo": "x"}, "replyTo must be an id: 24 hexadecimal digits"),
        ("/api/rooms", {"name": "x", "members": [ID] * 1001}, "members must be at most 1000 entries long"),
        ("/api/rooms", {"name": "x", "public": "yes"}, "public must be true or false"),
    ],
)
def test_the_message_says_what_is_wrong(ann: Person, path: str, body: Any, words: str) -> None:
    answer = ann.http.post(_path(path, ann, "", ""), json=body)
    assert (answer.status_code, answer.json()) == (400, {"message": words, "code": "bad_request", "error": words})


# Anything that JSON can say, and strings that look like what a field might want.
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
ANYTHING = st.recursive(
    SCALARS | st.sampled_from([ID, "data:image/png;base64,AAAA", "/etc/passwd", "\ud800", "a\x00", "$where", "👍"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
METHODS = st.sampled_from(["GET", "POST", "PUT", "DELETE"])
PATHS = st.sampled_from(
    [
        *{path for _, path in WITH_BODY},
        *("/api/messages/{me}", "/api/messages/users", "/api/messages/search", "/api/messages/block/{me}"),
        *("/api/rooms/{room}/join", "/api/rooms/{room}/members/{me}", "/api/auth/check", "/api/messages/%00"),
        *("/api/messages/{message}/reactions/%F0%9F%91%8D", "/api/messages/{message}/reactions/a", "/api/rooms/x"),
    ]
)
FIELDS = st.sampled_from(sorted({field for fields in WITH_BODY.values() for field in fields}))
QUERIES = st.dictionaries(
    st.sampled_from(["limit", "before", "q", "with"]), st.text(st.characters(codec="utf-8")) | st.integers().map(str)
)


@pytest.fixture(scope="module")
def known(shared_site: Site) -> tuple[Person, str, str]:
    """Ann, her room and her message, for many requests."""
    ann = shared_site.sign_up("Ann")
    return ann, ann.create_room("Room")["_id"], ann.send(ann, "note")["_id"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(method=METHODS, template=PATHS, body=st.dictionaries(FIELDS, ANYTHING) | ANYTHING, query=QUERIES)
def test_no_request_is_answered_with_a_500(
    known: tuple[Person, str, str], method: str, template: str, body: Any, query: dict[str, str]
) -> None:
    ann, room, message = known
    answer = ann.http.request(
        method,
        _path(template, ann, room, message),
        params=query,
        data=json.dumps(body).encode(),
        headers=JSON,
    )
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert set(answer.json()) == {"message", "code", "error"}
