"""What only admins may do, tried by a user who is none."""

from tests.attacks.checks import attack, refused
from tests.attacks.routes import ADMINS, Household, Route
from tests.attacks.target import UNKNOWN, Target
from tests.clients.http import content

ROUTES = {route.name: route for route in ADMINS}


@attack("a user asks for {}", "403 not_an_admin, and nothing changes", route=ROUTES)
def test_not_an_admin(household: Household, route: Route) -> None:
    before = household.state()
    answer = household.me.ask(route.method, household.fill(route.path), household.fill(route.body))
    refused(answer, 403, "not_an_admin")
    assert household.state() == before


@attack("signs up as an admin, and makes themselves one through the profile", "ignored")
def test_escalation(target: Target) -> None:
    rights = {"admin": True, "isAdmin": True, "role": "admin", "deactivatedAt": None, "verified": True}
    eve = target.newcomer("Eve", f"admin-{target.mallory.id}@example.org", target.mallory.password)
    body = {"fullName": "Eve", "email": eve.email, "password": eve.password, **rights}
    assert "admin" not in content(target.ask("POST", "/api/auth/signup", json=body))
    eve.token = eve.log_in().token
    for method, path in (("PUT", "/api/auth/update-profile"), ("PUT", "/api/auth/password")):
        passwords = {"currentPassword": eve.password, "newPassword": eve.password}
        assert "admin" not in content(eve.ask(method, path, {"fullName": "Eve", **passwords, **rights}))
    refused(eve.ask("GET", "/api/admin/users"), 403, "not_an_admin")


@attack(
    "guesses the token of an invitation: other secrets, ids of other things, operators", "403 or 400, in the same words"
)
def test_invitation(target: Target) -> None:
    guesses = ["", UNKNOWN, UNKNOWN + "A" * 32, target.ann.id + "A" * 32, target.public_room, "' OR 1=1 --", "../../x"]
    for guess in guesses:
        refused(target.ask("POST", "/api/auth/invitation", json={"token": guess}), 403, "invalid_link")
    for odd in ({"$ne": None}, ["x"], 7, None, "x" * 101):
        refused(target.ask("POST", "/api/auth/invitation", json={"token": odd}), 400)
    body = {"fullName": "Eve", "email": f"invited-{target.mallory.id}@example.org", "password": target.mallory.password}
    refused(target.ask("POST", "/api/auth/signup", json={**body, "invitation": UNKNOWN + "A" * 32}), 403)


@attack("guesses the token of a link that sets a password or confirms an email", "403 in the same words, or 400")
def test_mailed_links(target: Target) -> None:
    paths = {"/api/auth/reset-password": {"password": "taken over"}, "/api/auth/confirm-email": {}}
    for path, body in paths.items():
        for guess in ("", UNKNOWN, UNKNOWN + "A" * 32, target.ann.id + "A" * 32, "' OR 1=1 --"):
            refused(target.ask("POST", path, json={"token": guess, **body}), 403, "invalid_link")
        for odd in ({"$ne": None}, ["x"], 7, None, "x" * 101):
            refused(target.ask("POST", path, json={"token": odd, **body}), 400)
    target.ann.log_in()


@attack("changes, cuts or forges the audit log", "405 or 404: there is no such method")
def test_log(target: Target) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        refused(target.mallory.ask(method, "/api/admin/log", {"entries": []}), 405)
        refused(target.mallory.ask(method, f"/api/admin/log/{'a' * 24}", {"action": "user_created"}), 404)
