"""The description of the API holds: every route and code is in it, and real answers are as it says, with no field more."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask, Response, request
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from chat.config import Config
from chat.controllers import links
from chat.errors import ChatError
from chat.openapi import ALIAS, METHODS, document
from tests.clients.http import PASSWORD, Browser, Person
from tests.images import png

SignUp = Callable[[str], Person]
ROOT = Path(__file__).resolve().parent.parent
METRICS_TOKEN = "m" * 32
CODES = {error.code for error in ChatError.__subclasses__()}
# A route that answers so is another method's, or another host's.
OF_NO_ROUTE = {"method_not_allowed", "unknown_host"}


def _path(rule: str) -> str:
    """The path in the document of a rule of Flask's."""
    camel = re.sub(r"_(\w)", lambda letter: letter[1].upper(), rule)
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", camel)


def _codes_of(answer: dict[str, Any]) -> set[str]:
    schema = answer["content"].get("application/json", {}).get("schema", {})
    return set(schema.get("properties", {}).get("code", {}).get("enum", []))


def _document(app: Flask) -> dict[str, Any]:
    return document(app, app.extensions["chat"].config)


@pytest.fixture
def config(config: Config, monkeypatch: pytest.MonkeyPatch) -> Config:
    """The settings with which every route is there; the mails wait."""
    monkeypatch.setattr("chat.middleware.chores._repeat", lambda *_: None)
    return replace(
        config,
        metrics_token=METRICS_TOKEN,
        smtp_url="smtp://mail.example.org",
        mail_from="chat@example.org",
        public_url="http://localhost",
    )


@pytest.fixture
def described(app: Flask) -> dict[str, Any]:
    return _document(app)


@pytest.fixture
def hold_to_it(app: Flask, described: dict[str, Any]) -> set[tuple[str, str, int]]:
    """Holds every answer of the app to the document; the paths, methods and statuses seen so far."""
    seen: set[tuple[str, str, int]] = set()

    def check(response: Response) -> Response:
        if request.url_rule and request.method in METHODS and request.blueprint != ALIAS:
            path = _path(request.url_rule.rule)
            answer = described["paths"][path][request.method.lower()]["responses"][str(response.status_code)]
            content = answer["content"][response.mimetype]
            if schema := content.get("schema"):
                whole = {**schema, "components": described["components"]}
                Draft202012Validator(whole).validate(response.json)
            seen.add((path, request.method, response.status_code))
        return response

    app.after_request(check)
    app.testing = True  # a failed check is raised, and not answered
    return seen


def test_it_is_valid_openapi(client: Browser) -> None:
    answer = client.get("/api/openapi.json")
    assert answer.json()["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(answer.json()).validate()
    assert answer.json()["servers"] == [{"url": "/"}]


def test_every_route_of_the_api_is_in_it_and_nothing_else(app: Flask, described: dict[str, Any]) -> None:
    routes = {
        (_path(rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(("/api/", "/healthz", "/readyz", "/metrics"))
        and not rule.endpoint.startswith(f"{ALIAS}.")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert routes == {(path, method) for path, methods in described["paths"].items() for method in methods}


def test_no_two_paths_differ_only_in_the_names_of_their_variables(described: dict[str, Any]) -> None:
    shapes = [re.sub(r"{\w+}", "{}", path) for path in described["paths"]]
    assert len(shapes) == len(set(shapes))


def test_every_operation_says_what_it_does_and_who_may(described: dict[str, Any]) -> None:
    for methods in described["paths"].values():
        for operation in methods.values():
            assert operation["summary"].endswith((".", "?"))
            assert bool(operation["security"]) == ("401" in operation["responses"])
            assert operation["security"] in ([], [{"cookie": []}, {"bearer": []}], [{"metrics": []}])


def test_every_answer_refuses_a_field_that_it_does_not_name(described: dict[str, Any]) -> None:
    bodies = {
        operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        for methods in described["paths"].values()
        for operation in methods.values()
        if "requestBody" in operation
    }
    for name, schema in described["components"]["schemas"].items():
        assert name in bodies or schema["additionalProperties"] is False, name


def test_the_limits_in_it_are_those_of_the_settings(make_app: Callable[..., Flask]) -> None:
    found = _document(make_app(max_text_length=123, max_history_page=45))
    assert found["components"]["schemas"]["Edit"]["properties"]["text"]["maxLength"] == 123
    page = found["paths"]["/api/messages/{id}"]["get"]["parameters"]
    assert {one["name"]: one["schema"].get("maximum") for one in page}["limit"] == 45


def test_what_a_setting_opens_is_in_it_only_with_that_setting(make_app: Callable[..., Flask]) -> None:
    assert "/metrics" in _document(make_app())["paths"]
    assert "/metrics" not in _document(make_app(metrics_token=None))["paths"]


def test_the_page_has_every_route_and_nothing_that_the_policy_forbids(
    client: Browser, described: dict[str, Any]
) -> None:
    answer = client.get("/api/docs", headers={"Accept-Encoding": "gzip"})
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    page = answer.text
    assert all(f">{path}</code>" in page for path in described["paths"])
    assert not re.search(r"<script|<style| style=| on\w+=|(?:src|href)=\"?(?:https?:)?//", page)


def test_every_code_of_the_table_is_documented_on_some_route(described: dict[str, Any]) -> None:
    documented = {
        code
        for methods in described["paths"].values()
        for operation in methods.values()
        for answer in operation["responses"].values()
        for code in _codes_of(answer)
    }
    assert documented == CODES - OF_NO_ROUTE


def test_every_route_really_answers_as_it_says(
    app: Flask,
    hold_to_it: set[tuple[str, str, int]],
    described: dict[str, Any],
    client: Browser,
    sign_up: SignUp,
    admin: Person,
) -> None:
    for path in ("/healthz", "/readyz", "/api/limits", "/api/about", "/api/openapi.json", "/api/docs", "/api/docs.css"):
        client.get(path)
    client.get("/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"})
    ann, bob = sign_up("Ann"), sign_up("Bob")
    _manage(app, admin, sign_up("Carl"))
    _use_the_account(ann)
    _talk(ann, bob)
    _meet_in_a_room(ann, bob)
    ann.http.post("/api/auth/logout")
    bob.http.get("/api/auth/export")
    bob.http.delete("/api/auth/account", json={"password": PASSWORD})
    promised = {
        (path, method.upper(), int(status))
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
        for status in operation["responses"]
        if status.startswith("2")
    }
    assert hold_to_it >= promised


def test_failures_are_as_it_says(
    hold_to_it: set[tuple[str, str, int]], described: dict[str, Any], client: Browser, sign_up: SignUp
) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    client.get("/api/auth/check")
    client.get("/metrics")
    client.post("/api/auth/login", json={"email": ann.email, "password": "wrong one"})
    client.post("/api/auth/login", data=b"text")
    too_large = ann.http.post(f"/api/messages/send/{bob.id}", json={"text": "x" * 9_000_000})
    ann.http.get("/api/rooms/x")
    ann.http.get(f"/api/messages/{bob.id}?limit=0")
    ann.http.delete(f"/api/messages/{bob.id}")
    ann.send(bob, "once", clientId="1")
    ann.http.post(f"/api/messages/send/{bob.id}", json={"text": "twice", "clientId": "1"})
    ann.http.post("/api/auth/logout", headers={"Sec-Fetch-Site": "cross-site"})
    assert {status for _, _, status in hold_to_it} >= {400, 401, 403, 404, 409, 415}
    failure = {"$ref": "#/components/schemas/Failure", "components": described["components"]}
    assert too_large.status_code == 413
    Draft202012Validator(failure).validate(too_large.json())


def _use_the_account(me: Person) -> None:
    me.log_in()
    me.http.get("/api/auth/check")
    me.http.put("/api/auth/update-profile", json={"fullName": "Anne", "profilePic": png()})
    me.http.put("/api/auth/password", json={"currentPassword": PASSWORD, "newPassword": PASSWORD})
    me.log_in()
    listed = me.http.get("/api/auth/sessions").json()
    other = next(session["id"] for session in listed if not session["current"])
    me.http.delete(f"/api/auth/sessions/{other}")
    me.http.delete("/api/auth/sessions")


def _manage(app: Flask, admin: Person, carl: Person) -> None:
    why, account = {"reason": "because"}, f"/api/admin/users/{carl.id}"
    for path in ("users", f"users/{carl.id}", f"users/{carl.id}/export?reason=asked", "rooms", "log", "log/export"):
        admin.http.get(f"/api/admin/{path}")
    link = admin.http.post("/api/admin/invitations", json={}).json()
    admin.http.post("/api/auth/invitation", json={"token": link["link"].partition("#")[2]})
    admin.http.get("/api/admin/invitations")
    admin.http.delete(f"/api/admin/invitations/{link['_id']}")
    token = admin.http.post(f"{account}/reset-link", json=why).json()["link"].partition("#")[2]
    carl.http.post("/api/auth/reset-password", json={"token": token, "password": PASSWORD})
    carl = carl.log_in()
    carl.http.post("/api/auth/forgot-password", json={"email": carl.email})
    carl.http.post("/api/auth/confirmation")
    carl.http.put("/api/auth/email", json={"email": "carl@example.org", "password": PASSWORD})
    with app.app_context():
        link = links.draft("email_confirmation", 1, user_id=carl.id, email=carl.email)
        token = links.make(link).partition("#")[2]
    carl.http.post("/api/auth/confirm-email", json={"token": token})
    noise = carl.send(admin, "noise")["_id"]
    admin.http.post("/api/messages/report", json={"message": noise, "reason": "rude"})
    (report,) = admin.http.get("/api/admin/reports").json()["reports"]
    admin.http.post(f"/api/admin/reports/{report['_id']}", json={"outcome": "dismissed", **why})
    admin.http.delete(f"/api/admin/messages/{noise}", json=why)
    for step in ("deactivate", "reactivate", "log-out"):
        admin.http.post(f"{account}/{step}", json=why)
    admin.http.put(f"{account}/admin", json=why)
    admin.http.delete(f"{account}/admin", json=why)
    room = f"/api/admin/rooms/{carl.log_in().create_room('Room')['_id']}"
    admin.http.put(room, json={"messageTtlDays": 7, **why})
    admin.http.delete(room, json=why)
    admin.http.delete(account, json=why)


def _talk(ann: Person, bob: Person) -> None:
    message = ann.send(bob, "hello", clientId="1")
    ann.send(bob, "hello", clientId="1")
    ann.send(bob, "a picture", image=png(), replyTo=message["_id"])
    bob.http.put(f"/api/messages/{message['_id']}/reactions/{quote('👍')}")
    for people in ("users", "contacts", "chats"):
        ann.http.get(f"/api/messages/{people}")
    bob.http.get(f"/api/messages/{ann.id}?limit=1")
    bob.http.post("/api/messages/read", json={"conversation": message["conversation"], "seq": 1})
    bob.http.post("/api/messages/sync", json={"cursors": {}})
    bob.http.get("/api/messages/search?q=hello")
    bob.http.delete(f"/api/messages/{message['_id']}/reactions/{quote('👍')}")
    ann.http.put(f"/api/messages/{message['_id']}", json={"text": "changed"})
    ann.http.delete(f"/api/messages/{message['_id']}")
    bob.http.post(f"/api/messages/block/{ann.id}")
    bob.http.get("/api/messages/users")
    bob.http.delete(f"/api/messages/block/{ann.id}")


def _meet_in_a_room(ann: Person, bob: Person) -> None:
    room = ann.http.post("/api/rooms", json={"name": "Room", "public": True}).json()["_id"]
    bob.http.get(f"/api/rooms/{room}")
    bob.http.post(f"/api/rooms/{room}/join")
    bob.http.post(f"/api/rooms/{room}/messages", json={"text": "hello", "clientId": "2"})
    bob.http.post(f"/api/rooms/{room}/messages", json={"text": "hello", "clientId": "2"})
    bob.http.post(f"/api/messages/block/{ann.id}")
    ann.http.put(f"/api/rooms/{room}", json={"name": "Another name"})
    for method in ("PUT", "DELETE"):
        ann.http.request(method, f"/api/rooms/{room}/owners/{bob.id}")
    bob.http.get(f"/api/rooms/{room}/messages")
    bob.http.get("/api/rooms")
    ann.http.delete(f"/api/rooms/{room}/members/{bob.id}")
    bob.http.delete(f"/api/messages/block/{ann.id}")
    ann.http.post(f"/api/rooms/{room}/members", json={"userId": bob.id})
    ann.http.delete(f"/api/rooms/{room}")
