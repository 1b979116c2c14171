"""The page itself: small, installable, strict, and available without a server."""

import io
import json
import re
import urllib.request
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Person, Visit
from tests.browser.steps import message, write
from tests.services import ChatServer

WEB = Path(__file__).parent.parent.parent / "chat/web"
MAX_FIRST_LOAD = 100_000  # bytes, compressed
STRICT = (
    "default-src 'self'; img-src 'self' https: data: blob:; connect-src 'self' ws: wss:; script-src 'self'; "
    "style-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
)


def test_the_first_load_is_small(visit: Visit) -> None:
    sent: dict[str, int] = {}  # body bytes as they came over the wire, compressed by the server
    page = visit(path="about:blank")
    page.on("requestfinished", lambda request: sent.update({request.url: request.sizes()["responseBodySize"]}))
    page.goto("/")
    expect(page.get_by_label("Email")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert len(sent) > 20
    assert sum(sent.values()) < MAX_FIRST_LOAD, sent


def test_every_module_is_preloaded_except_those_of_rare_pages() -> None:
    named = set(re.findall(r'modulepreload" href="/([^"]+)"', (WEB / "index.html").read_text()))
    files = {str(file.relative_to(WEB)) for file in [*WEB.rglob("*.js"), *WEB.rglob("*.mjs")]}
    rare = {
        "sw.js",
        "supported.js",
        "views/links.js",
        "views/search.js",
        *(file for file in files if file.startswith("admin/")),
    }
    assert named == files - rare


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
    assert {"name", "short_name", "start_url", "display", "icons", "theme_color", "background_color"} <= set(manifest)
    assert manifest["display"] == "standalone"
    assert {"192x192", "512x512"} <= {icon["sizes"] for icon in manifest["icons"]}
    assert any(icon.get("purpose") == "maskable" for icon in manifest["icons"])
    for icon in manifest["icons"]:
        content = get(icon["src"])
        if icon["type"] == "image/svg+xml":
            assert content.startswith(b"<svg")
            continue
        with Image.open(io.BytesIO(content)) as image:
            assert Image.MIME[image.format or ""] == icon["type"]
            assert "x".join(map(str, image.size)) == icon["sizes"]


def test_the_shell_opens_without_a_server(visit: Visit) -> None:
    page: Page = visit(service_workers="allow")
    page.evaluate("navigator.serviceWorker.ready")
    kept = page.evaluate(
        "caches.open('shell').then(shell => shell.keys()).then(all => all.map(one => new URL(one.url).pathname))"
    )
    assert {"/", "/app.js", "/sync.js", "/styles/base.css", "/img/icons.svg", "/vendor/preact.mjs"} <= set(kept)
    page.context.set_offline(True)
    page.goto("/chat/anything")
    expect(page.get_by_role("heading", name="No connection")).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
