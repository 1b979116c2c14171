"""Every failure has one shape and the same headers as a success; CORS is exact."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from chat.middleware.headers import DATA, SECURITY
from tests.clients.http import Browser, Person
from tests.clients.wsgi import in_process

SignUp = Callable[[str], Person]
FAILURES = [
    ("GET", "/api/nothing", 404),
    ("POST", "/nothing", 404),
    ("GET", "/uploads/nothing.png", 404),
    ("GET", "/api/auth/login", 405),
    ("POST", "/api/auth/login", 415),
    ("GET", "/api/auth/check", 401),
]


@pytest.mark.parametrize(("method", "path", "status"), FAILURES)
def test_a_failure_has_a_message_a_code_and_the_headers_of_a_success(
    client: Browser, method: str, path: str, status: int
) -> None:
    answer = client.request(method, path, headers={"Origin": "http://localhost:5173"})
    assert answer.status_code == status
    body = answer.json()
    assert set(body) == {"message", "code", "error"}
    assert body["error"] == body["message"]
    assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost:5173"
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    for name, content in {**SECURITY, **DATA}.items():
        assert answer.headers[name] == content


def test_a_405_names_the_allowed_methods(client: Browser) -> None:
    assert "POST" in client.get("/api/auth/login").headers["Allow"]


def test_an_unexpected_exception_is_logged_and_not_shown(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> Any:
        raise RuntimeError("the secret inside")

    app.add_url_rule("/api/broken", view_func=broken)
    with caplog.at_level(logging.ERROR):
        answer = in_process(app).browser().get("/api/broken")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "secret" not in answer.text
    assert "the secret inside" in caplog.text
    caplog.clear()


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:51730", "http://localhost"])
def test_other_origins_get_no_cors_headers(client: Browser, origin: str) -> None:
    answer = client.get("/api/auth/check", headers={"Origin": origin})
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_preflight_of_an_allowed_origin_is_answered(client: Browser) -> None:
    asked = {"Origin": "http://localhost:5173", "Access-Control-Request-Method": "PUT"}
    headers = client.options("/api/auth/update-profile", headers=asked).headers
    assert headers["Access-Control-Allow-Origin"] == "http://localhost:5173"
    assert "PUT" in headers["Access-Control-Allow-Methods"]


def test_no_log_holds_a_password_or_a_token(sign_up: SignUp, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        ann = sign_up("Ann")
        ann.http.post("/api/auth/login", json={"email": ann.email, "password": "wrong password"})
        ann.send(ann, "private words")
    for secret in ("correct horse", "wrong password", ann.token, "private words"):
        assert secret not in caplog.text
