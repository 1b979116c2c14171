"""The administration: what admins see and do, and that no one else gets there."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Person, Visit
from tests.browser.test_accessibility import SCREENS, check


def give_reason(page: Page, word: str, reason: str = "spam") -> None:
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill(reason)
    dialog.get_by_role("button", name=word, exact=True).click()
    expect(dialog).to_be_hidden()


def test_an_admin_finds_a_person_and_deactivates_them_and_the_log_says_why(
    admin: Person, bob: Person, visit: Visit
) -> None:
    page = visit(admin)
    page.get_by_role("button", name="Your profile").click()
    page.get_by_role("button", name="Administration").click()
    page.get_by_label("Search people").fill(bob.email)
    person = page.get_by_role("listitem").filter(has_text=bob.name)
    person.get_by_role("button", name="Deactivate").click()
    give_reason(page, "Deactivate")
    expect(person.get_by_text("Deactivated", exact=True)).to_be_visible()
    assert bob.http.get("/api/auth/check").status_code == 401
    page.get_by_role("link", name="Audit log").click()
    entry = page.get_by_role("listitem").filter(has_text=bob.id)
    expect(entry).to_contain_text("User deactivated")
    expect(entry).to_contain_text("spam")


def test_an_admin_invites_people_with_a_link_that_is_shown_once(admin: Person, visit: Visit) -> None:
    page = visit(admin, "/admin/invitations")
    page.get_by_label("Note").fill("for the team")
    page.get_by_role("button", name="Create invitation").click()
    expect(page.get_by_text("Send this link")).to_be_visible()
    assert page.locator(".admin__link code").inner_text().startswith("http")
    invitation = page.get_by_role("listitem").filter(has_text="for the team").first
    expect(invitation).to_contain_text("1 left")
    invitation.get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("listitem").filter(has_text="for the team")).to_have_count(0)


def test_an_admin_decides_what_was_reported(admin: Person, bob: Person, visit: Visit) -> None:
    message = bob.send(admin, "a rude text")
    admin.call("POST", "/api/messages/report", {"message": message["_id"], "reason": "rude"})
    page = visit(admin, "/admin/reports")
    report = page.get_by_role("listitem").filter(has_text="a rude text")
    report.get_by_role("button", name="Delete message").click()
    give_reason(page, "Delete message")
    expect(report).to_have_count(0)
    page.get_by_label("Show").select_option("closed")
    expect(page.get_by_role("listitem").filter(has_text="a rude text")).to_contain_text("Message deleted")
    (kept,) = admin.history(bob)
    assert "text" not in kept


@pytest.mark.parametrize("look", SCREENS.values(), ids=SCREENS)
def test_every_section_fits_and_axe_finds_no_problem(admin: Person, bob: Person, visit: Visit, look: Any) -> None:
    admin.create_room("Design")
    admin.call("POST", "/api/messages/report", {"user": bob.id, "reason": "rude"})
    admin.call("POST", "/api/admin/invitations", {"note": "for the team"})
    page = visit(admin, "/admin", **look)
    for section in ("People", "Invitations", "Reports", "Rooms", "Audit log", "Health"):
        page.get_by_role("link", name=section).click()
        shown = page.get_by_role("region", name=section)
        expect(shown.get_by_role("listitem").or_(shown.get_by_text("are working")).first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= look["viewport"]["width"]
        check(page, section)


def test_the_page_of_another_user_does_not_load_the_administration(bob: Person, visit: Visit) -> None:
    page = visit(bob, "/admin/people")
    expect(page.get_by_role("button", name="Your profile")).to_be_visible()
    expect(page.get_by_role("heading", name="Administration")).to_have_count(0)
    page.get_by_role("button", name="Your profile").click()
    expect(page.get_by_role("button", name="Administration")).to_have_count(0)
