"""What is decided at one moment and done at another: a session, a membership or a block that ends in between."""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
import requests

from tests.attacks.checks import absent, attack, json_of, refused
from tests.attacks.target import Target, texts_with
from tests.attacks.tokens import claims_of, make
from tests.clients.http import Person, shown
from tests.clients.wire import Refused
from tests.images import png

CLOSING = 3.0  # seconds: a second for the server, and time for a network and a busy machine
LEEWAY = 60  # seconds
POLLING = "/socket.io/?EIO=4&transport=polling"
SIDE = 4800  # pixels: a picture that takes a moment to check


@contextlib.contextmanager
def _meanwhile(act: Callable[[], Any]) -> Iterator[None]:
    """Do something in a thread, and wait for it in the end."""
    thread = threading.Thread(target=act)
    thread.start()
    yield
    thread.join()


@attack("logs in 21 times with one account, and the socket of the first login goes on", "it is closed")
def test_pushed_out(target: Target) -> None:
    first = target.person("Sam")
    with first.raw_socket() as socket:
        for _ in range(20):
            last = first.log_in()
        if json_of(first.ask("GET", "/api/auth/check")).get("code") == "invalid_token":
            assert socket.closes(CLOSING), "the socket of a session that ended is open"
    first.token = last.token


@attack("logs in with the old password while it is being changed", "no such session outlives the change")
def test_login_in_flight(target: Target) -> None:
    owner = target.person("Ida")
    old, tokens = owner.password, list[str]()
    going = threading.Event()
    going.set()

    def log_in() -> None:
        for _ in range(3):
            if going.is_set():
                with contextlib.suppress(AssertionError, requests.RequestException):
                    tokens.append(Person(owner.site, "Ida", owner.email, old).log_in().token)

    with ThreadPoolExecutor(8) as pool:
        for _ in range(8):
            pool.submit(log_in)
        time.sleep(0.05)
        change = {"currentPassword": old, "newPassword": f"{old}!"}
        answer = owner.ask("PUT", "/api/auth/password", change)
        going.clear()
    assert answer.status_code == 200, shown(answer)
    owner.password = f"{old}!"
    found = [target.ask("GET", "/api/auth/check", token).status_code for token in tokens]
    assert set(found) <= {401}, "a login with the old password outlives the change"


@attack("holds the body of a request back until the session has ended", "401, and nothing is done")
def test_held_body(target: Target) -> None:
    owner = target.person("Ida")
    body = json.dumps({"text": "from a dead session"}).encode()
    head = target.wire.request(
        f"POST /api/messages/send/{target.bob.id}",
        f"Cookie: jwt={owner.token}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    )
    with target.wire.connect() as connection:
        connection.settimeout(CLOSING * 3)
        connection.sendall(head + body[:1])
        time.sleep(0.5)
        owner.call("POST", "/api/auth/logout")
        connection.sendall(body[1:])
        answer = connection.recv(65536)
    owner.token = owner.log_in().token
    assert b" 401 " in answer.partition(b"\r\n")[0], answer[:200]
    assert "from a dead session" not in texts_with(target.bob, owner), "it was sent"


@attack("keeps a socket open for longer than its token is valid", "it is closed")
def test_expired_socket(target: Target, secret: str) -> None:
    owner = target.person("Ida")
    for seconds in (3 - LEEWAY, 3):  # a server may take a token a little longer, for clocks that differ
        claims = claims_of(owner.token) | {"exp": int(time.time()) + seconds}
        with contextlib.suppress(Refused), owner.raw_socket(token=make(claims, secret)) as socket:
            assert socket.closes(3 + CLOSING), "the socket outlives its token"
            return
    pytest.fail("no socket opens")


@attack("forges a token that names no session, with the stolen secret", "401, and no socket")
def test_no_session(target: Target, secret: str) -> None:
    claims = claims_of(target.bob.token)
    for session in ("", None):
        token = make(claims | {"sid": session}, secret)
        refused(target.ask("GET", "/api/auth/check", token), 401, "invalid_token")
        target.refuses_socket(token=token)
    token = make({name: value for name, value in claims.items() if name != "sid"}, secret)
    refused(target.ask("GET", "/api/auth/check", token), 401, "invalid_token")


@attack("logs out at the moment at which a socket opens, 20 times", "they are not online for ever")
def test_connecting(target: Target) -> None:
    owner = target.person("Ida")
    for number in range(20):
        person = owner.log_in()
        opened = person.ask("GET", POLLING)
        path = f"{POLLING}&sid={json.loads(opened.text[1:])['sid']}"
        with _meanwhile(partial(person.ask, "POST", path, data=b"40")):
            time.sleep(number % 10 / 1000)
            person.call("POST", "/api/auth/logout")
    _is_offline(target, owner)


@attack("hangs up at the moment at which a socket opens, 40 times", "they are not online for ever")
def test_ghosts(target: Target) -> None:
    ghost = target.person("Gus")
    for number in range(40):
        opened = ghost.ask("GET", POLLING)
        path = f"{POLLING}&sid={json.loads(opened.text[1:])['sid']}"
        with _meanwhile(partial(ghost.ask, "POST", path, data=b"40")):
            time.sleep(number % 10 / 1000)
            ghost.ask("POST", path, data=b"1")
    _is_offline(target, ghost)


def _is_offline(target: Target, person: Person) -> None:
    with target.bob.raw_socket() as bob:
        end = time.monotonic() + CLOSING
        while person.id in bob.all("getOnlineUsers")[-1]:
            assert time.monotonic() < end, "they are online without a session"
            time.sleep(0.2)


@attack("takes over a polling connection by the id in its address, without the cookie", "401, and it goes on")
def test_polling_without_cookie(target: Target) -> None:
    victim = target.person("Ida")
    opened = victim.ask("GET", POLLING)
    path = f"{POLLING}&sid={json.loads(opened.text[1:])['sid']}"
    assert victim.ask("POST", path, data=b"40").status_code == 200
    event = f'421["send_message",{json.dumps({"to": target.bob.id, "text": "in the name of another"})}]'
    for token in (None, target.mallory.token):
        refused(target.ask("POST", path, token, data=event.encode()), 401, "invalid_token")
        refused(target.ask("GET", path, token), 401, "invalid_token")
    assert "in the name of another" not in texts_with(target.bob, victim), "it was sent"
    assert victim.ask("GET", path).status_code == 200


@attack("is removed from a room while a picture of theirs is on its way", "the picture does not arrive after that")
def test_removed_meanwhile(target: Target) -> None:
    room = target.ann.create_room("Moments", target.mallory)["_id"]
    body = {"text": "too late", "image": png(SIDE, SIDE)}
    with _meanwhile(lambda: target.mallory.ask("POST", f"/api/rooms/{room}/messages", body)):
        time.sleep(0.05)
        target.ann.call("DELETE", f"/api/rooms/{room}/members/{target.mallory.id}")
    said = target.ann.call("GET", f"/api/rooms/{room}/messages")
    target.ann.call("DELETE", f"/api/rooms/{room}")
    removed = next(number for number, message in enumerate(said) if message.get("system") == "removed")
    absent("too late", said[removed:])


@attack("is blocked while a picture of theirs is on its way", "the picture does not arrive after that")
def test_blocked_meanwhile(target: Target) -> None:
    pest, owner = target.person("Pest"), target.person("Olga")
    body = {"image": png(SIDE, SIDE)}
    with _meanwhile(lambda: pest.ask("POST", f"/api/messages/send/{owner.id}", body)):
        time.sleep(0.05)
        owner.call("POST", f"/api/messages/block/{pest.id}")
        before = owner.history(pest)
    assert owner.history(pest) == before, "a message came after the block"


@attack("deletes the account while a picture of theirs is on its way", "no message of theirs stays")
def test_deleted_meanwhile(target: Target) -> None:
    leaver = target.person("Lea")
    body = {"text": "still here", "image": png(SIDE, SIDE)}
    with _meanwhile(lambda: leaver.ask("POST", f"/api/messages/send/{target.bob.id}", body)):
        time.sleep(0.05)
        assert leaver.delete()
    (entry,) = target.bob.call("POST", "/api/messages/sync", {"cursors": {}})["conversations"][-1:] or [{}]
    absent("still here", entry, target.bob.call("GET", "/api/messages/search?q=still+here"))


@attack("owner and heir of a room leave at once", "a member owns the room")
def test_leave_together(target: Target) -> None:
    owner, heir, rest = target.person("Olga"), target.person("Hal"), target.person("Rita")
    for _ in range(10):
        room = owner.create_room("Orphan", heir, rest)["_id"]
        with _meanwhile(partial(owner.ask, "DELETE", f"/api/rooms/{room}/members/{owner.id}")):
            heir.ask("DELETE", f"/api/rooms/{room}/members/{heir.id}")
        left = rest.call("GET", f"/api/rooms/{room}")
        assert left["members"] == [rest.id]
        assert left["ownerId"] == rest.id, "no member owns the room"


@attack("changes the picture of a profile many times at once", "only the last one is served")
def test_pictures_at_once(target: Target) -> None:
    owner = target.person("Ida")
    images = [png(8, 8 + number) for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        change = lambda image: owner.ask("PUT", "/api/auth/update-profile", {"profilePic": image})  # noqa: E731
        answers = list(pool.map(change, images))
    found = {answer.json()["profilePic"] for answer in answers if answer.status_code == 200}
    now = owner.call("GET", "/api/auth/check")["profilePic"]
    served = [url for url in found if owner.ask("GET", url.replace(target.url, "")).status_code == 200]
    assert [url.split("?")[0] for url in served] == [now.split("?")[0]], f"{len(served)} of {len(found)} are served"
