"""Looking back on all answers of the run: none may have held what stays inside, or been a breakdown."""

import re

from tests.attacks.checks import attack
from tests.attacks.target import Target, texts_with


@attack("reads every answer of this run for password hashes and inner fields", "none")
def test_hashes(target: Target) -> None:
    assert target.watch.hashes == []


@attack("reads every answer of this run for tracebacks and names of libraries", "none")
def test_insides(target: Target) -> None:
    assert target.watch.insides == []


@attack("has the server break down: a 500 to any request of this run", "none")
def test_breakdowns(target: Target) -> None:
    assert target.watch.breakdowns == []


@attack(
    "learns the versions of the server's software from its answers",
    "at most a plain name, the development server's aside",
)
def test_versions(target: Target) -> None:
    told = {version for version in target.watch.versions if not version.startswith("Werkzeug")}
    assert not any(re.search(r"\d", version) for version in told), told


@attack("leaves the server broken behind them", "all users are served as before")
def test_alive(target: Target) -> None:
    with target.bob.raw_socket() as socket:
        assert socket.ask("typing", {"to": target.ann.id}) == {"ok": True}
    target.ann.send(target.bob, "still here")
    assert texts_with(target.bob, target.ann)[-1] == "still here"
    assert target.ask("GET", "/readyz").status_code == 200
