"""Floods, and guessing: a flood is refused in words, and no other user notices."""

import contextlib
import json
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest
import requests

from tests.attacks.checks import attack, json_of, refused, too_often
from tests.attacks.target import Target
from tests.clients.http import Person, shown
from tests.clients.wire import RawSocket, Refused

WRONG_LOGINS = 10  # that a server lets through for one account
SENDS, EVENTS, SOCKETS = 1500, 2000, 200  # of a flood: over what any server should take from one person
SENDERS = 8


class Guessing:
    """Ten wrong passwords to an account and ten to none, with how long the server took to say no."""

    def __init__(self, target: Target) -> None:
        self.target, self.victim = target, target.person("Vera")
        self.stranger = f"nobody-{self.victim.id}@example.org"
        self.times: dict[str, list[float]] = {self.victim.email: [], self.stranger: []}
        self.answers: dict[str, list[requests.Response]] = {self.victim.email: [], self.stranger: []}
        for _ in range(WRONG_LOGINS):
            for email in self.times:
                started = time.perf_counter()
                self.answers[email].append(self.guess(email))
                self.times[email].append(time.perf_counter() - started)

    def guess(self, email: str, password: str = "wrong one", **headers: str) -> requests.Response:
        """Try a password."""
        return self.target.ask("POST", "/api/auth/login", json={"email": email, "password": password}, headers=headers)


@pytest.fixture(scope="session")
def guessing(target: Target) -> Guessing:
    return Guessing(target)


@attack("guesses the password of an account eleven times", "429 rate_limited with Retry-After")
@pytest.mark.limits
def test_guesses(guessing: Guessing) -> None:
    assert [answer.status_code for answer in guessing.answers[guessing.victim.email]] == [400] * WRONG_LOGINS
    too_often(guessing.guess(guessing.victim.email))


@attack("goes on guessing until the right password is told apart from a wrong one", "429 for both")
@pytest.mark.limits
def test_right_password(guessing: Guessing) -> None:
    for answer in (
        guessing.guess(guessing.victim.email),
        guessing.guess(guessing.victim.email, guessing.victim.password),
    ):
        too_often(answer)
        assert "Set-Cookie" not in answer.headers, dict(answer.headers)


@attack("goes on guessing from made-up addresses (X-Forwarded-For)", "429 for all of them")
@pytest.mark.limits
def test_rotated_addresses(guessing: Guessing) -> None:
    for number in range(5):
        address = f"10.9.8.{number}"
        headers = {
            "X-Forwarded-For": address,
            "X-Real-IP": address,
            "Forwarded": f"for={address}",
            "CF-Connecting-IP": address,
        }
        too_often(guessing.guess(guessing.victim.email, **headers))


@attack("goes on guessing with the email in other capitals and spaces", "429 for all of them")
@pytest.mark.limits
def test_respelled(guessing: Guessing) -> None:
    for email in (guessing.victim.email.upper(), f" {guessing.victim.email}", f"{guessing.victim.email}\t"):
        too_often(guessing.guess(email))


@attack("learns from the lock whether an email has an account", "429 in the same way if there is none")
@pytest.mark.limits
def test_unknown_email(guessing: Guessing) -> None:
    assert [answer.status_code for answer in guessing.answers[guessing.stranger]] == [400] * WRONG_LOGINS
    too_often(guessing.guess(guessing.stranger))
    known, unknown = ({answer.text for answer in answers} for answers in guessing.answers.values())
    assert known == unknown


@attack("learns from the time that a login takes whether an email has an account", "the same time for both")
@pytest.mark.limits
def test_login_times(guessing: Guessing) -> None:
    known, unknown = (statistics.median(times) for times in guessing.times.values())
    assert 0.4 < known / unknown < 2.5, f"{known * 1000:.0f} ms with an account, {unknown * 1000:.0f} ms without"


@attack("whose account is locked loses the session they have", "it holds")
@pytest.mark.limits
def test_locked_out(guessing: Guessing) -> None:
    guessing.victim.call("GET", "/api/auth/check")


@attack("logs in 23 times with one account", "20 logins at most are kept, the newest")
@pytest.mark.limits
def test_many_sessions(target: Target) -> None:
    first = target.person("Sam")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: first.log_in(), range(22)))
    last = first.log_in()
    assert len(last.call("GET", "/api/auth/sessions")) <= 20, "more than 20 logins"
    refused(first.ask("GET", "/api/auth/check"), 401, "invalid_token")
    first.token = last.token


@attack("sends 1,500 messages as fast as it goes", "429 rate_limited with Retry-After; others are served")
@pytest.mark.limits
def test_sends(target: Target) -> None:
    flooder = target.person("Flo")
    room = flooder.call("POST", "/api/rooms", {"name": "Flood"})["_id"]
    refusals, numbers = list[requests.Response](), count(1)

    def send() -> None:
        while not refusals and next(numbers) <= SENDS:
            answer = flooder.ask("POST", f"/api/rooms/{room}/messages", {"text": "flood"})
            if answer.status_code != 201:
                refusals.append(answer)

    senders = [threading.Thread(target=send, daemon=True) for _ in range(SENDERS)]
    for sender in senders:
        sender.start()
    started = time.monotonic()
    target.alive()
    target.bob.send(target.ann, "not flooded")
    took = time.monotonic() - started
    for sender in senders:
        sender.join()
    flooder.call("DELETE", f"/api/rooms/{room}")
    assert refusals, f"all of {SENDS} messages were taken"
    too_often(refusals[0])
    assert took < 5, f"{took:.1f} seconds for another"
    target.bob.send(target.ann, "not limited either")


@attack("sends 2,000 events by one socket without waiting", "rate_limited acknowledgements; others are served")
@pytest.mark.limits
def test_events(target: Target) -> None:
    flooder = target.person("Flo")
    with flooder.raw_socket() as socket, target.bob.raw_socket() as other:
        writer = threading.Thread(target=_write_events, args=(socket, flooder), daemon=True)
        writer.start()
        started = time.monotonic()
        assert other.ask("typing", {"to": target.ann.id}) == {"ok": True}
        took = time.monotonic() - started
        codes = _acknowledged(socket)
        writer.join()
        assert "rate_limited" in codes, f"{len(codes)} acknowledgements, none of them rate_limited"
        assert took < 5, f"{took:.1f} seconds for another"
        assert other.ask("typing", {"to": target.ann.id}) == {"ok": True}


def _write_events(socket: RawSocket, flooder: Person) -> None:
    for number in range(EVENTS):
        socket.write(f"42{number}{json.dumps(['typing', {'to': flooder.id}])}")


def _acknowledged(socket: RawSocket) -> list[Any]:
    """The code of each acknowledgement; None for what went well."""
    codes: list[Any] = []
    end = time.monotonic() + 40
    while len(codes) < EVENTS and time.monotonic() < end and codes[-3:] != ["rate_limited"] * 3:
        if (frame := socket.read()).startswith("43"):
            codes.append(json.loads(frame[frame.index("[") :])[0].get("code"))
    return codes


FRAMES = {
    "": "3",
    " and says by each that it has closed": '42["disconnect","client disconnect"]',
}


@attack("opens 200 sockets with one account{}", "some are refused; others connect", frame=FRAMES)
@pytest.mark.limits
def test_sockets(target: Target, frame: str) -> None:
    crowd = target.person("Cleo")
    with contextlib.ExitStack() as stack:
        opened = 0
        with contextlib.suppress(Refused):
            while opened < SOCKETS:
                stack.enter_context(crowd.raw_socket()).write(frame)
                opened += 1
        assert opened < SOCKETS, f"{opened} sockets are open"
        with target.bob.raw_socket() as socket:
            assert socket.ask("typing", {"to": target.ann.id}) == {"ok": True}


@attack("searches 200 times as fast as it goes", "429 rate_limited with Retry-After")
@pytest.mark.limits
def test_searches(target: Target) -> None:
    flooder = target.person("Flo")
    for _ in range(200):
        answer = flooder.ask("GET", "/api/messages/search?q=flood")
        if answer.status_code != 200:
            break
    too_often(answer)


@attack("guesses the current password through the change of password", "429 rate_limited after ten")
@pytest.mark.limits
def test_password_change(target: Target) -> None:
    victim = target.person("Vera")
    body = {"currentPassword": "wrong one", "newPassword": "taken over"}
    answers = [victim.ask("PUT", "/api/auth/password", body) for _ in range(WRONG_LOGINS + 1)]
    assert [answer.status_code for answer in answers[:-1]] == [400] * WRONG_LOGINS
    too_often(answers[-1])
    assert json_of(victim.ask("GET", "/api/auth/check")), shown(answers[-1])
