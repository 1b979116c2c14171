"""The pack of attacks: a real server withstands all of it, on both stores; and a weak one does not."""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, Response, jsonify, request
from werkzeug.serving import make_server

from tests.services import ROOT, ChatServer

SECRET = "only-for-this-test-" + "x" * 32
MINUTES = 4  # for a run on a machine that is busy with other tests


def _attack(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "scripts/attack.py", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=MINUTES * 60 + 30,
    )


def _failed(run: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in run.stdout.splitlines() if line.startswith("FAILED")]


@pytest.mark.timeout(MINUTES * 60 + 60)
@pytest.mark.parametrize(("kind", "store"), [("flask", "sqlite"), ("gunicorn", "mongo")])
def test_a_server_withstands_every_attack(request: pytest.FixtureRequest, kind: str, store: str) -> None:
    settings = {"MONGO_URL": f"{request.getfixturevalue('mongo')}/chat_attacked"} if store == "mongo" else {}
    with ChatServer(kind, JWT_SECRET=SECRET, **settings) as server:
        run = _attack(server.url, "--jwt-secret", SECRET, "--seconds", str(MINUTES * 60))
        log = server.log()
    assert (_failed(run), run.returncode) == ([], 0), run.stdout[-1000:] + run.stderr
    assert len(re.findall("^ok ", run.stdout, re.MULTILINE)) >= 80
    assert "unexpected failure" not in log
    assert "chat/controllers" not in log


def test_the_list_has_over_eighty_attacks_each_with_its_own_name_and_an_expectation() -> None:
    lines = _attack("--list").stdout.splitlines()
    assert len(lines) == len(set(lines)) >= 80
    assert all(re.fullmatch(r"\w+ +\S.+: \S.+", line) for line in lines)


def _weak() -> Flask:
    """A server that lets everybody do everything, and says so."""
    app = Flask("weak")
    user = {"_id": "a" * 24, "email": "a@b.c", "fullName": "x", "password": "$2b$10$" + "x" * 53, "profilePic": ""}

    @app.before_request
    def welcome() -> Response:
        lists = request.method == "GET" and not request.path.endswith("/check")
        answer = jsonify([user] if lists else user)
        answer.set_cookie("jwt", "a.e30.b")
        answer.headers["Access-Control-Allow-Origin"] = request.headers.get("Origin", "*")
        answer.headers["Server"] = "Weak/1.0"
        return answer

    return app


@pytest.fixture
def weak() -> Iterator[str]:
    server = make_server("127.0.0.1", 0, _weak(), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_server_that_takes_everything_fails(weak: str) -> None:
    run = _attack(weak, "--jwt-secret", SECRET)
    withstood = [line for line in run.stdout.splitlines() if line.startswith("ok ")]
    assert run.returncode == 1
    assert len(_failed(run)) > 10 * len(withstood), withstood
    for name in ("no token at all", "password hashes", "{} as an image", "Sec-Fetch-Site", "eleven times"):
        assert any(name.format("a path") in line for line in _failed(run)), name


@pytest.mark.parametrize(
    ("attack", "weakness"),
    [
        ("opens a socket as somebody by ?userId= alone", {"ALLOW_QUERY_USER_ID": "1"}),
        ("guesses the password of an account eleven times", {"RATE_WRONG_LOGINS": "50 per minute"}),
    ],
)
def test_one_weak_setting_is_found(attack: str, weakness: dict[str, Any]) -> None:
    with ChatServer("flask", **weakness) as server:
        (failed,) = _failed(_attack(server.url, "--only", attack))
    assert attack in failed


def test_what_needs_limits_is_left_out_on_demand() -> None:
    with ChatServer("flask", RATE_LIMITS="off") as server:
        run = _attack(server.url, "--no-limits", "--only", "limits")
    assert re.search(r"^0 attacks withstood, 0 not, \d\d left out", run.stdout, re.MULTILINE), run.stdout
