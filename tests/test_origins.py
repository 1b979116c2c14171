"""What changes something comes from our own pages, from allowed ones, or from no page."""

import pytest
from flask.testing import FlaskClient

ANN = {"fullName": "Ann", "email": "ann@example.org", "password": "correct horse"}
ALLOWED = "http://localhost:5173"


def _sign_up(client: FlaskClient, origin: str | None, site: str | None) -> int:
    given = {"Origin": origin, "Sec-Fetch-Site": site}
    headers = {name: value for name, value in given.items() if value is not None}
    return client.post("/api/auth/signup", json=ANN, headers=headers).status_code


@pytest.mark.parametrize(
    ("origin", "site"),
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
def test_our_pages_allowed_ones_and_programs_may_change_things(
    client: FlaskClient, origin: str | None, site: str | None
) -> None:
    assert _sign_up(client, origin, site) == 200


@pytest.mark.parametrize(
    ("origin", "site"),
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
def test_pages_of_other_sites_may_not(client: FlaskClient, origin: str | None, site: str | None) -> None:
    assert _sign_up(client, origin, site) == 403
    assert client.post("/api/auth/login", json=ANN).status_code == 400  # nobody has signed up


def test_other_sites_may_link_to_us(client: FlaskClient) -> None:
    answer = client.get("/healthz", headers={"Origin": "https://other.example", "Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 200
    assert "Access-Control-Allow-Origin" not in answer.headers
