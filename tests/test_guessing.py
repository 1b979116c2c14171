"""Guessing passwords is limited, and does not lock out those who know theirs."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from requests import Response

from chat.config import Config
from tests.clients.http import PASSWORD, Browser, Person
from tests.clients.wsgi import in_process
from tests.conftest import MakeApp

SignUp = Callable[[str], Person]


@pytest.fixture
def config(config: Config) -> Config:
    rates = replace(config.rates, wrong_logins="5 per 5 minutes", wrong_logins_from="20 per 5 minutes")
    return replace(config, rate_limits=True, rates=replace(rates, logins="8 per 5 minutes"))


def _log_in(client: Browser, email: str, password: str = "wrong one", cookie: str = "", address: str = "") -> Response:
    headers = {"Cookie": cookie} if cookie else {}
    headers |= {"X-Forwarded-For": address} if address else {}
    return client.post("/api/auth/login", json={"email": email, "password": password}, headers=headers)


def _mark(answer: Response) -> str:
    """The browser's mark in an answer, as a browser sends it back."""
    cookies: list[str] = answer.raw.headers.getlist("Set-Cookie")
    return next(cookie.partition(";")[0] for cookie in cookies if cookie.startswith("browser-"))


def _together(count: int, act: Callable[[], Response]) -> list[int]:
    """The statuses of that many calls at once."""
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(act().status_code)) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(found)


def test_guesses_at_once_do_not_exceed_the_limit_of_their_address(app: Flask) -> None:
    emails = iter([f"p{number}@example.org" for number in range(40)])
    assert _together(40, lambda: _log_in(in_process(app).browser(), next(emails))) == [400] * 20 + [429] * 20


def test_right_passwords_at_once_are_no_guesses(sign_up: SignUp, app: Flask) -> None:
    ann = sign_up("Ann")
    assert _together(7, lambda: _log_in(in_process(app).browser(), ann.email, PASSWORD)) == [200] * 7


def test_right_passwords_are_limited_too(sign_up: SignUp, client: Browser) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    found = [_log_in(client, ann.email, PASSWORD).status_code for _ in range(9)]
    assert found == [200] * 8 + [429]
    assert _log_in(client, bob.email, PASSWORD).status_code == 200


def test_guesses_do_not_use_up_right_passwords(sign_up: SignUp, client: Browser, make_app: MakeApp) -> None:
    ann = sign_up("Ann")
    for _ in range(3):
        assert [_log_in(client, ann.email).status_code for _ in range(4)] == [400] * 4
        assert _log_in(client, ann.email, PASSWORD).status_code == 200


def test_a_known_browser_is_not_locked_out_by_guesses_from_elsewhere(sign_up: SignUp, client: Browser) -> None:
    ann = sign_up("Ann")
    mark = _mark(_log_in(client, ann.email, PASSWORD))
    assert [_log_in(client, ann.email).status_code for _ in range(6)] == [400] * 5 + [429]
    assert [_log_in(client, f"p{n}@example.org").status_code for n in range(16)] == [400] * 15 + [429]
    assert _log_in(client, ann.email, PASSWORD).status_code == 429
    assert _log_in(client, ann.email, PASSWORD, cookie=mark).status_code == 200


def test_a_known_browser_has_a_limit_of_its_own(sign_up: SignUp, client: Browser) -> None:
    ann = sign_up("Ann")
    mark, other = (_mark(_log_in(client, ann.email, PASSWORD)) for _ in range(2))
    assert [_log_in(client, ann.email, cookie=mark).status_code for _ in range(6)] == [400] * 5 + [429]
    assert _log_in(client, ann.email, PASSWORD, cookie=mark).status_code == 429
    assert _log_in(client, ann.email, PASSWORD, cookie=other).status_code == 200
    assert _log_in(client, ann.email, PASSWORD).status_code == 200


def test_the_mark_of_a_browser_is_of_no_use_for_another_account_and_cannot_be_forged(
    sign_up: SignUp, client: Browser
) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    name, _, value = _mark(_log_in(client, ann.email, PASSWORD)).partition("=")
    bobs = f"browser-{bob.id}"
    forged = (f"{bobs}={value}", f"{bobs}=x.y", f"{bobs}=", f"{bobs}={value[:-1]}é", f"{name}={value}")
    found = [_log_in(client, bob.email, cookie=forged[n % 5]).status_code for n in range(6)]
    assert found == [400] * 5 + [429]


def test_the_mark_logs_no_one_in(sign_up: SignUp, client: Browser) -> None:
    mark = _mark(_log_in(client, sign_up("Ann").email, PASSWORD))
    assert client.get("/api/auth/check", token="", headers={"Cookie": mark}).status_code == 401


def test_a_changed_password_ends_all_marks_but_this_browsers(sign_up: SignUp, client: Browser) -> None:
    ann = sign_up("Ann")
    old = _mark(_log_in(client, ann.email, PASSWORD))
    body = {"currentPassword": PASSWORD, "newPassword": "another one"}
    new = _mark(ann.http.put("/api/auth/password", json=body))
    assert [_log_in(client, ann.email).status_code for _ in range(6)] == [400] * 5 + [429]
    assert _log_in(client, ann.email, "another one", cookie=old).status_code == 429
    assert _log_in(client, ann.email, "another one", cookie=new).status_code == 200


def test_the_mark_is_sent_only_to_the_login_and_hidden_from_scripts(sign_up: SignUp, client: Browser) -> None:
    answer = _log_in(client, sign_up("Ann").email, PASSWORD)
    session, mark = answer.raw.headers.getlist("Set-Cookie")
    assert session.startswith("jwt=")
    flags = {flag.strip() for flag in mark.split(";")[1:]}
    assert {"HttpOnly", "Path=/api/auth/login", "SameSite=Strict"} <= flags


def test_patient_guesses_are_limited_by_the_day(client: Browser, make_app: MakeApp, config: Config) -> None:
    rates = replace(config.rates, wrong_logins_daily="3 per day", wrong_logins_daily_from="4 per day")
    client = in_process(make_app(rates=rates)).browser()
    emails = ["ann@example.org"] * 4 + ["bob@example.org"] * 2
    answers = [_log_in(client, email) for email in emails]
    assert [answer.status_code for answer in answers] == [400] * 3 + [429, 400, 429]
    assert int(answers[3].headers["Retry-After"]) > 80_000


def test_addresses_of_one_ipv6_network_count_as_one(make_app: MakeApp) -> None:
    client = in_process(make_app(trusted_proxies=1)).browser()
    for number in range(20):
        address = f"2001:db8:1:2::{number:x}"
        assert _log_in(client, f"p{number}@example.org", address=address).status_code == 400
    assert _log_in(client, "p@example.org", address="2001:db8:1:2:3:4:5:6").status_code == 429
    assert _log_in(client, "p@example.org", address="2001:db8:1:3::1").status_code == 400


@pytest.mark.parametrize("extra", [1, 7_000_000], ids=["a little", "7 MB"])
def test_an_email_that_is_too_long_is_answered_like_any_other(client: Browser, app: Flask, extra: int) -> None:
    answer, usual = _log_in(client, "x" * (253 + extra) + "@y"), _log_in(client, "x@y")
    assert (answer.status_code, answer.text) == (usual.status_code, usual.text) == (400, usual.text)


@pytest.mark.parametrize("way", ["change", "deletion"])
def test_guesses_at_once_at_the_current_password_do_not_exceed_the_limit(sign_up: SignUp, app: Flask, way: str) -> None:
    token = sign_up("Ann").token

    def guess() -> Response:
        browser = in_process(app).browser(token)
        body: Any = {"currentPassword": "wrong one", "newPassword": "another one", "password": "wrong one"}
        path = "/api/auth/password" if way == "change" else "/api/auth/account"
        return browser.request("PUT" if way == "change" else "DELETE", path, body)

    assert _together(12, guess) == [400] * 5 + [429] * 7
