"""Sessions that have ended, and the passwords and cookies that begin them."""

from collections.abc import Callable

from scripts.attacks.attacker import Attacker
from scripts.attacks.checks import content, refused, same, shown, that
from scripts.attacks.registry import attack, attacks
from scripts.attacks.wire import Refused, Socket
from scripts.attacks.world import World

CLOSING = 3.0  # seconds: a second for the server, and time for a network and a busy machine


def _change_password(thief: Attacker, owner: Attacker) -> None:
    owner.call("PUT", "/api/auth/password", {"currentPassword": owner.password, "newPassword": f"{owner.password}!"})
    owner.password += "!"


def _revoke(thief: Attacker, owner: Attacker) -> None:
    listed = owner.call("GET", "/api/auth/sessions")
    other = next(session["id"] for session in listed if not session["current"])
    owner.call("DELETE", f"/api/auth/sessions/{other}")


ENDINGS: dict[str, Callable[[Attacker, Attacker], object]] = {
    "that was logged out": lambda thief, _: thief.call("POST", "/api/auth/logout"),
    "after the owner has changed the password": _change_password,
    "that the owner has ended": _revoke,
    "after the owner has ended all others": lambda _, owner: owner.call("DELETE", "/api/auth/sessions"),
}


@attacks(
    "goes on with the stolen token of a session {}",
    "401 invalid_token; the open socket is told and closed, and no other opens",
    ENDINGS,
)
def ended(world: World, end: Callable[[Attacker, Attacker], object]) -> None:
    owner = world.person("Ida")
    thief = owner.log_in()
    with thief.socket() as socket:
        end(thief, owner)
        that(socket.closes(CLOSING), "the socket stayed open")
        that("sessionRevoked" in [event for event, _ in socket.heard], socket.heard)
    refused(thief.ask("GET", "/api/auth/check"), 401, "invalid_token")
    _no_socket(world, thief.token)
    owner.call("GET", "/api/auth/check")


@attack("goes on with the token of an account that is deleted", "401 or 404 user_not_found, and no login")
def deleted_account(world: World) -> None:
    owner = world.person("Ida")
    thief = owner.log_in()
    with thief.socket() as socket:
        that(owner.delete(), "the account could not be deleted")
        that(socket.closes(CLOSING), "the socket stayed open")
    answer = thief.ask("GET", "/api/auth/check")
    that(answer.status_code in (401, 404) and "code" in (content(answer) or {}), shown(answer))
    _no_socket(world, thief.token)
    body = {"email": owner.email, "password": owner.password}
    refused(world.ask("POST", "/api/auth/login", json=body), 400, "invalid_credentials")


def _no_socket(world: World, token: str) -> None:
    try:
        Socket(world, token).close()
    except Refused:
        return
    that(False, "a socket opened")


@attack("plants a cookie before the login, to know the session after it", "a token of the server's own making")
def fixation(world: World) -> None:
    owner = world.person("Ida")
    body = {"email": owner.email, "password": owner.password}
    answer = world.ask("POST", "/api/auth/login", token="planted", json=body)
    that("planted" not in answer.headers["Set-Cookie"], answer.headers["Set-Cookie"])
    tokens = {owner.token, owner.log_in().token, owner.log_in().token}
    same(len(tokens), 3)


@attack("reads the session cookie from a script, or has it sent from elsewhere", "HttpOnly, SameSite=Strict, Path=/")
def cookie_flags(world: World) -> None:
    owner = world.person("Ida")
    body = {"email": owner.email, "password": owner.password}
    for answer in (world.ask("POST", "/api/auth/login", json=body), owner.ask("POST", "/api/auth/logout")):
        cookie = answer.headers["Set-Cookie"]
        flags = {flag.strip().lower() for flag in cookie.split(";")[1:]}
        wanted = {"httponly", "samesite=strict", "path=/"} | ({"secure"} if world.https else set())
        that(wanted <= flags and not any(flag.startswith("domain") for flag in flags), cookie)
        that(all("jwt=" not in value for value in [answer.text]), shown(answer))


@attack("changes a password without knowing it", "400, and the old one holds")
def password_change(world: World) -> None:
    owner = world.person("Ida")
    for body in (
        {"newPassword": "taken over"},
        {"currentPassword": "wrong one", "newPassword": "taken over"},
        {"currentPassword": "", "newPassword": "taken over"},
        {"currentPassword": None, "newPassword": "taken over"},
    ):
        refused(owner.ask("PUT", "/api/auth/password", body), 400)
    owner.log_in()


@attack("deletes an account through a borrowed browser, without the password", "400, and it lives on")
def account_deletion(world: World) -> None:
    owner = world.person("Ida")
    for body in ({}, {"password": "wrong one"}, {"password": ""}, {"password": {"$ne": None}}):
        refused(owner.ask("DELETE", "/api/auth/account", body), 400)
    owner.call("GET", "/api/auth/check")


@attack("signs up with the email of another, in other capitals and with spaces", "400 user_exists")
def second_account(world: World) -> None:
    for email in (world.bob.email, world.bob.email.upper(), f"  {world.bob.email.title()} "):
        body = {"fullName": "Bob", "email": email, "password": "taken over"}
        refused(world.ask("POST", "/api/auth/signup", json=body), 400, "user_exists")


@attack("signs up with passwords that are too short, or cut off by bcrypt", "400")
def unfit_password(world: World) -> None:
    for password in ("", "12345", "x" * 73, "é" * 37, "123456\0"):
        body = {"fullName": "Eve", "email": f"unfit-{len(password)}@example.org", "password": password}
        refused(world.ask("POST", "/api/auth/signup", json=body), 400)


@attack("ends the login of another by its id", "404, and it lives on")
def foreign_session(world: World) -> None:
    session = world.ann.call("GET", "/api/auth/sessions")[0]["id"]
    refused(world.mallory.ask("DELETE", f"/api/auth/sessions/{session}"), 404)
    world.mallory.call("DELETE", "/api/auth/sessions")
    world.ann.call("GET", "/api/auth/check")


@attack("looks for tokens and other people's logins in the list of logins", "their own, without tokens")
def listed_sessions(world: World) -> None:
    listed = world.mallory.call("GET", "/api/auth/sessions")
    that(all("token" not in session and "jwt" not in session for session in listed), listed)
    that(not {s["id"] for s in listed} & {s["id"] for s in world.ann.call("GET", "/api/auth/sessions")}, listed)
