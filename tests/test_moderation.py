"""Moderation: reports, and who may delete what in whose place."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.clients.http import Person
from tests.clients.sockets import Socket
from tests.clients.wsgi import in_process

SignUp = Callable[[str], Person]


def _report(me: Person, **what: str) -> Any:
    return me.ask("POST", "/api/messages/report", {"reason": "rude", **what})


def _reports(admin: Person, status: str = "open") -> list[dict[str, Any]]:
    reports: list[dict[str, Any]] = admin.call("GET", f"/api/admin/reports?status={status}")["reports"]
    return reports


def _decide(admin: Person, report: dict[str, Any], outcome: str) -> Any:
    return admin.ask("POST", f"/api/admin/reports/{report['_id']}", {"outcome": outcome, "reason": "because"})


def test_admins_see_what_was_reported_as_it_was_then(admin: Person, ann: Person, bob: Person) -> None:
    message = bob.send(ann, "something rude")
    assert _report(ann, message=message["_id"]).status_code == 201
    assert _report(ann, user=bob.id).status_code == 201
    bob.call("DELETE", f"/api/messages/{message['_id']}")
    person, reported = _reports(admin)
    assert (reported["text"], reported["reason"]) == ("something rude", "rude")
    assert (reported["reporterName"], reported["userName"], reported["messageId"]) == ("Ann", "Bob", message["_id"])
    assert (person["userId"], person["messageId"], person["text"]) == (bob.id, None, None)


def test_a_report_leads_to_a_tombstone_that_names_the_admin(
    admin: Person, ann: Person, bob: Person, connect: Callable[..., Socket]
) -> None:
    message = bob.send(ann, "something rude")
    _report(ann, message=message["_id"])
    socket = connect(ann)
    assert _decide(admin, _reports(admin)[0], "message_deleted").status_code == 200
    assert socket.wait_for("messageUpdated")["deletedBy"] == "admin"
    (tombstone,) = bob.history(ann)
    assert (tombstone["deletedBy"], "text" in tombstone) == ("admin", False)
    assert _reports(admin) == []
    assert [report["outcome"] for report in _reports(admin, "closed")] == ["message_deleted"]
    (entry,) = admin.call("GET", "/api/admin/log")["entries"]
    assert (entry["action"], entry["userId"], entry["messageId"]) == ("message_deleted", bob.id, message["_id"])


def test_a_report_leads_to_a_deactivated_account(admin: Person, ann: Person, bob: Person) -> None:
    _report(ann, user=bob.id)
    assert _decide(admin, _reports(admin)[0], "user_deactivated").status_code == 200
    assert bob.ask("GET", "/api/auth/check").status_code == 401


def test_a_dismissed_report_changes_nothing_and_is_decided_once(admin: Person, ann: Person, bob: Person) -> None:
    message = bob.send(ann, "fine")
    _report(ann, message=message["_id"])
    (report,) = _reports(admin)
    assert _decide(admin, report, "dismissed").status_code == 200
    answer = _decide(admin, report, "message_deleted")
    assert (answer.status_code, answer.json()["code"]) == (409, "already_decided")
    assert bob.history(ann)[0]["text"] == "fine"
    assert [entry["action"] for entry in admin.call("GET", "/api/admin/log")["entries"]] == ["report_dismissed"]


@pytest.mark.parametrize("outcome", ["message_deleted", "nonsense", None])
def test_a_decision_that_cannot_be_is_refused_and_the_report_stays_open(
    admin: Person, ann: Person, bob: Person, outcome: str
) -> None:
    _report(ann, user=bob.id)
    assert _decide(admin, _reports(admin)[0], outcome).status_code in (400, 404)
    assert len(_reports(admin)) == 1


def test_only_what_one_can_see_can_be_reported(admin: Person, ann: Person, bob: Person, sign_up: SignUp) -> None:
    message = bob.send(ann, "between us")
    assert _report(sign_up("Eve"), message=message["_id"]).status_code == 404
    assert _report(ann, user="a" * 24).status_code == 404
    assert _report(ann, user=ann.id).status_code == 400
    assert _report(ann).status_code == 400
    assert _report(ann, user=bob.id, message=message["_id"]).status_code == 400
    assert _report(ann, user=bob.id, reason=" ").status_code == 400
    assert _reports(admin) == []


def test_the_owner_of_a_room_deletes_messages_in_it_and_others_cannot(
    ann: Person, bob: Person, sign_up: SignUp
) -> None:
    carl = sign_up("Carl")
    room = ann.create_room("Den", bob, carl)["_id"]
    ann.call("PUT", f"/api/rooms/{room}", {"name": "Lair"})
    message = bob.call("POST", f"/api/rooms/{room}/messages", {"text": "noise"})["_id"]
    assert carl.ask("DELETE", f"/api/messages/{message}").status_code == 404
    assert ann.ask("PUT", f"/api/messages/{message}", {"text": "other"}).status_code == 404
    assert ann.call("DELETE", f"/api/messages/{message}")["deletedBy"] == "owner"
    assert "deletedBy" not in ann.call("DELETE", f"/api/messages/{ann.send(bob, 'mine')['_id']}")
    notices = [message for message in ann.call("GET", f"/api/rooms/{room}/messages") if message.get("system")]
    assert [ann.ask("DELETE", f"/api/messages/{notice['_id']}").status_code for notice in notices] == [404]


def test_an_admin_deletes_any_message(admin: Person, ann: Person, bob: Person) -> None:
    message = bob.send(ann, "noise")
    admin.call("DELETE", f"/api/admin/messages/{message['_id']}", {"reason": "law"})
    assert ann.history(bob)[0]["deletedBy"] == "admin"
    assert admin.ask("DELETE", f"/api/admin/messages/{'a' * 24}", {"reason": "law"}).status_code == 404


def test_reports_are_limited(make_app: Callable[..., Flask], config: Any) -> None:
    site = in_process(make_app(rate_limits=True))
    ann, bob = site.sign_up("Ann"), site.sign_up("Bob")
    assert [_report(ann, user=bob.id).status_code for _ in range(21)][-2:] == [201, 429]
