"""Floods are refused in words, with the time to wait, and no other user notices."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from socketio.exceptions import ConnectionError as Refused

from chat.config import Config
from chat.errors import RateLimitedError
from chat.lib.limits import Limits
from chat.middleware.origins import READING
from tests.clients.http import PASSWORD, Browser, Person, Site
from tests.clients.sockets import Socket, wait_until
from tests.clients.wire import RawSocket
from tests.clients.wire import Refused as NotLetIn
from tests.clients.wsgi import in_process
from tests.conftest import MakeApp
from tests.images import png
from tests.services import RedisServer

SignUp = Callable[[str], Person]


@pytest.fixture
def config(config: Config) -> Config:
    """The settings with limits, and where many of something are needed, with low ones."""
    rates = replace(config.rates, wrong_logins_from="20 per 5 minutes", sends="5 per minute", images="2 per minute")
    rates = replace(rates, searches="2 per minute", events="20 per minute")
    rates = replace(rates, connects="10 per minute", connects_from="15 per minute")
    return replace(config, rate_limits=True, rates=rates, max_sockets_per_user=2, max_sockets_per_address=3)


def _log_in(client: Browser, email: str, password: str = "wrong one", **headers: str) -> Any:
    body = {"email": email, "password": password}
    return client.post("/api/auth/login", json=body, headers={k.replace("_", "-"): v for k, v in headers.items()})


def _refused(answer: Any) -> bool:
    """Whether an answer is a refusal for being too often, as it should be."""
    if answer.status_code != 429:
        return False
    assert answer.json()["code"] == "rate_limited"
    assert 1 <= int(answer.headers["Retry-After"]) <= 300
    return True


def _may_connect(connect: Callable[..., Socket], person: Person) -> bool:
    try:
        return bool(connect(person).connected)
    except Refused:
        return False


def test_ten_wrong_passwords_lock_an_account_for_a_while(sign_up: SignUp, client: Browser) -> None:
    ann = sign_up("Ann")
    assert [_log_in(client, ann.email).status_code for _ in range(10)] == [400] * 10
    assert _refused(_log_in(client, ann.email))
    assert _refused(_log_in(client, f" {ann.email.upper()}", PASSWORD))
    assert ann.http.get("/api/auth/check").status_code == 200


def test_the_time_to_wait_is_right_after_the_clock_was_set_back(
    sign_up: SignUp, client: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = sign_up("Ann")
    assert [_log_in(client, ann.email).status_code for _ in range(10)] == [400] * 10
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() - 3600)
    assert _refused(_log_in(client, ann.email))


def test_an_account_that_does_not_exist_is_locked_in_the_same_way(client: Browser) -> None:
    assert [_log_in(client, "nobody@example.org").status_code for _ in range(11)] == [400] * 10 + [429]


def test_a_successful_login_resets_the_count(sign_up: SignUp, client: Browser) -> None:
    ann = sign_up("Ann")
    for _ in range(2):
        assert [_log_in(client, ann.email).status_code for _ in range(8)] == [400] * 8
        assert _log_in(client, ann.email, PASSWORD).status_code == 200


def test_parallel_guesses_do_not_exceed_the_limit(sign_up: SignUp, app: Flask) -> None:
    ann = sign_up("Ann")
    found: list[int] = []
    guess = lambda: found.append(_log_in(in_process(app).browser(), ann.email).status_code)  # noqa: E731
    guesses = [threading.Thread(target=guess) for _ in range(20)]
    for thread in guesses:
        thread.start()
    for thread in guesses:
        thread.join()
    assert sorted(found) == [400] * 10 + [429] * 10


def test_wrong_logins_are_limited_by_address_too(client: Browser) -> None:
    found = [_log_in(client, f"person{number}@example.org").status_code for number in range(22)]
    assert found == [400] * 20 + [429] * 2


def test_a_forged_forwarded_address_does_not_evade_the_limit(client: Browser) -> None:
    found = [_log_in(client, f"p{n}@example.org", X_Forwarded_For=f"10.0.0.{n}").status_code for n in range(22)]
    assert found == [400] * 20 + [429] * 2


def test_behind_a_trusted_proxy_the_forwarded_address_counts(make_app: MakeApp) -> None:
    client = in_process(make_app(trusted_proxies=1)).browser()
    for number in range(20):  # what the visitor wrote comes first, the proxy's own word last
        assert _log_in(client, f"p{number}@example.org", X_Forwarded_For=f"1.1.1.{number}, 2.2.2.2").status_code == 400
    assert _log_in(client, "p@example.org", X_Forwarded_For="9.9.9.9, 2.2.2.2").status_code == 429
    assert _log_in(client, "p@example.org", X_Forwarded_For="2.2.2.2, 3.3.3.3").status_code == 400


def test_guessing_the_current_password_is_limited(sign_up: SignUp) -> None:
    ann = sign_up("Ann")
    change = {"currentPassword": "wrong one", "newPassword": "another one"}
    found = [ann.http.put("/api/auth/password", json=change).status_code for _ in range(11)]
    assert found == [400] * 10 + [429]


def test_a_locked_account_can_still_change_its_password(sign_up: SignUp, client: Browser) -> None:
    ann = sign_up("Ann")
    assert [_log_in(client, ann.email).status_code for _ in range(11)] == [400] * 10 + [429]
    change = {"currentPassword": PASSWORD, "newPassword": "another one"}
    assert ann.http.put("/api/auth/password", json=change).status_code == 200


def test_sends_of_one_user_are_limited_and_of_others_are_not(sign_up: SignUp) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    sent = ann.send(bob, "hello")
    edits = [ann.http.put(f"/api/messages/{sent['_id']}", json={"text": f"edit {n}"}) for n in range(5)]
    assert [answer.status_code for answer in edits] == [200] * 4 + [429]
    assert _refused(ann.http.post(f"/api/messages/send/{bob.id}", json={"text": "too often"}))
    assert [message["text"] for message in bob.http.get(f"/api/messages/{ann.id}").json()] == ["edit 3"]
    assert bob.send(ann, "not me")


def test_images_and_searches_are_limited(sign_up: SignUp) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    ann.http.put("/api/auth/update-profile", json={"profilePic": png(4, 4)})
    ann.send(bob, "one", image=png(4, 4))
    assert _refused(ann.http.post(f"/api/messages/send/{bob.id}", json={"image": png(4, 4)}))
    searches = [ann.http.get("/api/messages/search?q=hello") for _ in range(3)]
    assert [answer.status_code for answer in searches] == [200, 200, 429]


def test_events_over_the_limit_are_refused_and_the_socket_stays_open(
    sign_up: SignUp, connect: Callable[..., Socket]
) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    flooding, other = connect(ann), connect(bob)
    answers = [flooding.ask("typing", {"to": bob.id}) for _ in range(22)]
    assert [answer["ok"] for answer in answers] == [True] * 20 + [False] * 2
    assert answers[-1]["code"] == "rate_limited"
    assert other.ask("typing", {"to": ann.id}) == {"ok": True}
    assert flooding.connected


A_USER, A_ROOM, A_SESSION, A_MESSAGE = "a" * 24, "b" * 24, "c" * 24, "d" * 24
CHANGES: dict[str, Any] = {  # of all kinds; deleting an account and changing a password have the limits of logins
    "PUT /api/auth/update-profile": {"fullName": "Ann"},
    "DELETE /api/auth/sessions": None,
    f"DELETE /api/auth/sessions/{A_SESSION}": None,
    f"POST /api/messages/send/{A_USER}": {"text": "x"},
    f"PUT /api/messages/{A_MESSAGE}": {"text": "x"},
    f"DELETE /api/messages/{A_MESSAGE}": None,
    f"PUT /api/messages/{A_MESSAGE}/reactions/👍": None,
    f"DELETE /api/messages/{A_MESSAGE}/reactions/👍": None,
    "POST /api/messages/read": {"conversation": A_ROOM, "seq": 1},
    "POST /api/messages/sync": {"cursors": {}},
    "POST /api/messages/report": {"user": A_USER, "reason": "x"},
    f"POST /api/messages/block/{A_USER}": None,
    f"DELETE /api/messages/block/{A_USER}": None,
    "POST /api/rooms": {"name": "x"},
    f"PUT /api/rooms/{A_ROOM}": {"name": "x"},
    f"DELETE /api/rooms/{A_ROOM}": None,
    f"POST /api/rooms/{A_ROOM}/join": None,
    f"POST /api/rooms/{A_ROOM}/messages": {"text": "x"},
    f"POST /api/rooms/{A_ROOM}/members": {"userId": A_USER},
    f"DELETE /api/rooms/{A_ROOM}/members/{A_USER}": None,
    f"PUT /api/rooms/{A_ROOM}/owners/{A_USER}": None,
    f"DELETE /api/rooms/{A_ROOM}/owners/{A_USER}": None,
}
PASSWORDS = {"PUT /api/auth/password", "DELETE /api/auth/account"}
MAILS = {"PUT /api/auth/email", "POST /api/auth/confirmation"}  # have a limit of their own


def test_every_change_has_a_limit(make_app: MakeApp, config: Config) -> None:
    app = make_app(rates=replace(config.rates, writes="2 per minute", sends="2 per minute", reports="2 per minute"))
    site = in_process(app)
    for change, body in CHANGES.items():
        person = site.sign_up("Ann")
        room = person.create_room("Ann's")["_id"]
        method, path = change.replace(A_ROOM, room).split(" ")
        *_, last = [person.ask(method, path, body) for _ in range(3)]
        assert _refused(last), f"{change}: {last.text}"
    guarded = (rule for rule in app.url_map.iter_rules() if hasattr(app.view_functions[rule.endpoint], "guarded"))
    routes = {f"{method} {rule.rule}" for rule in guarded for method in rule.methods or () if method not in READING}
    tested = {match for change in CHANGES for match in [_rule(app, *change.split(" "))]}
    outside = {route for route in routes if route.partition(" ")[2].startswith(("/api/admin", "/api/message/"))}
    assert tested | PASSWORDS | MAILS == routes - outside


def _rule(app: Flask, method: str, path: str) -> str:
    """The method and the rule of a path."""
    rule, _ = app.url_map.bind("localhost").match(path, method, return_rule=True)
    return f"{method} {rule.rule}"


def test_new_rooms_of_one_user_are_limited_in_number_and_by_the_hour(make_app: MakeApp, config: Config) -> None:
    site = in_process(make_app(max_rooms_per_user=3, rates=replace(config.rates, rooms="4 per hour")))
    ann, bob = site.sign_up("Ann"), site.sign_up("Bob")
    rooms = [ann.create_room("x", bob)["_id"] for _ in range(3)]
    full = ann.ask("POST", "/api/rooms", {"name": "x"})
    assert (full.status_code, full.json()["message"]) == (400, "you own 3 rooms already: delete one first")
    ann.call("DELETE", f"/api/rooms/{rooms[0]}")
    ann.create_room("x")
    ann.call("DELETE", f"/api/rooms/{rooms[1]}")
    late = ann.ask("POST", "/api/rooms", {"name": "x"})
    assert (late.status_code, int(late.headers["Retry-After"]) > 3000) == (429, True)
    assert bob.create_room("x", ann)


def test_new_sockets_of_one_user_and_of_one_address_are_limited(sign_up: SignUp, live: str) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    for _ in range(10):
        RawSocket(live, token=ann.token).close()
    with pytest.raises(NotLetIn, match="rate_limited"):
        RawSocket(live, token=ann.token)
    for _ in range(4):
        RawSocket(live, token=bob.token).close()
    with pytest.raises(NotLetIn, match="429"):
        RawSocket(live, token=bob.token)
    assert _refused(Browser(Site(live)).get("/socket.io/?EIO=4&transport=polling"))


def test_sockets_of_one_user_and_of_one_address_are_counted(sign_up: SignUp, connect: Callable[..., Socket]) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    first, _ = connect(ann), connect(ann)
    with pytest.raises(Refused):
        connect(ann)
    connect(bob)
    with pytest.raises(Refused):
        connect(bob)
    first.close()
    assert wait_until(lambda: _may_connect(connect, bob))


@pytest.mark.parametrize(
    "forged", [["connect", {}], ["disconnect", "client disconnect"]], ids=["connect", "disconnect"]
)
def test_forged_connect_and_disconnect_events_do_not_change_the_count(
    sign_up: SignUp, connect: Callable[..., Socket], forged: list[Any]
) -> None:
    ann = sign_up("Ann")
    first = connect(ann)
    for _ in range(3):
        first.client.emit(*forged)
    first.ask("sync", {})
    connect(ann)
    assert not _may_connect(connect, ann)


def _wrong_logins(processes: list[Limits], who: str) -> int:
    """How many wrong logins are let through, on those processes by turns, before one is refused."""
    for number in range(100):
        try:
            processes[number % len(processes)].hit("wrong_logins", who)
        except RateLimitedError:
            return number
    raise AssertionError("none was refused")


def test_processes_with_one_redis_count_together(config: Config) -> None:
    with RedisServer() as redis:
        processes = [Limits(replace(config, redis_url=redis.url)) for _ in range(2)]
        assert _wrong_logins(processes, "ann") == 10


def test_while_redis_hangs_each_process_counts_for_itself_without_waiting(config: Config) -> None:
    with RedisServer() as redis:
        limits = Limits(replace(config, redis_url=redis.url))
        redis.pause()
        begun = time.monotonic()
        assert _wrong_logins([limits], "ann") == 10
        assert time.monotonic() - begun < 5
        redis.resume()
