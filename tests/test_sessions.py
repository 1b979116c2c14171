"""Where a user is logged in: the list, ending one or all others, and what another password does to them."""

import time
from collections.abc import Callable

import jwt
import pytest
from flask import Flask
from requests import Response

from chat.config import Config
from chat.current import tokens
from chat.models.values import now
from chat.realtime.bus import UserChanged
from chat.store import cache
from tests.clients.http import PASSWORD, Person, set_token
from tests.clients.sockets import Socket, wait_until
from tests.clients.wsgi import in_process

MakeApp = Callable[..., Flask]
SignUp = Callable[[str], Person]
Connect = Callable[..., Socket]
DAY = 24 * 3600  # seconds


@pytest.fixture
def ann(sign_up: SignUp) -> Person:
    return sign_up("Ann")


def test_the_list_has_all_sessions_newest_first_and_marks_the_current_one(ann: Person) -> None:
    browser = ann.log_in().http
    found = browser.get("/api/auth/sessions", headers={"User-Agent": "x"}).json()
    assert [session["current"] for session in found] == [True, False]
    assert set(found[0]) == {"id", "current", "createdAt", "lastUsedAt", "userAgent"}
    assert found[0]["userAgent"].startswith("python-requests")


def test_ending_a_session_revokes_its_token_and_closes_its_sockets(ann: Person, connect: Connect) -> None:
    browser = ann.log_in().http
    there, here = connect(auth={"token": browser.token}), connect(ann)
    other = next(s["id"] for s in ann.http.get("/api/auth/sessions").json() if not s["current"])
    assert ann.http.delete(f"/api/auth/sessions/{other}").status_code == 200
    assert browser.get("/api/auth/check").status_code == 401
    there.wait_for("sessionRevoked")
    wait_until(lambda: not there.connected, seconds=1)
    assert here.connected


def test_ending_all_other_sessions_keeps_the_current_one(ann: Person) -> None:
    others = [ann.log_in().http for _ in range(3)]
    assert ann.http.delete("/api/auth/sessions").status_code == 200
    assert [browser.get("/api/auth/check").status_code for browser in others] == [401] * 3
    assert len(ann.http.get("/api/auth/sessions").json()) == 1


@pytest.mark.parametrize(("session_id", "status"), [("a" * 24, 404), ("x", 400)])
def test_sessions_of_others_cannot_be_ended(ann: Person, sign_up: SignUp, session_id: str, status: int) -> None:
    assert ann.http.delete(f"/api/auth/sessions/{session_id}").status_code == status
    bobs = sign_up("Bob").http.get("/api/auth/sessions").json()[0]["id"]
    assert ann.http.delete(f"/api/auth/sessions/{bobs}").status_code == 404


def test_last_use_is_updated_at_most_every_ten_minutes(ann: Person, app: Flask) -> None:
    def last_used() -> str:
        used: str = ann.http.get("/api/auth/sessions").json()[0]["lastUsedAt"]
        return used

    before = last_used()
    assert last_used() == before
    store = app.extensions["chat"].store
    session = store.users.find(ann.id).sessions[0]
    store.users.touch_session(ann.id, session.id, now() - 11 * 60 * 1000)
    ann.http.get("/api/auth/check")
    assert last_used() >= before


def test_changing_the_password_ends_all_other_sessions(ann: Person, connect: Connect) -> None:
    browser = ann.log_in().http
    socket = connect(auth={"token": browser.token})
    change = {"currentPassword": PASSWORD, "newPassword": "another one"}
    answer = ann.http.put("/api/auth/password", json=change)
    assert (answer.status_code, answer.json()["_id"]) == (200, ann.id)
    assert ann.http.get("/api/auth/check").status_code == 200
    assert browser.get("/api/auth/check").status_code == 401
    wait_until(lambda: not socket.connected)
    for password, status in ((PASSWORD, 400), ("another one", 200)):
        body = {"email": ann.email, "password": password}
        assert browser.post("/api/auth/login", json=body).status_code == status


@pytest.mark.parametrize(("current", "new"), [("wrong one", "another one"), (PASSWORD, "short"), (PASSWORD, "x" * 73)])
def test_changing_the_password_needs_the_current_one_and_a_valid_new_one(ann: Person, current: str, new: str) -> None:
    browser = ann.log_in().http
    answer = ann.http.put("/api/auth/password", json={"currentPassword": current, "newPassword": new})
    assert answer.status_code == 400
    assert browser.get("/api/auth/check").status_code == 200
    assert ann.log_in().http


def test_without_redis_another_process_notices_a_logout_after_a_few_seconds(
    ann: Person, make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = in_process(make_app()).browser(ann.token)
    assert elsewhere.get("/api/auth/check").status_code == 200
    ann.http.post("/api/auth/logout")
    monkeypatch.setattr(cache, "FRESH_SECONDS", 0.0)
    assert elsewhere.get("/api/auth/check").status_code == 401


def test_a_change_is_published_and_what_others_publish_is_forgotten(ann: Person, app: Flask, make_app: MakeApp) -> None:
    other = make_app()
    elsewhere = in_process(other).browser(ann.token)
    published: list[UserChanged] = []
    app.extensions["chat"].bus.subscribe(UserChanged, published.append)
    assert elsewhere.get("/api/auth/check").status_code == 200
    ann.http.post("/api/auth/logout")
    assert published == [UserChanged(ann.id)]
    other.extensions["chat"].bus.publish(published[0])
    assert elsewhere.get("/api/auth/check").status_code == 401


@pytest.mark.parametrize(
    ("issued", "expires", "status"),
    [
        (2, 3600, 200),  # by a machine whose clock is ahead
        (3600, 3600, 200),  # before the clock went back by an hour
        (0, -2, 200),  # read by a machine whose clock is ahead
        (0, -90, 401),
    ],
)
def test_clocks_that_differ_or_go_back_log_no_one_out(
    ann: Person, config: Config, issued: int, expires: int, status: int
) -> None:
    now = int(time.time())
    claims = jwt.decode(ann.token, config.jwt_secret, algorithms=["HS256"])
    token = jwt.encode({**claims, "iat": now + issued, "exp": now + expires}, config.jwt_secret)
    assert ann.http.get("/api/auth/check", token=token).status_code == status


def test_sessions_are_in_the_order_of_their_logins_whatever_the_clock_says(
    ann: Person, make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() - 3600 * 10**9)
    later = ann.log_in().http
    found = later.get("/api/auth/sessions").json()
    assert [session["current"] for session in found] == [True, False]
    assert found[0]["createdAt"] < found[1]["createdAt"]
    monkeypatch.undo()
    strict = in_process(make_app(rate_limits=True, max_sessions=2))
    newest = strict.newcomer("Ann", ann.email).log_in().http
    tokens = [ann.token, later.token, newest.token]
    # The first login ends, though its time is later.
    assert [newest.get("/api/auth/check", token=token).status_code for token in tokens] == [401, 200, 200]


def _days_pass(config: Config, ann: Person, days: float) -> Response:
    """A request with the cookie that the browser had before so many days passed."""
    claims = jwt.decode(ann.http.token, config.jwt_secret, algorithms=["HS256"], options={"verify_exp": False})
    issued = {"iat": claims["iat"] - int(days * DAY), "exp": claims["exp"] - int(days * DAY)}
    ann.http.token = jwt.encode({**claims, **issued}, config.jwt_secret, algorithm="HS256")
    return ann.http.get("/api/auth/check")


@pytest.mark.parametrize(
    ("days", "status", "renewed"), [(0.9, 200, False), (1.1, 200, True), (29, 200, True), (31, 401, False)]
)
def test_a_session_that_is_used_is_renewed_and_one_that_is_not_ends(
    config: Config, ann: Person, days: float, status: int, renewed: bool
) -> None:
    answer = _days_pass(config, ann, days)
    assert (answer.status_code, bool(set_token(answer))) == (status, renewed)
    if renewed:
        cookie = answer.headers["Set-Cookie"]
        assert all(flag in cookie for flag in ("HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=2592000"))
        claims = jwt.decode(ann.http.token, config.jwt_secret, algorithms=["HS256"])
        assert claims["exp"] - claims["iat"] == 30 * DAY
        assert ann.http.get("/api/auth/check").status_code == 200


def test_no_session_outlives_its_longest_time(make_app: Callable[..., Flask], config: Config) -> None:
    app = make_app(session_idle_days=30, session_max_days=40)
    with app.app_context():
        token = tokens.issue("a" * 24, "b" * 24, now() - 35 * DAY * 1000)
    claims = jwt.decode(token, config.jwt_secret, algorithms=["HS256"])
    assert round((claims["exp"] - claims["iat"]) / DAY) == 5


def test_logging_out_is_not_undone_by_a_renewal(config: Config, ann: Person) -> None:
    claims = jwt.decode(ann.http.token, config.jwt_secret, algorithms=["HS256"])
    old = {**claims, "iat": claims["iat"] - 2 * DAY}
    ann.http.token = jwt.encode(old, config.jwt_secret, algorithm="HS256")
    ann.http.delete("/api/auth/account", json={"password": PASSWORD})
    assert ann.http.token == ""
