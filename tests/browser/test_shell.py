"""The page itself: small, installable, strict, and there without a server."""

import gzip
import json
import re
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, Response, Route, expect

from tests.browser.conftest import Person, Visit
from tests.browser.talk import message, write
from tests.services import ChatServer

WEB = Path(__file__).parent.parent.parent / "chat/web"
MAX_FIRST_LOAD = 100_000  # bytes, compressed
MAX_LINES = 1500  # of our own JavaScript, without blank lines and comments
STRICT = (
    "default-src 'self'; img-src 'self' https: data: blob:; connect-src 'self' ws: wss:; script-src 'self'; "
    "style-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
)


def test_the_first_load_is_small(visit: Visit) -> None:
    sizes: dict[str, int] = {}
    page = visit(path="about:blank", service_workers="block")

    def add(response: Response) -> None:
        if response.ok and response.url.startswith("http"):
            sizes[response.url] = len(gzip.compress(response.body()))

    page.on("response", add)
    page.goto("/")
    expect(page.get_by_label("Email")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert len(sizes) > 20
    assert sum(sizes.values()) < MAX_FIRST_LOAD, sizes


def test_our_own_javascript_stays_small() -> None:
    files = [file for file in WEB.rglob("*.js") if "vendor" not in file.parts]
    lines = [line.strip() for file in files for line in file.read_text().splitlines()]
    assert len([line for line in lines if line and not line.startswith(("/*", "*", "//"))]) < MAX_LINES


def test_every_module_is_loaded_early() -> None:
    named = set(re.findall(r'modulepreload" href="/([^"]+)"', (WEB / "index.html").read_text()))
    files = {str(file.relative_to(WEB)) for file in [*WEB.rglob("*.js"), *WEB.rglob("*.mjs")]}
    assert named == files - {"sw.js"}


def test_the_page_works_under_a_strict_content_security_policy(ann: Person, bob: Person, visit: Visit) -> None:
    page = visit(ann)

    def add_policy(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, headers={**answer.headers, "content-security-policy": STRICT})

    page.context.route(lambda url: url.endswith(ann.path_to(bob)), add_policy)
    page.goto(ann.path_to(bob))
    write(page, "strictly")
    expect(page.get_by_label("Sent", exact=True)).to_be_visible()
    page.get_by_role("button", name="Add an emoji").click()
    page.get_by_role("button", name="🎉").click()
    expect(message(page, "strictly")).to_be_visible()


def test_it_can_be_installed(server: ChatServer) -> None:
    def get(path: str) -> bytes:
        with urllib.request.urlopen(server.url + path, timeout=10) as answer:
            content: bytes = answer.read()
            return content

    manifest = json.loads(get("/manifest.webmanifest"))
    assert manifest["name"]
    assert manifest["display"] == "standalone"
    assert {"192x192", "512x512"} <= {icon["sizes"] for icon in manifest["icons"]}
    assert any(icon.get("purpose") == "maskable" for icon in manifest["icons"])
    for icon in manifest["icons"]:
        assert get(icon["src"]).startswith((b"\x89PNG", b"<svg"))


def test_the_shell_is_kept_for_when_there_is_no_server(visit: Visit) -> None:
    page: Page = visit()
    page.evaluate("navigator.serviceWorker.ready")
    kept = page.evaluate(
        "caches.open('shell').then(shell => shell.keys()).then(all => all.map(one => new URL(one.url).pathname))"
    )
    assert {"/", "/app.js", "/sync.js", "/styles/base.css", "/img/icons.svg", "/vendor/preact.mjs"} <= set(kept)
