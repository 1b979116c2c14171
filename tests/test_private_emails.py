"""EMAILS=admins: users don't see each other's emails, and find each other by name or by the exact email."""

from collections.abc import Callable

import pytest
from flask import Flask

from tests.clients.http import Person, Site
from tests.clients.wsgi import in_process

SignUp = Callable[[str], Person]
LISTS = ("users", "contacts", "chats")


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app(emails="admins")


def _emails(me: Person, other: Person) -> list[str]:
    """The other's email in all lists that I see."""
    listed = [entry for path in LISTS for entry in me.call("GET", f"/api/messages/{path}") if entry["_id"] == other.id]
    assert len(listed) == len(LISTS)
    return [entry["email"] for entry in listed]


def test_users_see_only_their_own_email(sign_up: SignUp) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    ann.send(bob, "hello")
    assert _emails(ann, bob) == ["", "", ""]
    assert ann.call("GET", "/api/auth/check")["email"] == ann.email


def test_admins_see_the_emails_of_all(admin: Person, sign_up: SignUp) -> None:
    bob = sign_up("Bob")
    admin.send(bob, "hello")
    assert _emails(admin, bob) == [bob.email] * 3


def test_a_user_is_found_by_the_exact_email_in_any_case(sign_up: SignUp) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    ann.send(bob, "hello")
    (found,) = ann.call("GET", f"/api/messages/users?email={bob.email.upper()}")
    assert (found["_id"], found["fullName"], found["email"]) == (bob.id, "Bob", "")
    assert found["lastMessage"]["text"] == "hello"
    for other in (bob.email[:-1], "%25", "", ann.email):
        found = ann.call("GET", f"/api/messages/users?email={other}")
        assert [entry["_id"] for entry in found] in ([], [bob.id]) if other == "" else found == []


def test_by_default_all_users_see_emails(make_app: Callable[..., Flask]) -> None:
    site: Site = in_process(make_app(emails="everyone"))
    ann, bob = site.sign_up("Ann"), site.sign_up("Bob")
    ann.send(bob, "hello")
    assert _emails(ann, bob) == [bob.email] * 3
