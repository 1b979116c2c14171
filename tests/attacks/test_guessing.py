"""Guessing passwords: at once, by the million bytes, to lock others out, or with the right one."""

import contextlib
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.attacks.checks import attack, refused, too_often
from tests.attacks.target import Target
from tests.clients.http import set_token

WRONG_LOGINS = 10  # that a server lets through for one account


@attack("logs in 40 times with the right password, to keep the server busy", "429 rate_limited with Retry-After")
@pytest.mark.limits
def test_right_passwords(target: Target) -> None:
    busy = target.person("Busy")
    body = {"email": busy.email, "password": busy.password}
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: target.ask("POST", "/api/auth/login", json=body), range(40)))
    too_often(next(answer for answer in reversed(answers) if answer.status_code != 200))
    busy.token = set_token(next(answer for answer in reversed(answers) if answer.status_code == 200)) or ""


@attack("locks a user out of a browser that they have used before, by wrong passwords", "they can log in there")
@pytest.mark.limits
def test_lock_out(target: Target) -> None:
    victim = target.person("Vera")
    body = {"email": victim.email, "password": victim.password}
    answer = target.ask("POST", "/api/auth/login", json=body)
    cookies = [cookie.partition(";")[0] for cookie in answer.raw.headers.getlist("Set-Cookie")]
    victim.token = set_token(answer) or ""
    for _ in range(WRONG_LOGINS):
        target.ask("POST", "/api/auth/login", json={**body, "password": "wrong one"})
    too_often(target.ask("POST", "/api/auth/login", json=body))
    known = {"Cookie": "; ".join(cookie for cookie in cookies if not cookie.startswith("jwt="))}
    assert target.ask("POST", "/api/auth/login", json=body, headers=known).status_code == 200
    for _ in range(WRONG_LOGINS):
        target.ask("POST", "/api/auth/login", json={**body, "password": "wrong one"}, headers=known)
    too_often(target.ask("POST", "/api/auth/login", json=body, headers=known))


@attack("gives an email of 7 MB at a login", "400, as for any other that is wrong")
@pytest.mark.limits
def test_large_email(target: Target) -> None:
    for email in ("x" * 7_000_000, "x@" + "y" * 7_000_000):
        refused(
            target.ask("POST", "/api/auth/login", json={"email": email, "password": "x"}), 400, "invalid_credentials"
        )


@attack("guesses the passwords of 120 accounts at once", "50 answers at most, then 429")
@pytest.mark.limits
def test_guesses_at_once(target: Target) -> None:
    def guess(number: int) -> int:
        body = {"email": f"guessed-{number}@example.org", "password": "wrong one"}
        with contextlib.suppress(requests.RequestException):
            return target.ask("POST", "/api/auth/login", json=body).status_code
        return 0

    with ThreadPoolExecutor(120) as pool:
        found = list(pool.map(guess, range(120)))
    assert 429 in found, f"{found.count(400)} of 120 guesses were answered"
    assert found.count(400) <= 50, f"{found.count(400)} of 120 guesses were answered"
