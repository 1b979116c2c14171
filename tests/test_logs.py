"""What is logged: security events with ids and addresses, one JSON object a line in production, and nothing secret."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from chat.lib import logs
from tests.clients.http import PASSWORD
from tests.clients.wsgi import in_process
from tests.conftest import MakeApp

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def production(make_app: MakeApp) -> Iterator[Flask]:
    """An app in production."""
    yield make_app(app_env="production", rate_limits=True, signup="open", public_url="")
    logs.setup(production=False)


def _entries(printed: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in printed.splitlines()]


def test_security_events_say_what_happened_to_whom_from_where(capsys: Capture, production: Flask) -> None:
    ann = in_process(production).sign_up("Ann", "ann@example.org")
    browser = ann.site.browser()
    wrong = {"email": "ann@example.org", "password": "a wrong guess"}
    for _ in range(11):
        browser.post("/api/auth/login", json=wrong)
    ann.http.post("/api/auth/logout", headers={"Origin": "https://evil.example"})
    change = {"currentPassword": "also wrong", "newPassword": "another one"}
    ann.http.put("/api/auth/password", json=change)
    printed = capsys.readouterr().err
    entries = _entries(printed)
    assert [entry["message"] for entry in entries] == ["signup", *["login_failed"] * 10, "too_often",
                                                       "cross_site_refused", "login_failed"]  # fmt: skip
    assert all(entry["address"] == "127.0.0.1" and entry["logger"] == "chat.security" for entry in entries)
    assert entries[0]["user"] == entries[1]["user"] == ann.id
    for secret in (PASSWORD, "a wrong guess", "also wrong", "another one", ann.token, "$2b$"):
        assert secret not in printed


def test_changes_of_membership_and_ownership_are_logged(capsys: Capture, production: Flask) -> None:
    ann, bob = (in_process(production).sign_up(name, f"{name}@example.org") for name in ("ann", "bob"))
    room = ann.http.post("/api/rooms", json={"name": "Garden"}).json()["_id"]
    ann.http.post(f"/api/rooms/{room}/members", json={"userId": bob.id})
    ann.http.delete(f"/api/rooms/{room}/members/{ann.id}")
    events = [entry for entry in _entries(capsys.readouterr().err) if entry["message"].startswith("room_")]
    assert [(event["message"], event["user"], event["room"]) for event in events] == [
        ("room_member_added", bob.id, room),
        ("room_member_removed", ann.id, room),
        ("room_owner_added", bob.id, room),
    ]


@pytest.mark.parametrize(("proxies", "warnings"), [(0, 1), (1, 0)])
def test_an_ignored_proxy_is_logged_once(capsys: Capture, make_app: MakeApp, proxies: int, warnings: int) -> None:
    browser = in_process(make_app(trusted_proxies=proxies)).browser()
    for _ in range(3):
        browser.get("/healthz", headers={"X-Forwarded-For": "192.0.2.1"})
    assert capsys.readouterr().err.count("set TRUSTED_PROXIES to the number of your proxies") == warnings


def test_input_cannot_inject_log_lines(capsys: Capture, production: Flask) -> None:
    headers = {"Origin": "https://evil.example/\x1b[2J\x7f{}"}
    in_process(production).browser().post("/api/auth/logout", headers=headers)
    printed = capsys.readouterr().err
    assert _entries(printed)[0]["origin"] == headers["Origin"]
    assert "\x1b" not in printed


def test_in_development_control_characters_are_escaped_too(capsys: Capture, make_app: MakeApp) -> None:
    in_process(make_app()).browser().post("/api/auth/logout", headers={"Origin": "https://evil\x1b[2J"})
    assert "cross_site_refused origin=https://evil\\x1b[2J address=127.0.0.1\n" in capsys.readouterr().err


@pytest.mark.usefixtures("production")
def test_an_exception_is_one_object_with_its_traceback(capsys: Capture) -> None:
    try:
        raise ValueError("inside")
    except ValueError as error:
        logging.getLogger("chat.errors").error("unexpected failure", exc_info=error)
    (entry,) = _entries(capsys.readouterr().err)
    assert entry["level"] == "error"
    assert "ValueError: inside" in entry["traceback"]


@pytest.mark.usefixtures("production")
def test_a_line_of_a_library_is_one_object_of_limited_length(capsys: Capture) -> None:
    logging.getLogger("some.library").warning("%s", 'x\n{"level": "info"}\u202e' * 10_000)
    try:
        raise ValueError("y\n" * 100_000)
    except ValueError:
        logging.getLogger("socketio.server").exception("failed")
    entries = _entries(capsys.readouterr().err)
    assert [entry["logger"] for entry in entries] == ["some.library", "socketio.server"]
    assert all(len(json.dumps(entry)) < 25_000 for entry in entries)


@pytest.mark.parametrize("app_env", ["production", "development"])
def test_a_flood_of_lines_is_cut_and_counted(capsys: Capture, make_app: MakeApp, app_env: str) -> None:
    make_app(app_env=app_env, signup="open")
    capsys.readouterr()
    for second in (100.0, 101.0):
        for _ in range(200):
            record = logging.makeLogRecord({"name": "chat.some", "levelno": 30, "msg": "again", "created": second})
            logging.getLogger("chat.some").handle(record)
    lines = capsys.readouterr().err.splitlines()
    logs.setup(production=False)
    assert len(lines) == 100
    assert "150" in lines[50]


def test_in_development_a_traceback_cannot_inject_lines(capsys: Capture, make_app: MakeApp) -> None:
    make_app()
    try:
        raise ValueError("\x1b[2J\u202e")
    except ValueError:
        logging.getLogger("chat.some").exception("failed")
    assert not {"\x1b", "\u202e"} & set(capsys.readouterr().err)
