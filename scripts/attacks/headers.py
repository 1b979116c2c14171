"""What every answer carries, so that browsers guard what the server cannot."""

from collections.abc import Callable
from typing import Any

from scripts.attacks.checks import LeftOut, same, shown, that
from scripts.attacks.pictures import drawn, uri
from scripts.attacks.registry import attack, attacks
from scripts.attacks.world import NOBODY, World

Ask = Callable[[World], Any]


def guarded(answer: Any) -> None:
    """The answer has the headers that every one should have."""
    headers = answer.headers
    same(headers.get("X-Content-Type-Options"), "nosniff")
    framed = headers.get("X-Frame-Options", "").upper() in ("DENY", "SAMEORIGIN")
    that(framed or "frame-ancestors" in headers.get("Content-Security-Policy", ""), f"no frame guard: {dict(headers)}")
    policy = headers.get("Referrer-Policy", "")
    that(policy and "unsafe" not in policy, f"Referrer-Policy: {policy!r}")
    that(not answer.url.startswith("https") or "Strict-Transport-Security" in headers, "no HSTS over HTTPS")


def _image(world: World) -> Any:
    sent = world.mallory.call("POST", f"/api/messages/send/{world.mallory.id}", {"image": uri(drawn("png"))})
    if "/uploads/" not in sent["image"]:
        raise LeftOut("images are not on this server")
    return world.ask("GET", sent["image"])


ANSWERS: dict[str, tuple[int, Ask]] = {
    "a success": (200, lambda w: w.mallory.ask("GET", "/api/auth/check")),
    "a created thing": (201, lambda w: w.mallory.ask("POST", f"/api/messages/send/{w.bob.id}", {"text": "hello"})),
    "bad input": (400, lambda w: w.ask("POST", "/api/auth/login", json={})),
    "a missing login": (401, lambda w: w.ask("GET", "/api/auth/check")),
    "a refusal": (403, lambda w: w.mallory.ask("POST", "/api/rooms", {}, headers={"Origin": "https://evil.example"})),
    "an unknown address": (404, lambda w: w.ask("GET", "/api/nothing/here")),
    "an unknown thing": (404, lambda w: w.mallory.ask("GET", f"/api/rooms/{NOBODY}")),
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


@attacks("frames, sniffs and follows {}", "nosniff, no framing, a referrer policy (and HSTS over HTTPS)", ANSWERS)
def every_kind(world: World, kind: tuple[int, Ask]) -> None:
    status, ask = kind
    answer = ask(world)
    same(answer.status_code, status)
    guarded(answer)


@attack("frames the page, or runs a script of their own in it", "no framing, and no inline script or eval")
def page(world: World) -> None:
    for path in ("/", "/index.html", "/any/where"):
        answer = world.ask("GET", path)
        if not answer.headers.get("Content-Type", "").startswith("text/html"):
            raise LeftOut("no page is served here")
        guarded(answer)
        rules = dict(rule.strip().partition(" ")[::2] for rule in _policy(answer).split(";"))
        scripts = rules.get("script-src", rules.get("default-src"))
        that(scripts is None or not {"'unsafe-inline'", "'unsafe-eval'", "*"} & set(scripts.split()), _policy(answer))


def _policy(answer: Any) -> str:
    return str(answer.headers.get("Content-Security-Policy", ""))


@attack("takes private answers out of a shared cache", "no-store")
def cached(world: World) -> None:
    for path in ("/api/auth/check", "/api/messages/users", f"/api/messages/{world.bob.id}", "/api/auth/sessions"):
        rule = world.mallory.ask("GET", path).headers.get("Cache-Control", "")
        that("no-store" in rule or "private" in rule, f"{path}: Cache-Control {rule!r}")


@attack("has a failure shown as a page", "JSON with message and code, also for what the framework refuses itself")
def failures_are_json(world: World) -> None:
    for method, path in (
        ("GET", "/api/%"),
        ("PATCH", "/api/rooms"),
        ("DELETE", "/healthz"),
        ("POST", "/api/x"),
        ("PUT", "/x"),
    ):
        answer = world.ask(method, path)
        that(answer.status_code in (400, 404, 405) and set(answer.json()) == {"message", "code"}, shown(answer))
