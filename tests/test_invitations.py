"""Who may join: open, by invitation, closed, or only some domains."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from requests import Response

from chat.config import Config
from chat.models.values import now
from chat.store.port import AccountChange
from tests.clients.http import PASSWORD, Person, Site
from tests.clients.wsgi import in_process

MakeApp = Callable[..., Flask]
SignUp = Callable[[str], Person]


class Club:
    """A site that can be joined by invitation only, and Ada, its admin."""

    def __init__(self, app: Flask) -> None:
        self.app, self.site = app, in_process(app)
        store = app.extensions["chat"].store
        result = app.test_cli_runner().invoke(args=["user", "create", "ada@example.org", "--name", "Ada", "--generate"])
        self.admin = self.site.newcomer("Ada", "ada@example.org", result.stdout.split()[-1]).log_in()
        store.users.change_account(self.admin.id, AccountChange(admin=True))

    def invite(self, **body: Any) -> str:
        """Make an invitation; its token."""
        link: str = self.admin.call("POST", "/api/admin/invitations", body)["link"]
        assert link.startswith("/invite#")
        return link.partition("#")[2]

    def join(self, name: str, invitation: str | None, email: str | None = None) -> Response:
        """Try to sign up with an invitation."""
        person = self.site.newcomer(name, email)
        body = {"fullName": name, "email": person.email, "password": PASSWORD, "invitation": invitation}
        return person.http.post("/api/auth/signup", body)


@pytest.fixture
def club(make_app: MakeApp) -> Club:
    return Club(make_app(signup="invite"))


def _refused(answer: Response, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (403, code)


def test_a_client_is_told_who_may_join(club: Club, make_app: MakeApp) -> None:
    assert club.site.browser().get("/api/about").json()["signup"] == "invite"
    assert in_process(make_app(signup="closed")).browser().get("/api/about").json()["signup"] == "closed"
    assert in_process(make_app()).browser().get("/api/about").json()["signup"] == "open"


def test_no_one_signs_up_where_sign_up_is_closed(make_app: MakeApp) -> None:
    club = Club(make_app(signup="closed"))
    _refused(club.join("Bob", None), "signup_closed")
    _refused(club.join("Bob", club.invite()), "signup_closed")


def test_signing_up_needs_an_invitation_and_says_where_to_get_one(club: Club) -> None:
    answer = club.join("Bob", None)
    _refused(answer, "invitation_needed")
    assert "ask an admin" in answer.json()["message"]


def test_an_invitation_lets_one_person_in(club: Club) -> None:
    token = club.invite()
    assert club.join("Bob", token).status_code == 200
    _refused(club.join("Carl", token), "invalid_link")


def test_an_invitation_for_many_is_never_used_more_often_by_requests_in_parallel(club: Club) -> None:
    token, statuses = club.invite(uses=3), []
    threads = [
        threading.Thread(target=lambda name=name: statuses.append(club.join(name, token).status_code))
        for name in ("Bob", "Carl", "Dora", "Emil", "Fay", "Gus", "Hana", "Ivo")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] * 3 + [403] * 5
    (listed,) = club.admin.call("GET", "/api/admin/invitations")
    assert listed["usesLeft"] == 0


def test_an_email_that_is_taken_uses_up_no_invitation(club: Club) -> None:
    token = club.invite()
    assert club.join("Ada", token, "ada@example.org").json()["code"] == "user_exists"
    assert club.join("Bob", token).status_code == 200


def test_an_invitation_that_expired_or_was_revoked_is_refused(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    revoked, expired = club.invite(), club.invite(days=2)
    listed = club.admin.call("GET", "/api/admin/invitations")
    club.admin.call("DELETE", f"/api/admin/invitations/{listed[1]['_id']}")
    _refused(club.join("Bob", revoked), "invalid_link")
    for store in ("sqlite", "mongo"):
        monkeypatch.setattr(f"chat.store.{store}.links.now", lambda: now() + 2 * 24 * 3600 * 1000)
    _refused(club.join("Bob", expired), "invalid_link")
    _refused(club.site.browser().post("/api/auth/invitation", {"token": expired}), "invalid_link")


@pytest.mark.parametrize("token", ["", "x", "a" * 24, "a" * 56, "ä" * 56])
def test_what_is_no_token_is_refused(club: Club, token: str) -> None:
    assert club.join("Bob", token).status_code == 403
    _refused(club.site.browser().post("/api/auth/invitation", {"token": token}), "invalid_link")


def test_half_a_token_is_no_token(club: Club) -> None:
    token = club.invite()
    for wrong in (token[:-1], token[:-1] + "!", token[:24], token.upper()):
        _refused(club.join("Bob", wrong), "invalid_link")


def test_an_invitation_can_lead_into_a_private_room(club: Club) -> None:
    room = club.admin.create_room("Den")["_id"]
    token = club.invite(room=room)
    assert club.site.browser().post("/api/auth/invitation", {"token": token}).json()["roomName"] == "Den"
    bob = club.join("Bob", token).json()["_id"]
    assert club.admin.call("GET", f"/api/rooms/{room}")["members"] == [club.admin.id, bob]


def test_an_invitation_into_a_room_that_has_gone_still_gives_an_account(club: Club) -> None:
    room = club.admin.create_room("Den")["_id"]
    token = club.invite(room=room)
    club.admin.call("DELETE", f"/api/rooms/{room}")
    assert club.join("Bob", token).status_code == 200


def test_the_database_has_no_token_in_it(club: Club, config: Config) -> None:
    token = club.invite(note="for Bob")
    links = club.app.extensions["chat"].store.links.of_purpose("invitation")
    assert token[24:] not in repr(links)
    assert token[24:] not in club.admin.ask("GET", "/api/admin/invitations").text
    assert token[24:] not in club.admin.ask("GET", "/api/admin/log").text
    if config.mongo_url is None:
        assert all(token[24:].encode() not in file.read_bytes() for file in config.data_dir.glob("chat.db*"))


def test_only_emails_of_some_domains_can_sign_up(make_app: MakeApp) -> None:
    site = in_process(make_app(signup_domains=("example.org",)))
    body = {"fullName": "Bob", "password": PASSWORD}
    for email in ("bob@example.com", "bob@sub.example.org", "bob@example.org.evil.example"):
        _refused(site.browser().post("/api/auth/signup", {**body, "email": email}), "wrong_domain")
    assert site.browser().post("/api/auth/signup", {**body, "email": "bob@EXAMPLE.org"}).status_code == 200


def test_invitations_on_the_command_line(club: Club) -> None:
    run = club.app.test_cli_runner()
    made = run.invoke(args=["invite", "create", "--uses", "2", "--note", "team"])
    assert club.join("Bob", made.stdout.strip().partition("#")[2]).status_code == 200
    heading, line = run.invoke(args=["invite", "list"]).stdout.splitlines()
    assert heading.split()[:3] == ["Id", "Uses", "left"]
    assert line.split()[1] == "1"
    assert run.invoke(args=["invite", "revoke", line.split()[0]]).exit_code == 0
    assert run.invoke(args=["invite", "revoke", line.split()[0]]).exit_code == 1
    assert run.invoke(args=["invite", "create", "--room", "nonsense"]).exit_code == 1


def test_an_open_server_needs_no_invitation_and_ignores_none(site: Site, admin: Person) -> None:
    assert site.sign_up("Bob").id
    token = admin.call("POST", "/api/admin/invitations", {})["link"].partition("#")[2]
    body = {"fullName": "Carl", "email": "carl@example.org", "password": PASSWORD}
    assert site.browser().post("/api/auth/signup", {**body, "invitation": token}).status_code == 200
    assert site.browser().post("/api/auth/signup", {**body, "email": "d@e.f", "invitation": token}).status_code == 403
