"""Signing up, logging in and out, the guard, the profile."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import bcrypt
import jwt
import pytest
from flask import Flask

from chat.config import Config
from tests.clients.http import PASSWORD, Browser, Person
from tests.clients.wsgi import in_process
from tests.conftest import MakeApp
from tests.images import png

ANN = {"fullName": "Ann", "email": "ann@example.org", "password": PASSWORD}
SignUp = Callable[[str], Person]


def test_signup_answers_with_the_user_and_logs_in(client: Browser) -> None:
    answer = client.post("/api/auth/signup", json=ANN)
    assert answer.status_code == 200
    user = answer.json()
    assert set(user) == {"_id", "email", "fullName", "profilePic", "createdAt", "updatedAt"}
    assert (user["email"], user["fullName"], user["profilePic"]) == ("ann@example.org", "Ann", "")
    assert client.get("/api/auth/check").json() == user


def test_times_are_iso_8601_in_utc_with_milliseconds(client: Browser) -> None:
    user = client.post("/api/auth/signup", json=ANN).json()
    assert datetime.strptime(user["createdAt"], "%Y-%m-%dT%H:%M:%S.%fZ")
    assert len(user["createdAt"]) == len("2026-11-23T04:44:53.123Z")


def test_the_cookie_is_http_only_strict_and_lasts_thirty_days(client: Browser) -> None:
    cookie = client.post("/api/auth/signup", json=ANN).headers["Set-Cookie"]
    assert cookie.startswith("jwt=")
    for attribute in ("HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=2592000"):
        assert attribute in cookie
    assert "Secure" not in cookie


def test_the_cookie_is_secure_in_production(make_app: MakeApp) -> None:
    app = make_app(app_env="production")
    answer = in_process(app).browser().post("/api/auth/signup", json=ANN)
    assert "; Secure" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize("field", ["fullName", "email", "password"])
@pytest.mark.parametrize("value", [None, "", "   ", ...])
def test_signup_without_a_field_is_refused(client: Browser, field: str, value: Any) -> None:
    body: dict[str, Any] = {**ANN, field: value}
    if value is ...:
        del body[field]
    answer = client.post("/api/auth/signup", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    assert client.post("/api/auth/login", json=ANN).status_code == 400


@pytest.mark.parametrize("email", ["ann", "@example.org", "ann@", "a@b@c", "an n@example.org", "ann@exa\tmple.org"])
def test_an_invalid_email_is_refused(client: Browser, email: str) -> None:
    assert client.post("/api/auth/signup", json={**ANN, "email": email}).status_code == 400


@pytest.mark.parametrize(
    ("field", "value", "status"),
    [
        ("fullName", "x" * 100, 200),
        ("fullName", "x" * 101, 400),
        ("fullName", " " + "x" * 100, 400),
        ("email", "x" * 242 + "@example.org", 200),
        ("email", "x" * 243 + "@example.org", 400),
        ("email", " " + "x" * 242 + "@example.org", 400),
    ],
)
def test_length_limits_of_names_and_emails_apply_before_trimming(
    client: Browser, field: str, value: str, status: int
) -> None:
    assert client.post("/api/auth/signup", json={**ANN, field: value}).status_code == status


@pytest.mark.parametrize(
    ("password", "status"),
    [("12345", 400), ("123456", 200), ("x" * 72, 200), ("x" * 73, 400), ("ü" * 36, 200), ("ü" * 37, 400)],
)
def test_a_password_has_6_characters_to_72_bytes(client: Browser, password: str, status: int) -> None:
    assert client.post("/api/auth/signup", json={**ANN, "password": password}).status_code == status


@pytest.mark.parametrize("email", ["ann@example.org", "ANN@Example.org", "  ann@example.org "])
def test_emails_are_compared_case_insensitively_and_trimmed(client: Browser, email: str) -> None:
    client.post("/api/auth/signup", json=ANN)
    answer = client.post("/api/auth/signup", json={**ANN, "email": email})
    assert (answer.status_code, answer.json()["code"]) == (400, "user_exists")


def test_twenty_identical_signups_at_once_make_one_account(app: Flask) -> None:
    def sign_up(_: int) -> int:
        return in_process(app).browser().post("/api/auth/signup", json=ANN).status_code

    with ThreadPoolExecutor(20) as pool:
        statuses = sorted(pool.map(sign_up, range(20)))
    assert statuses == [200] + [400] * 19


def test_login_ignores_case_and_surrounding_white_space_of_the_email(client: Browser) -> None:
    user = client.post("/api/auth/signup", json=ANN).json()
    answer = client.post("/api/auth/login", json={"email": " ANN@example.org", "password": PASSWORD})
    assert (answer.status_code, answer.json()) == (200, user)


def test_a_wrong_email_and_a_wrong_password_get_the_same_answer(client: Browser) -> None:
    client.post("/api/auth/signup", json=ANN)
    wrong_password = client.post("/api/auth/login", json={**ANN, "password": "wrong one"})
    wrong_email = client.post("/api/auth/login", json={**ANN, "email": "bob@example.org"})
    assert wrong_password.status_code == wrong_email.status_code == 400
    assert (
        wrong_password.json()
        == wrong_email.json()
        == {"message": "invalid credentials", "code": "invalid_credentials", "error": "invalid credentials"}
    )


def test_a_login_hashes_once_whether_or_not_the_account_exists(
    client: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.post("/api/auth/signup", json=ANN)
    checked: list[str] = []
    matches = bcrypt.checkpw

    def spy(password: bytes, password_hash: bytes) -> bool:
        checked.append(password_hash.decode())
        return matches(password, password_hash)

    monkeypatch.setattr(bcrypt, "checkpw", spy)
    for email in ("ann@example.org", "nobody@example.org"):
        client.post("/api/auth/login", json={"email": email, "password": "wrong one"})
    assert len(checked) == 2
    assert checked[0][:7] == checked[1][:7]


def test_logout_needs_no_body_clears_the_cookie_and_revokes_the_token(sign_up: SignUp, client: Browser) -> None:
    ann = sign_up("Ann")
    token = ann.token
    answer = ann.http.post("/api/auth/logout")
    assert (answer.status_code, answer.json()) == (200, {"message": "logged out successfully"})
    assert "Max-Age=0" in answer.headers["Set-Cookie"]
    client.token = token
    assert client.get("/api/auth/check").json()["code"] == "invalid_token"


def test_logout_does_not_end_other_sessions(sign_up: SignUp) -> None:
    ann = sign_up("Ann")
    other = ann.log_in().http
    ann.http.post("/api/auth/logout")
    assert other.get("/api/auth/check").status_code == 200


def test_logout_works_without_being_logged_in(client: Browser) -> None:
    assert client.post("/api/auth/logout").status_code == 200


def test_the_oldest_session_ends_when_there_are_too_many(make_app: MakeApp) -> None:
    app = make_app(max_sessions=3, rate_limits=True)
    ann = in_process(app).sign_up("Ann", "ann@example.org")
    browsers = [ann.log_in().http for _ in range(3)]
    assert ann.http.get("/api/auth/check").status_code == 401
    assert [browser.get("/api/auth/check").status_code for browser in browsers] == [200] * 3


GUARDED = [
    ("GET", "/api/auth/check"),
    ("PUT", "/api/auth/update-profile"),
    ("GET", "/api/messages/users"),
    ("GET", f"/api/messages/{'a' * 24}"),
    ("POST", f"/api/messages/send/{'a' * 24}"),
]


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_guarded_routes_need_a_token(client: Browser, method: str, path: str) -> None:
    answer = client.request(method, path, json={})
    assert (answer.status_code, answer.json()["code"]) == (401, "no_token")


def _token(config: Config, **changes: Any) -> str:
    now = datetime.now(UTC)
    claims = {"userId": "a" * 24, "sid": "b" * 24, "iat": now, "exp": now + timedelta(days=7), **changes}
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, config.jwt_secret)


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": datetime(2020, 1, 1, tzinfo=UTC)},
        {"exp": None},
        {"sid": None},
        {"userId": None},
        {"userId": {"$ne": None}},
        {"userId": "short"},
    ],
)
def test_a_token_that_is_expired_or_lacks_a_claim_is_invalid(
    client: Browser, config: Config, changes: dict[str, Any]
) -> None:
    client.token = _token(config, **changes)
    answer = client.get("/api/auth/check")
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")


@pytest.mark.parametrize("algorithm", ["none", "HS512"])
def test_a_token_of_another_algorithm_is_invalid(sign_up: SignUp, config: Config, algorithm: str) -> None:
    ann = sign_up("Ann")
    claims = jwt.decode(ann.token, config.jwt_secret, algorithms=["HS256"])
    secret = "" if algorithm == "none" else config.jwt_secret * 2
    ann.http.token = jwt.encode(claims, secret, algorithm=algorithm)
    assert ann.http.get("/api/auth/check").status_code == 401


def test_a_token_of_a_user_who_no_longer_exists_is_404(client: Browser, config: Config) -> None:
    client.token = _token(config)
    answer = client.get("/api/auth/check")
    assert (answer.status_code, answer.json()["code"]) == (404, "user_not_found")


def test_the_profile_takes_a_name_a_picture_or_both(sign_up: SignUp) -> None:
    ann = sign_up("Ann")
    assert ann.http.put("/api/auth/update-profile", json={"fullName": " Anne "}).json()["fullName"] == "Anne"
    user = ann.http.put("/api/auth/update-profile", json={"profilePic": png(), "fullName": None}).json()
    assert user["fullName"] == "Anne"
    assert user["profilePic"].startswith("/uploads/")
    assert user["updatedAt"] > user["createdAt"]
    assert ann.http.get("/api/auth/check").json() == user


def test_a_new_profile_picture_replaces_the_old_one(sign_up: SignUp) -> None:
    ann = sign_up("Ann")
    first, second = (
        ann.http.put("/api/auth/update-profile", json={"profilePic": png()}).json()["profilePic"] for _ in "12"
    )
    assert ann.http.get(second).status_code == 200
    assert ann.http.get(first).status_code == 404


@pytest.mark.parametrize("body", [{}, {"profilePic": None}, {"profilePic": ""}, {"email": "new@example.org"}])
def test_a_profile_without_anything_to_set_is_refused(sign_up: SignUp, body: dict[str, Any]) -> None:
    ann = sign_up("Ann")
    assert ann.http.put("/api/auth/update-profile", json=body).status_code == 400
    assert ann.http.get("/api/auth/check").json() == ann.user


def test_responses_never_contain_a_password_hash(sign_up: SignUp) -> None:
    ann, _ = sign_up("Ann"), sign_up("Bob")
    for path in ("/api/auth/check", "/api/messages/users"):
        text = ann.http.get(path).text
        assert "$2b$" not in text
        assert "password" not in text


def test_common_passwords_are_refused_if_the_settings_say_so(make_app: MakeApp) -> None:
    browser = in_process(make_app(refuse_common_passwords=True)).browser()
    answer = browser.post("/api/auth/signup", json={**ANN, "password": "Password1"})
    assert answer.status_code == 400
    assert "most common" in answer.text
    assert browser.post("/api/auth/signup", json=ANN).status_code == 200
    change = {"currentPassword": ANN["password"], "newPassword": "qwerty"}
    assert browser.put("/api/auth/password", json=change).status_code == 400


def test_rotating_the_secret_logs_no_one_out_while_the_previous_one_is_set(make_app: MakeApp, config: Config) -> None:
    before = in_process(make_app()).browser()
    before.post("/api/auth/signup", json=ANN)
    for previous, status in ((config.jwt_secret, 200), (None, 401)):
        browser = in_process(make_app(jwt_secret="n" * 48, jwt_secret_previous=previous)).browser()
        browser.token = before.token
        assert browser.get("/api/auth/check").status_code == status
