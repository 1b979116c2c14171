"""Queries smuggled in: database operators where texts belong, patterns and SQL where words are searched."""

import time
from typing import Any

from scripts.attacks.checks import Unexpected, content, handled, refused, same, shown, that
from scripts.attacks.registry import attack, attacks
from scripts.attacks.routes import WITH_BODY, Route, household
from scripts.attacks.world import NOBODY, World

OPERATORS: tuple[Any, ...] = (
    *({"$ne": None}, {"$gt": ""}, {"$regex": ".*"}, {"$where": "sleep(9000)"}, {"$in": [None]}, {"$exists": True}),
    *([{"$ne": None}], [[]], 12.5, float("1e300")),
)


@attacks(
    "puts database operators into each field of {}",
    "400 for each, and nothing changed",
    {route.name: route for route in WITH_BODY},
)
def operators_in_bodies(world: World, route: Route) -> None:
    home = household(world)
    before = home.state()
    body = home.fill(route.body)
    for field in body:
        for operator in OPERATORS:
            answer = home.me.ask(route.method, home.fill(route.path), {**body, field: operator})
            refused(answer, 400)
    same(home.state(), before)


@attack("puts operators into query strings", "400, or taken as a plain word")
def operators_in_queries(world: World) -> None:
    that(world.secret_message, "")
    for query in (
        *("q[$ne]=x", "q[$regex]=.*", "q=the&with[$ne]=x", "q=the&limit[$gt]=0", 'q={"$ne":null}'),
        *('q=the&with={"$ne":null}', "q=the&with=%24ne", "q=the&q[]=vault", "q=the&limit=0", "q=the&limit=1e9"),
    ):
        answer = world.mallory.ask("GET", f"/api/messages/search?{query}")
        that(answer.status_code == 400 or content(answer) == [], shown(answer))
    for query in ('before={"$gt":0}', "before[$gt]=0&limit=-1", "limit=NaN", "limit=1;drop", "before=0x10", "limit=٣"):
        handled(world.mallory.ask("GET", f"/api/messages/{world.ann.id}?{query}"), (200, 400))


IDS = (
    *('{"$ne":null}', "[object Object]", "$where", "%24ne", "1' OR '1'='1", "' OR 1=1--", "f" * 23, "f" * 25, "g" * 24),
    *("__proto__", "..", "%00", f"{NOBODY}%00", f"{NOBODY}'", f"{NOBODY}%0a", "0", "-1", "null", "undefined", "🙂" * 6),
)


@attack("puts operators, quotes and odd bytes in the place of ids", "400 or 404, for every address with an id")
def odd_ids(world: World) -> None:
    places = ("/api/messages/{}", "/api/rooms/{}", "/api/rooms/{}/messages", "/api/messages/search?q=a&with={}")
    for place in places:
        for id in IDS:
            handled(world.mallory.ask("GET", place.format(id)), (400, 404))
    for id in IDS:
        handled(world.mallory.ask("POST", f"/api/messages/send/{id}", {"text": "x"}), (400, 404, 405))
        handled(world.mallory.ask("DELETE", f"/api/auth/sessions/{id}"), (400, 404, 405))


@attack("puts a line break, a space or a NUL behind a good id", "400, by HTTP and by socket")
def ids_with_tails(world: World) -> None:
    me, bob = world.mallory, world.bob.id
    room = me.call("POST", "/api/rooms", {"name": "Tails"})["_id"]
    message = me.send(me, "a message")["_id"]
    for tail in ("\n", " ", "\r\n", "\0"):
        refused(me.ask("POST", "/api/rooms", {"name": "X", "members": [bob + tail]}), 400)
        refused(me.ask("POST", f"/api/rooms/{room}/members", {"userId": bob + tail}), 400)
        refused(me.ask("POST", f"/api/messages/send/{me.id}", {"text": "x", "replyTo": message + tail}), 400)
        with me.socket() as socket:
            for event in ("send_message", "typing"):
                same(socket.ask(event, {"to": bob + tail, "text": "x"}).get("code"), "bad_request")
            same(socket.ask("leave_room", {"room": room + tail}).get("code"), "bad_request")
    me.call("DELETE", f"/api/rooms/{room}")


PAYLOADS: dict[str, dict[str, Any]] = {
    "send_message": {"to": NOBODY, "text": "x", "image": "x", "clientId": "x", "replyTo": NOBODY, "room": NOBODY},
    "join_room": {"room": NOBODY},
    "leave_room": {"room": NOBODY},
    "typing": {"to": NOBODY, "room": NOBODY},
    "read": {"conversation": NOBODY, "seq": 1},
    "sync": {"cursors": {}},
}


@attacks(
    "puts database operators into each field of the event {}",
    "an error in the acknowledgement, and the socket lives on",
    {name: (name, payload) for name, payload in PAYLOADS.items()},
)
def operators_in_events(world: World, event: tuple[str, dict[str, Any]]) -> None:
    name, payload = event
    with world.mallory.socket() as socket:
        for field in payload:
            for operator in OPERATORS:
                answer = socket.ask(name, {**payload, field: operator})
                that(answer["ok"] is False and answer["code"] == "bad_request", f"{operator}: {answer}")
        for data in (None, "text", 7, [], [payload], True):
            answer = socket.ask(name, data)
            same(answer["ok"], False)
        same(socket.ask("sync", {})["ok"], True)


TERMS = {
    "patterns": (".*", "^", "$", "[a-z]+", "the|vault", "(?i)vault", "t.e", r"\w"),
    "SQL": ("' OR '1'='1", "%", "_", "' UNION SELECT password FROM users --", "');--", "\\", "''", "t%e"),
    "the syntax of full-text search": ('"the', "the*", "the OR vault", "text:the", "NEAR(the vault)", "-the", "^the"),
}


@attacks("searches with {} in place of words", "found literally, so not at all", TERMS)
def search(world: World, terms: tuple[str, ...]) -> None:
    me = world.mallory
    if "the vault is empty" not in me.texts_with(me):
        me.send(me, "the vault is empty")
        me.send(me, r"literally: .* ^ 100% a_b '); \w OR")
    same(len(me.call("GET", "/api/messages/search?q=VAULT")), 1)
    for term in terms:
        found = content(me.ask("GET", "/api/messages/search", params={"q": term}))
        if not isinstance(found, list) or any(term not in message["text"] for message in found):
            raise Unexpected(f"{term!r} found {found!r:.200}")


@attack("searches with a pattern that takes forever", "an answer at once")
def slow_pattern(world: World) -> None:
    world.mallory.send(world.mallory, "a" * 3000 + "!")
    started = time.monotonic()
    for term in ("(a+)+$", "(a|aa)+$", "^(.*a){20}$", "a" * 255 + "b"):
        world.mallory.call("GET", f"/api/messages/search?q={term.replace('+', '%2B')}")
    took = time.monotonic() - started
    that(took < 8, f"{took:.1f} seconds")


REACTIONS = ("$set", "a.b", "$", ".", "__proto__", "%24inc", "<b>", "%00", "text", "👍.x", "👍$", "👍" * 17, "%20", "1")


@attack("reacts with what is a key or an operator to a database", "400")
def reactions(world: World) -> None:
    message = world.mallory.send(world.mallory, "react")["_id"]
    for emoji in REACTIONS:
        handled(world.mallory.ask("PUT", f"/api/messages/{message}/reactions/{emoji}"), (400, 404))
    found = [m for m in world.mallory.call("GET", f"/api/messages/{world.mallory.id}") if m["_id"] == message]
    that("reactions" not in found[0], found)


@attack("logs in with operators in place of email and password", "400, without a cookie")
def login(world: World) -> None:
    for body in (
        {"email": {"$gt": ""}, "password": {"$gt": ""}},
        {"email": world.bob.email, "password": {"$ne": "x"}},
        {"email": [world.bob.email], "password": [world.bob.password]},
        {"email": world.bob.email, "password": True},
        {"email": world.bob.email},
    ):
        answer = world.ask("POST", "/api/auth/login", json=body)
        refused(answer, 400)
        that("Set-Cookie" not in answer.headers, dict(answer.headers))
