"""Sessions that have ended, and the passwords and cookies that begin them."""

from collections.abc import Callable

from tests.attacks.checks import attack, json_of, refused
from tests.attacks.target import Target
from tests.clients.http import Person, bearer, shown

CLOSING = 3.0  # seconds: a second for the server, and time for a network and a busy machine


def _change_password(thief: Person, owner: Person) -> None:
    owner.call("PUT", "/api/auth/password", {"currentPassword": owner.password, "newPassword": f"{owner.password}!"})
    owner.password += "!"


def _revoke(thief: Person, owner: Person) -> None:
    listed = owner.call("GET", "/api/auth/sessions")
    other = next(session["id"] for session in listed if not session["current"])
    owner.call("DELETE", f"/api/auth/sessions/{other}")


ENDINGS: dict[str, Callable[[Person, Person], object]] = {
    "that was logged out": lambda thief, _: thief.call("POST", "/api/auth/logout"),
    "after the owner has changed the password": _change_password,
    "that the owner has ended": _revoke,
    "after the owner has ended all others": lambda _, owner: owner.call("DELETE", "/api/auth/sessions"),
}


@attack(
    "goes on with the stolen token of a session {}",
    "401 invalid_token; the open socket is told and closed, and no other opens",
    end=ENDINGS,
)
def test_ended(target: Target, end: Callable[[Person, Person], object]) -> None:
    owner = target.person("Ida")
    thief = owner.log_in()
    with thief.raw_socket() as socket:
        end(thief, owner)
        assert socket.closes(CLOSING), "the socket stayed open"
        assert "sessionRevoked" in [event for event, _ in socket.heard], socket.heard
    refused(thief.ask("GET", "/api/auth/check"), 401, "invalid_token")
    refused(target.ask("GET", "/api/auth/check", headers=bearer(thief.token)), 401, "invalid_token")
    target.refuses_socket(token=thief.token)
    target.refuses_socket(auth={"token": thief.token})
    owner.call("GET", "/api/auth/check")


@attack("goes on with the token of an account that is deleted", "401 or 404 user_not_found, and no login")
def test_deleted_account(target: Target) -> None:
    owner = target.person("Ida")
    thief = owner.log_in()
    with thief.raw_socket() as socket:
        assert owner.delete(), "the account could not be deleted"
        assert socket.closes(CLOSING), "the socket stayed open"
    answer = thief.ask("GET", "/api/auth/check")
    assert answer.status_code in (401, 404), shown(answer)
    assert "code" in (json_of(answer) or {}), shown(answer)
    target.refuses_socket(token=thief.token)
    body = {"email": owner.email, "password": owner.password}
    refused(target.ask("POST", "/api/auth/login", json=body), 400, "invalid_credentials")


@attack("plants a cookie before the login, to know the session after it", "a token of the server's own making")
def test_fixation(target: Target) -> None:
    owner = target.person("Ida")
    body = {"email": owner.email, "password": owner.password}
    answer = target.ask("POST", "/api/auth/login", token="planted", json=body)
    assert "planted" not in answer.headers["Set-Cookie"], answer.headers["Set-Cookie"]
    tokens = {owner.token, owner.log_in().token, owner.log_in().token}
    assert len(tokens) == 3


@attack("reads the session cookie from a script, or has it sent from elsewhere", "HttpOnly, SameSite=Strict, Path=/")
def test_cookie_flags(target: Target) -> None:
    owner = target.person("Ida")
    body = {"email": owner.email, "password": owner.password}
    for answer in (target.ask("POST", "/api/auth/login", json=body), owner.ask("POST", "/api/auth/logout")):
        cookie = answer.headers["Set-Cookie"]
        flags = {flag.strip().lower() for flag in cookie.split(";")[1:]}
        wanted = {"httponly", "samesite=strict", "path=/"} | ({"secure"} if target.wire.https else set())
        assert wanted <= flags, cookie
        assert not any(flag.startswith("domain") for flag in flags), cookie
        assert all("jwt=" not in value for value in [answer.text]), shown(answer)


@attack("changes a password without knowing it", "400, and the old one holds")
def test_password_change(target: Target) -> None:
    owner = target.person("Ida")
    for body in (
        {"newPassword": "taken over"},
        {"currentPassword": "wrong one", "newPassword": "taken over"},
        {"currentPassword": "", "newPassword": "taken over"},
        {"currentPassword": None, "newPassword": "taken over"},
    ):
        refused(owner.ask("PUT", "/api/auth/password", body), 400)
    owner.log_in()


@attack("deletes an account through a borrowed browser, without the password", "400, and it lives on")
def test_account_deletion(target: Target) -> None:
    owner = target.person("Ida")
    for body in ({}, {"password": "wrong one"}, {"password": ""}, {"password": {"$ne": None}}):
        refused(owner.ask("DELETE", "/api/auth/account", body), 400)
    owner.call("GET", "/api/auth/check")


@attack("signs up with the email of another, in other capitals and with spaces", "400 user_exists")
def test_second_account(target: Target) -> None:
    for email in (target.bob.email, target.bob.email.upper(), f"  {target.bob.email.title()} "):
        body = {"fullName": "Bob", "email": email, "password": "taken over"}
        refused(target.ask("POST", "/api/auth/signup", json=body), 400, "user_exists")


@attack("signs up with passwords that are too short, or cut off by bcrypt", "400")
def test_unfit_password(target: Target) -> None:
    for password in ("", "12345", "x" * 73, "é" * 37, "123456\0"):
        body = {"fullName": "Eve", "email": f"unfit-{len(password)}@example.org", "password": password}
        refused(target.ask("POST", "/api/auth/signup", json=body), 400)


@attack("ends the login of another by its id", "404, and it lives on")
def test_foreign_session(target: Target) -> None:
    session = target.ann.call("GET", "/api/auth/sessions")[0]["id"]
    refused(target.mallory.ask("DELETE", f"/api/auth/sessions/{session}"), 404)
    target.mallory.call("DELETE", "/api/auth/sessions")
    target.ann.call("GET", "/api/auth/check")


@attack("looks for tokens and other people's logins in the list of logins", "their own, without tokens")
def test_listed_sessions(target: Target) -> None:
    listed = target.mallory.call("GET", "/api/auth/sessions")
    assert all("token" not in session and "jwt" not in session for session in listed), listed
    assert not {s["id"] for s in listed} & {s["id"] for s in target.ann.call("GET", "/api/auth/sessions")}, listed
