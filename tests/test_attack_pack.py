"""The attack pack works on a deployment: it knows nothing of the chat, and it fails on a server that is weak."""

import ast
import subprocess
import threading
from collections.abc import Iterator

import pytest
from flask import Flask, Response, jsonify, request
from werkzeug.serving import make_server

from tests.services import ROOT, ChatServer

SECRET = "only-for-this-test-" + "x" * 32


def _attack(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["scripts/attack", url, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=170)


def _named(run: subprocess.CompletedProcess[str], outcome: str) -> list[str]:
    """The lines of the attacks with that outcome."""
    return [line for line in run.stdout.splitlines() if "::" in line and f"] {outcome} " in line]


@pytest.mark.timeout(60)
def test_there_are_over_300_attacks_each_with_a_sentence_and_an_expectation() -> None:
    run = _attack("http://127.0.0.1:1", "--collect-only", "-o", "addopts=-p no:schemathesis -qqq")
    names = [line.partition("[")[2] for line in run.stdout.splitlines() if "::" in line]
    assert len(names) == len(set(names)) > 300
    assert all(": " in name for name in names)


def test_the_pack_does_not_import_the_chat() -> None:
    for path in [*(ROOT / "tests" / "attacks").glob("*.py"), *(ROOT / "tests" / "clients").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name.partition(".")[0] == "chat"], path


def _weak() -> Flask:
    """A server that lets all users do everything, and says so."""
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
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.timeout(180)
def test_a_server_that_accepts_everything_fails(weak: str) -> None:
    run = _attack(weak, "--jwt-secret", SECRET, "--tb=no")
    failed, passed = _named(run, "FAILED") + _named(run, "ERROR"), _named(run, "PASSED")
    assert run.returncode == 1
    assert len(failed) > 10 * len(passed), passed
    for name in ("no token at all", "password hashes", "a path as an image", "Sec-Fetch-Site", "eleven times"):
        assert any(name in line for line in failed), name


@pytest.mark.parametrize(
    ("module", "attack", "weakness"),
    [
        ("test_identity.py", "test_socket_by_query", {"ALLOW_QUERY_USER_ID": "1"}),
        ("test_limits.py", "test_guesses", {"RATE_WRONG_LOGINS": "50 per minute"}),
    ],
)
def test_one_weak_setting_is_found(module: str, attack: str, weakness: dict[str, str]) -> None:
    with ChatServer("flask", **weakness) as server:
        run = _attack(server.url, "-k", attack)
    (failed,) = _named(run, "FAILED")
    assert f"{module}::{attack}[" in failed
    assert run.returncode == 1


def test_attacks_on_limits_can_be_left_out() -> None:
    with ChatServer("flask", RATE_LIMITS="off") as server:
        run = _attack(server.url, "-m", "not limits", "-k", "test_limits")
    assert not _named(run, "PASSED")
    assert not _named(run, "FAILED")
    assert "deselected" in run.stdout
