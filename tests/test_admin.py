"""What admins do over the API: to accounts and rooms, and what the audit log keeps of it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from chat.controllers.audit import recorded
from chat.errors import NotFoundError
from chat.models.audit import Actor
from tests.clients.http import Person
from tests.clients.sockets import Socket, wait_until

SignUp = Callable[[str], Person]
WHY = {"reason": "spam"}


@pytest.fixture
def bob(sign_up: SignUp) -> Person:
    return sign_up("Bob")


def _log(admin: Person) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = admin.call("GET", "/api/admin/log")["entries"]
    return entries


def test_users_are_told_only_if_they_are_admins(admin: Person, bob: Person) -> None:
    assert admin.call("GET", "/api/auth/check")["admin"] is True
    assert "admin" not in bob.call("GET", "/api/auth/check")


def test_accounts_are_listed_in_pages_and_found_by_name_or_email(admin: Person, bob: Person, sign_up: SignUp) -> None:
    carl = sign_up("Carl")
    first = admin.call("GET", "/api/admin/users?limit=2")
    assert [user["_id"] for user in first["users"]] == [carl.id, bob.id]
    rest = admin.call("GET", f"/api/admin/users?before={first['older']}")
    assert ([user["_id"] for user in rest["users"]], rest["older"]) == ([admin.id], None)
    for text in ("cArL", carl.email[:-3]):
        assert [user["_id"] for user in admin.call("GET", f"/api/admin/users?q={text}")["users"]] == [carl.id]
    for text in ("%25", ".*", "_", "zzz"):
        assert admin.call("GET", f"/api/admin/users?q={text}")["users"] == []


def test_a_deactivated_user_loses_sessions_and_sockets_and_cannot_log_in(
    admin: Person, bob: Person, connect: Callable[..., Socket]
) -> None:
    message = bob.send(admin, "hello")
    socket = connect(bob)
    answer = admin.call("POST", f"/api/admin/users/{bob.id}/deactivate", WHY)
    assert answer["deactivatedAt"]
    socket.wait_for("sessionRevoked")
    wait_until(lambda: not socket.connected, seconds=1)
    assert bob.ask("GET", "/api/auth/check").status_code == 401
    login = {"email": bob.email, "password": bob.password}
    refused = bob.http.post("/api/auth/login", login)
    assert (refused.status_code, refused.json()["code"]) == (403, "deactivated")
    wrong = bob.http.post("/api/auth/login", {**login, "password": "not that"})
    assert wrong.json()["code"] == "invalid_credentials"
    assert [found["_id"] for found in admin.history(bob)] == [message["_id"]]


def test_a_reactivated_user_can_log_in_again(admin: Person, bob: Person) -> None:
    admin.call("POST", f"/api/admin/users/{bob.id}/deactivate", WHY)
    assert admin.call("POST", f"/api/admin/users/{bob.id}/reactivate", WHY)["deactivatedAt"] is None
    bob.log_in()


def test_a_user_who_is_logged_out_can_log_in_again(admin: Person, bob: Person) -> None:
    admin.call("POST", f"/api/admin/users/{bob.id}/log-out", WHY)
    assert bob.ask("GET", "/api/auth/check").status_code == 401
    bob.log_in()


def test_an_admin_makes_another_one_and_takes_it_back_at_once(admin: Person, bob: Person) -> None:
    assert bob.ask("GET", "/api/admin/users").status_code == 403
    admin.call("PUT", f"/api/admin/users/{bob.id}/admin", WHY)
    assert bob.ask("GET", "/api/admin/users").status_code == 200
    admin.call("DELETE", f"/api/admin/users/{bob.id}/admin", WHY)
    assert bob.ask("GET", "/api/admin/users").status_code == 403


@pytest.mark.parametrize(("method", "end"), [("DELETE", "/admin"), ("POST", "/deactivate"), ("DELETE", "")])
def test_admins_cannot_lock_themselves_out(admin: Person, method: str, end: str) -> None:
    answer = admin.ask(method, f"/api/admin/users/{admin.id}{end}", WHY)
    assert (answer.status_code, _log(admin)) == (400, [])


def test_an_admin_erases_a_person(admin: Person, bob: Person) -> None:
    bob.send(admin, "hello")
    admin.call("DELETE", f"/api/admin/users/{bob.id}", WHY)
    assert bob.ask("GET", "/api/auth/check").status_code in (401, 404)
    assert admin.ask("GET", f"/api/admin/users/{bob.id}").status_code == 404


def test_an_admin_exports_the_data_of_a_person(admin: Person, bob: Person) -> None:
    answer = admin.ask("GET", f"/api/admin/users/{bob.id}/export?reason=asked")
    assert (answer.status_code, answer.content[:2]) == (200, b"PK")
    assert [(entry["action"], entry["reason"]) for entry in _log(admin)] == [("user_exported", "asked")]


def test_rooms_are_listed_and_deleted_by_admins_who_are_not_in_them(admin: Person, bob: Person) -> None:
    room = bob.create_room("Secret plans")
    assert [found["name"] for found in admin.call("GET", "/api/admin/rooms?q=secret")["rooms"]] == ["Secret plans"]
    assert admin.call("GET", "/api/admin/rooms?q=other")["rooms"] == []
    admin.call("DELETE", f"/api/admin/rooms/{room['_id']}", WHY)
    assert bob.ask("GET", f"/api/rooms/{room['_id']}").status_code == 404


def test_the_log_says_who_did_what_to_whom_and_why(admin: Person, bob: Person) -> None:
    admin.call("POST", f"/api/admin/users/{bob.id}/deactivate", WHY)
    admin.call("POST", f"/api/admin/users/{bob.id}/reactivate", {"reason": " sorry "})
    last, first = _log(admin)
    assert (first["action"], last["action"]) == ("user_deactivated", "user_reactivated")
    assert (last["actorId"], last["actor"], last["userId"], last["reason"]) == (admin.id, "Ada", bob.id, "sorry")
    older = admin.call("GET", f"/api/admin/log?before={last['_id']}&limit=1")
    assert older == {"entries": [first], "older": None}
    lines = admin.ask("GET", "/api/admin/log/export").text.splitlines()
    assert [json.loads(line)["action"] for line in lines] == ["log_exported", "user_reactivated", "user_deactivated"]


def test_what_fails_is_in_the_log_with_its_failure(app: Flask, admin: Person) -> None:
    with app.app_context(), pytest.raises(NotFoundError), recorded(Actor(None, "me"), "user_deleted", user_id="a" * 24):
        raise NotFoundError("gone")
    assert [entry["failed"] for entry in _log(admin)] == ["gone", ""]


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": 7}, {"reason": "x" * 501}])
def test_an_admin_has_to_say_why(admin: Person, bob: Person, body: dict[str, Any]) -> None:
    assert admin.ask("POST", f"/api/admin/users/{bob.id}/deactivate", body).status_code == 400
    assert _log(admin) == []
