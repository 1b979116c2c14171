"""Queries smuggled in: database operators where texts belong, patterns and SQL where words are searched."""

import time
from typing import Any

import pytest

from tests.attacks.checks import attack, handled, json_of, refused
from tests.attacks.routes import WITH_BODY, Household, Route
from tests.attacks.target import UNKNOWN, Target, texts_with
from tests.clients.http import shown

OPERATORS: tuple[Any, ...] = (
    *({"$ne": None}, {"$gt": ""}, {"$regex": ".*"}, {"$where": "sleep(9000)"}, {"$in": [None]}, {"$exists": True}),
    *([{"$ne": None}], [[]], 12.5, float("1e300")),
)


@attack(
    "puts database operators into each field of {}",
    "400 for each, and nothing changed",
    route={route.name: route for route in WITH_BODY},
)
def test_operators_in_bodies(household: Household, route: Route) -> None:
    before = household.state()
    body = household.fill(route.body)
    status = 403 if route.path.startswith("/api/admin/") else 400  # for admins only: the body is not looked at
    for field in body:
        for operator in OPERATORS:
            answer = household.me.ask(route.method, household.fill(route.path), {**body, field: operator})
            refused(answer, status)
    assert household.state() == before


@attack("puts operators into query strings", "400, or taken as a plain word")
def test_operators_in_queries(target: Target) -> None:
    assert target.secret_message
    for query in (
        *("q[$ne]=x", "q[$regex]=.*", "q=the&with[$ne]=x", "q=the&limit[$gt]=0", 'q={"$ne":null}'),
        *('q=the&with={"$ne":null}', "q=the&with=%24ne", "q=the&q[]=vault", "q=the&limit=0", "q=the&limit=1e9"),
    ):
        answer = target.mallory.ask("GET", f"/api/messages/search?{query}")
        assert answer.status_code == 400 or json_of(answer) == [], shown(answer)
    for query in ('before={"$gt":0}', "before[$gt]=0&limit=-1", "limit=NaN", "limit=1;drop", "before=0x10", "limit=٣"):
        handled(target.mallory.ask("GET", f"/api/messages/{target.ann.id}?{query}"), (200, 400))


IDS = (
    *('{"$ne":null}', "[object Object]", "$where", "%24ne", "1' OR '1'='1", "' OR 1=1--", "f" * 23, "f" * 25, "g" * 24),
    *(
        "__proto__",
        "..",
        "%00",
        f"{UNKNOWN}%00",
        f"{UNKNOWN}'",
        f"{UNKNOWN}%0a",
        "0",
        "-1",
        "null",
        "undefined",
        "🙂" * 6,
    ),
)


@attack("puts operators, quotes and odd bytes in the place of ids", "400 or 404, for every address with an id")
def test_odd_ids(target: Target) -> None:
    places = ("/api/messages/{}", "/api/rooms/{}", "/api/rooms/{}/messages", "/api/messages/search?q=a&with={}")
    for place in places:
        for id in IDS:
            handled(target.mallory.ask("GET", place.format(id)), (400, 404))
    for id in IDS:
        handled(target.mallory.ask("POST", f"/api/messages/send/{id}", {"text": "x"}), (400, 404, 405))
        handled(target.mallory.ask("DELETE", f"/api/auth/sessions/{id}"), (400, 404, 405))


@attack("puts a line break, a space or a NUL behind a good id", "400, by HTTP and by socket")
def test_ids_with_tails(target: Target) -> None:
    me, bob = target.mallory, target.bob.id
    room = me.call("POST", "/api/rooms", {"name": "Tails"})["_id"]
    message = me.send(me, "a message")["_id"]
    for tail in ("\n", " ", "\r\n", "\0"):
        refused(me.ask("POST", "/api/rooms", {"name": "X", "members": [bob + tail]}), 400)
        refused(me.ask("POST", f"/api/rooms/{room}/members", {"userId": bob + tail}), 400)
        refused(me.ask("POST", f"/api/messages/send/{me.id}", {"text": "x", "replyTo": message + tail}), 400)
        with me.raw_socket() as socket:
            for event in ("send_message", "typing"):
                assert socket.ask(event, {"to": bob + tail, "text": "x"}).get("code") == "bad_request"
            assert socket.ask("leave_room", {"room": room + tail}).get("code") == "bad_request"
    me.call("DELETE", f"/api/rooms/{room}")


PAYLOADS: dict[str, dict[str, Any]] = {
    "send_message": {"to": UNKNOWN, "text": "x", "image": "x", "clientId": "x", "replyTo": UNKNOWN, "room": UNKNOWN},
    "join_room": {"room": UNKNOWN},
    "leave_room": {"room": UNKNOWN},
    "typing": {"to": UNKNOWN, "room": UNKNOWN},
    "read": {"conversation": UNKNOWN, "seq": 1},
    "sync": {"cursors": {}},
}


@attack(
    "puts database operators into each field of the event {}",
    "an error in the acknowledgement, and the socket lives on",
    event={name: (name, payload) for name, payload in PAYLOADS.items()},
)
def test_operators_in_events(target: Target, event: tuple[str, dict[str, Any]]) -> None:
    name, payload = event
    with target.mallory.raw_socket() as socket:
        for field in payload:
            for operator in OPERATORS:
                answer = socket.ask(name, {**payload, field: operator})
                assert answer["ok"] is False, f"{operator}: {answer}"
                assert answer["code"] == "bad_request", f"{operator}: {answer}"
        for data in (None, "text", 7, [], [payload], True):
            answer = socket.ask(name, data)
            assert answer["ok"] is False
        assert socket.ask("sync", {})["ok"] is True


TERMS = {
    "patterns": (".*", "^", "$", "[a-z]+", "the|vault", "(?i)vault", "t.e", r"\w"),
    "SQL": ("' OR '1'='1", "%", "_", "' UNION SELECT password FROM users --", "');--", "\\", "''", "t%e"),
    "the syntax of full-text search": ('"the', "the*", "the OR vault", "text:the", "NEAR(the vault)", "-the", "^the"),
}


@attack("searches with {} in place of words", "found literally, so not at all", terms=TERMS)
def test_search(target: Target, terms: tuple[str, ...]) -> None:
    me = target.mallory
    if "the vault is empty" not in texts_with(me, me):
        me.send(me, "the vault is empty")
        me.send(me, r"literally: .* ^ 100% a_b '); \w OR")
    assert len(me.call("GET", "/api/messages/search?q=VAULT")) == 1
    for term in terms:
        found = json_of(me.ask("GET", "/api/messages/search", params={"q": term}))
        if not isinstance(found, list) or any(term not in message["text"] for message in found):
            pytest.fail(f"{term!r} found {found!r:.200}")


@attack("searches with a pattern that takes forever", "an answer at once")
def test_slow_pattern(target: Target) -> None:
    target.mallory.send(target.mallory, "a" * 3000 + "!")
    started = time.monotonic()
    for term in ("(a+)+$", "(a|aa)+$", "^(.*a){20}$", "a" * 255 + "b"):
        target.mallory.call("GET", f"/api/messages/search?q={term.replace('+', '%2B')}")
    took = time.monotonic() - started
    assert took < 8, f"{took:.1f} seconds"


REACTIONS = ("$set", "a.b", "$", ".", "__proto__", "%24inc", "<b>", "%00", "text", "👍.x", "👍$", "👍" * 17, "%20", "1")


@attack("reacts with what is a key or an operator to a database", "400")
def test_reactions(target: Target) -> None:
    message = target.mallory.send(target.mallory, "react")["_id"]
    for emoji in REACTIONS:
        handled(target.mallory.ask("PUT", f"/api/messages/{message}/reactions/{emoji}"), (400, 404))
    found = [m for m in target.mallory.call("GET", f"/api/messages/{target.mallory.id}") if m["_id"] == message]
    assert "reactions" not in found[0], found


@attack("logs in with operators in place of email and password", "400, without a cookie")
def test_login(target: Target) -> None:
    for body in (
        {"email": {"$gt": ""}, "password": {"$gt": ""}},
        {"email": target.bob.email, "password": {"$ne": "x"}},
        {"email": [target.bob.email], "password": [target.bob.password]},
        {"email": target.bob.email, "password": True},
        {"email": target.bob.email},
    ):
        answer = target.ask("POST", "/api/auth/login", json=body)
        refused(answer, 400)
        assert "Set-Cookie" not in answer.headers, dict(answer.headers)
