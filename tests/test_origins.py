"""What changes something comes from our own pages, from allowed ones, or from no page."""

import pytest

from tests.clients.http import Browser

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
