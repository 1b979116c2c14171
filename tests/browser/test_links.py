"""One-time links in the client: an invitation, a new password, a report to the admins."""

from playwright.sync_api import expect

from tests.browser.conftest import PASSWORD, Person, Visit
from tests.browser.steps import act, message
from tests.browser.test_administration import give_reason
from tests.clients.http import content


def test_an_invitation_leads_to_an_account_in_its_room(admin: Person, visit: Visit) -> None:
    room = admin.create_room("Design")
    link = admin.call("POST", "/api/admin/invitations", {"room": room["_id"]})["link"]
    page = visit(None, link)
    expect(page.get_by_text("You are invited to Design.")).to_be_visible()
    page.get_by_label("Your name").fill("Newcomer")
    page.get_by_label("Email").fill(f"newcomer-{admin.id}@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("link", name="Design")).to_be_visible()
    assert page.evaluate("location.pathname") == "/"
    again = visit(None, link)
    expect(again.get_by_text("This link doesn't work")).to_be_visible()


def test_a_link_from_an_admin_sets_a_new_password(admin: Person, bob: Person, visit: Visit) -> None:
    page = visit(admin, "/admin/people")
    page.get_by_label("Search people").fill(bob.email)
    page.get_by_role("listitem").filter(has_text=bob.name).get_by_role("button", name="New password").click()
    give_reason(page, "New password", "forgot it")
    link = page.locator(".admin__link code").inner_text()
    other = visit(None, link)
    other.get_by_label("New password").fill("a better one")
    other.get_by_role("button", name="Set password").click()
    expect(other.get_by_text("Your password is set")).to_be_visible()
    other.get_by_label("Email").fill(bob.email)
    other.get_by_label("Password").fill("a better one")
    other.get_by_role("button", name="Log in").click()
    expect(other.get_by_role("button", name="Your profile")).to_be_visible()


def test_a_user_reports_a_message_and_sees_that_an_admin_deleted_it(admin: Person, bob: Person, visit: Visit) -> None:
    said = admin.send(bob, "a nasty text")
    page = visit(bob, bob.path_to(admin))
    act(page, "a nasty text", "Report")
    give_reason(page, "Report", "rude")
    expect(page.get_by_text("Reported to the admins")).to_be_visible()
    reports = content(admin.http.get("/api/admin/reports"))["reports"]
    assert [report["reason"] for report in reports if report["messageId"] == said["_id"]] == ["rude"]
    admin.call("DELETE", f"/api/admin/messages/{said['_id']}", {"reason": "rude"})
    expect(message(page, "Message deleted by an admin")).to_be_visible()
