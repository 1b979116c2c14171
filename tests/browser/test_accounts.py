"""Signing up, logging in, the profile."""

from playwright.sync_api import expect

from tests.browser.conftest import PASSWORD, PHONE, PLAIN_HTTP_HOST, Person, Visit
from tests.browser.steps import entry, picture
from tests.services import ChatServer


def test_a_user_signs_up_logs_out_and_logs_in_again(visit: Visit) -> None:
    page = visit(**PHONE)
    page.get_by_role("button", name="Create account").click()
    page.get_by_label("Your name").fill("Cleo")
    page.get_by_label("Email").fill("cleo@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    page.get_by_role("button", name="Your profile: Cleo").click()
    page.get_by_role("button", name="Log out").click()
    page.get_by_label("Email").fill("cleo@example.org")
    page.get_by_label("Password").fill("wrong horse")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_have_text("Invalid credentials")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("button", name="Your profile: Cleo")).to_be_visible()


def test_others_see_a_new_name_and_picture(ann: Person, bob: Person, visit: Visit) -> None:
    page = visit(ann)
    page.get_by_role("button", name="Your profile").click()
    page.get_by_label("Name", exact=True).fill("Anna")
    page.get_by_role("button", name="Save name").click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    page.get_by_label("Change your picture").set_input_files([picture(300)])
    expect(page.get_by_role("dialog").locator("img")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    bobs = visit(bob)
    expect(entry(bobs, "Anna").locator("img")).to_be_visible()


def test_the_login_page_returns_when_the_session_ends(ann: Person, visit: Visit) -> None:
    page = visit(ann)
    expect(page.get_by_role("button", name="Your profile")).to_be_visible()
    ann.http.post(f"{ann.url}/api/auth/logout", timeout=10)
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()


def test_other_devices_are_listed_and_logged_out(ann: Person, visit: Visit) -> None:
    ann.log_in_elsewhere()
    page = visit(ann)
    page.get_by_role("button", name="Your profile").click()
    sessions = page.get_by_role("region", name="Where you're logged in").get_by_role("listitem")
    expect(sessions).to_have_count(2)
    page.get_by_role("button", name="Log out Another program").click()
    expect(sessions).to_have_count(1)


def test_a_user_changes_the_password(ann: Person, visit: Visit) -> None:
    page = visit(ann)
    page.get_by_role("button", name="Your profile").click()
    page.get_by_text("Change your password").click()
    page.get_by_label("Current password").fill("wrong horse")
    page.get_by_label("New password").fill("battery staple")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).not_to_have_text("")
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("Your password was changed.")).to_be_visible()


def test_logging_out_is_not_called_a_log_out_from_another_device(ann: Person, visit: Visit) -> None:
    page = visit(ann)
    other_tab = page.context.new_page()
    other_tab.goto("/")
    expect(other_tab.get_by_role("button", name="Your profile")).to_be_visible()
    page.get_by_role("button", name="Your profile").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_text("You logged out")).to_be_visible()
    for tab in (page, other_tab):
        expect(tab.get_by_role("heading", name="Welcome back")).to_be_visible()
        tab.wait_for_timeout(500)
        expect(tab.get_by_text("from another device")).to_be_hidden()


def test_a_log_out_from_another_device_is_explained(ann: Person, visit: Visit) -> None:
    page = visit(ann)
    expect(page.get_by_role("button", name="Your profile")).to_be_visible()
    expect(page.get_by_text("Connecting …")).to_be_hidden()
    other = ann.log_in_elsewhere()
    other.delete(f"{ann.url}/api/auth/sessions", timeout=10).raise_for_status()
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    expect(page.get_by_text("You were logged out from another device.")).to_be_visible()


def test_the_list_of_devices_is_up_to_date_after_a_new_password(ann: Person, visit: Visit) -> None:
    ann.log_in_elsewhere()
    page = visit(ann)
    page.get_by_role("button", name="Your profile").click()
    sessions = page.get_by_role("region", name="Where you're logged in").get_by_role("listitem")
    expect(sessions).to_have_count(2)
    page.get_by_text("Change your password").click()
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_label("New password").fill("battery staple")
    page.get_by_role("button", name="Change password").click()
    expect(sessions).to_have_count(1)
    expect(sessions).to_contain_text("This device")


def test_a_toast_is_shown_above_a_dialog(ann: Person, visit: Visit) -> None:
    page = visit(ann)
    page.get_by_role("button", name="Your profile").click()
    page.get_by_role("button", name="Save name").click()
    toast = page.get_by_role("dialog").get_by_text("Saved", exact=True)
    expect(toast).to_be_in_viewport()
    assert toast.evaluate(
        """toast => {
            toast.parentElement.style.pointerEvents = "auto";
            const { x, y, width, height } = toast.getBoundingClientRect();
            return document.elementFromPoint(x + width / 2, y + height / 2) === toast;
        }"""
    )


def test_plain_http_in_production_is_named_as_the_reason(visit: Visit) -> None:
    with ChatServer("flask", APP_ENV="production", JWT_SECRET="x" * 64, RATE_LIMITS="off") as server:
        page = visit(path="about:blank")
        page.goto(server.url.replace("127.0.0.1", PLAIN_HTTP_HOST))
        page.get_by_role("button", name="Create account").click()
        page.get_by_label("Your name").fill("Ann")
        page.get_by_label("Email").fill("ann@example.org")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Create account").click()
        expect(page.get_by_role("alert")).to_contain_text("This site needs HTTPS")
