"""What changes something comes from our own pages, from allowed ones, or from no page."""

import pytest

from tests.clients.http import Browser
from tests.clients.wsgi import in_process
from tests.conftest import MakeApp

ANN = {"fullName": "Ann", "email": "ann@example.org", "password": "correct horse"}
ALLOWED = "http://localhost:5173"


def _sign_up(client: Browser, origin: str | None, fetch_site: str | None) -> int:
    given = {"Origin": origin, "Sec-Fetch-Site": fetch_site}
    headers = {name: value for name, value in given.items() if value is not None}
    return client.post("/api/auth/signup", json=ANN, headers=headers).status_code


@pytest.mark.parametrize(
    ("origin", "fetch_site"),
    [
        (None, None),  # a program
        (None, "none"),  # typed by the user
        ("http://localhost", None),  # our own page, in an older browser
        ("http://localhost", "same-origin"),
        ("https://chat.example.org", "same-origin"),  # our own page, behind a proxy that does not pass the host on
        (ALLOWED, "same-site"),
        (ALLOWED, "cross-site"),
        (ALLOWED, None),
    ],
)
def test_own_pages_allowed_origins_and_programs_can_make_changes(
    client: Browser, origin: str | None, fetch_site: str | None
) -> None:
    assert _sign_up(client, origin, fetch_site) == 200


@pytest.mark.parametrize(
    ("origin", "fetch_site"),
    [
        ("https://evil.example", "cross-site"),
        ("https://evil.example", None),
        ("http://localhost.evil.example", None),
        ("http://localhost:5173.evil.example", None),
        ("http://localhost:8080", "same-site"),  # another program on the same machine
        ("null", "cross-site"),
        ("null", None),
        (None, "cross-site"),
        (None, "same-site"),
    ],
)
def test_pages_of_other_sites_cannot_make_changes(client: Browser, origin: str | None, fetch_site: str | None) -> None:
    assert _sign_up(client, origin, fetch_site) == 403
    assert client.post("/api/auth/login", json=ANN).status_code == 400  # no one has signed up


def test_other_sites_can_link_to_the_chat(client: Browser) -> None:
    answer = client.get("/healthz", headers={"Origin": "https://other.example", "Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 200
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    ("method", "query", "origin", "status", "code"),
    [
        ("GET", "", None, 400, "bad_request"),
        ("GET", "?EIO=3&transport=polling", ALLOWED, 400, "bad_request"),
        ("GET", "?EIO=4&transport=polling&sid=gone", ALLOWED, 400, "bad_request"),
        ("POST", "?EIO=4&transport=polling&sid=gone", ALLOWED, 400, "bad_request"),
        ("DELETE", "?EIO=4&transport=polling", None, 405, "method_not_allowed"),
        ("GET", "?EIO=4&transport=polling", "https://evil.example", 403, "cross_site"),
        ("GET", "?EIO=4&transport=websocket", "https://evil.example", 403, "cross_site"),
    ],
)
def test_a_refused_handshake_has_the_shape_of_every_failure(
    client: Browser, method: str, query: str, origin: str | None, status: int, code: str
) -> None:
    headers = {"Origin": origin} if origin else {}
    answer = client.request(method, f"/socket.io/{query}", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers.get("Access-Control-Allow-Origin") == (origin if origin == ALLOWED else None)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


PUBLIC = "https://chat.example.org"


@pytest.mark.parametrize("host", ["chat.example.org", "CHAT.example.org", "chat.example.org:443", "localhost:5173"])
def test_requests_for_the_public_address_and_allowed_origins_are_served(make_app: MakeApp, host: str) -> None:
    browser = in_process(make_app(public_url=PUBLIC)).browser()
    assert browser.get("/api/limits", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1:3000", "chat.example.org.evil.example", "chat.example.org:8443"]
)
def test_with_a_public_address_requests_for_other_hosts_are_refused(make_app: MakeApp, host: str) -> None:
    browser = in_process(make_app(public_url=PUBLIC)).browser()
    for path in ("/", "/api/limits", "/uploads/x.png", "/socket.io/?EIO=4&transport=polling", "/sync.js"):
        answer = browser.get(path, headers={"Host": host})
        assert (answer.status_code, answer.json()["code"]) == (400, "unknown_host"), path
    for path in ("/healthz", "/readyz"):
        assert browser.get(path, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("origin", ["http://[::1]:5173", "http://a.example"])
def test_an_allowed_origin_is_no_pattern(make_app: MakeApp, origin: str) -> None:
    browser = in_process(make_app(client_origins=(origin,))).browser()
    others = (origin, origin + ".evil.example", "http://::5173", "http://axexample", origin.upper())
    answers = {other: browser.get("/api/limits", headers={"Origin": other}) for other in others}
    allowed = [other for other, answer in answers.items() if "Access-Control-Allow-Origin" in answer.headers]
    assert allowed[:1] == [origin]
    assert set(allowed) <= {origin, origin.upper()}
