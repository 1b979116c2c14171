"""What every answer carries, so that browsers guard what the server cannot."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.attacks.checks import attack, guarded
from tests.attacks.pictures import drawn
from tests.attacks.target import UNKNOWN, Target
from tests.clients.http import shown
from tests.images import wrap

Ask = Callable[[Target], Any]


def _image(target: Target) -> Any:
    sent = target.mallory.call("POST", f"/api/messages/send/{target.mallory.id}", {"image": wrap(drawn("png"))})
    if "/uploads/" not in sent["image"]:
        pytest.skip("images are not on this server")
    return target.mallory.ask("GET", sent["image"])


ANSWERS: dict[str, tuple[int, Ask]] = {
    "a success": (200, lambda w: w.mallory.ask("GET", "/api/auth/check")),
    "a created thing": (201, lambda w: w.mallory.ask("POST", f"/api/messages/send/{w.bob.id}", {"text": "hello"})),
    "bad input": (400, lambda w: w.ask("POST", "/api/auth/login", json={})),
    "a missing login": (401, lambda w: w.ask("GET", "/api/auth/check")),
    "a refusal": (403, lambda w: w.mallory.ask("POST", "/api/rooms", {}, headers={"Origin": "https://evil.example"})),
    "an unknown address": (404, lambda w: w.ask("GET", "/api/nothing/here")),
    "an unknown thing": (404, lambda w: w.mallory.ask("GET", f"/api/rooms/{UNKNOWN}")),
    "an unknown upload": (404, lambda w: w.ask("GET", "/uploads/nothing.png")),
    "a wrong method": (405, lambda w: w.ask("DELETE", "/api/auth/login")),
    "a body that is too large": (413, lambda w: w.ask("POST", "/api/auth/login", json="x" * 9_000_000)),
    "a body that is not JSON": (415, lambda w: w.ask("POST", "/api/auth/login", data=b"x")),
    "an image": (200, _image),
    "the health check": (200, lambda w: w.ask("GET", "/healthz")),
    "a socket's first polling": (200, lambda w: w.ask("GET", "/socket.io/?EIO=4&transport=polling")),
    "a socket's refused polling": (400, lambda w: w.ask("GET", "/socket.io/?EIO=4&transport=polling&sid=none")),
    "a permission that is asked for": (200, lambda w: w.ask("OPTIONS", "/api/auth/login")),
}


@attack("frames, sniffs and follows {}", "nosniff, no framing, a referrer policy (and HSTS over HTTPS)", kind=ANSWERS)
def test_every_kind(target: Target, kind: tuple[int, Ask]) -> None:
    status, ask = kind
    answer = ask(target)
    assert answer.status_code == status
    guarded(answer)


@attack("frames the page, or runs a script of their own in it", "no framing, and no inline script or eval")
def test_page(target: Target) -> None:
    for path in ("/", "/index.html", "/any/where"):
        answer = target.ask("GET", path)
        if not answer.headers.get("Content-Type", "").startswith("text/html"):
            pytest.skip("no page is served here")
        guarded(answer)
        rules = dict(rule.strip().partition(" ")[::2] for rule in _policy(answer).split(";"))
        scripts = rules.get("script-src", rules.get("default-src"))
        assert scripts is None or not {"'unsafe-inline'", "'unsafe-eval'", "*"} & set(scripts.split()), _policy(answer)


def _policy(answer: Any) -> str:
    return str(answer.headers.get("Content-Security-Policy", ""))


@attack("takes private answers out of a shared cache", "no-store")
def test_cached(target: Target) -> None:
    for path in ("/api/auth/check", "/api/messages/users", f"/api/messages/{target.bob.id}", "/api/auth/sessions"):
        rule = target.mallory.ask("GET", path).headers.get("Cache-Control", "")
        assert "no-store" in rule or "private" in rule, f"{path}: Cache-Control {rule!r}"


@attack("has a failure shown as a page", "JSON with message and code, also for what the framework refuses itself")
def test_failures_are_json(target: Target) -> None:
    for method, path in (
        ("GET", "/api/%"),
        ("PATCH", "/api/rooms"),
        ("DELETE", "/healthz"),
        ("POST", "/api/x"),
        ("PUT", "/x"),
    ):
        answer = target.ask(method, path)
        assert answer.status_code in (400, 404, 405), shown(answer)
        assert set(answer.json()) == {"message", "code", "error"}, shown(answer)
