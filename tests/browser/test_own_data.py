"""A user's own data: downloading it, and deleting the account."""

import zipfile

from playwright.sync_api import expect

from chat.version import VERSION
from tests.browser.conftest import PASSWORD, Person, Visit
from tests.browser.steps import message


def test_a_user_downloads_their_data(ann: Person, bob: Person, visit: Visit) -> None:
    ann.send(bob, "to be kept")
    page = visit(ann)
    page.get_by_role("button", name="Your profile").click()
    page.get_by_text("Your data", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download my data").click()
    with zipfile.ZipFile(download.value.path()) as file:
        assert any(b"to be kept" in file.read(name) for name in file.namelist())


def test_the_profile_names_the_version(ann: Person, visit: Visit) -> None:
    page = visit(ann)
    page.get_by_role("button", name="Your profile").click()
    expect(page.get_by_role("dialog")).to_contain_text(f"Version {VERSION}")


def test_deleting_an_account_takes_the_password_and_deletes_its_messages(
    ann: Person, bob: Person, visit: Visit
) -> None:
    ann.send(bob, "soon gone")
    bobs = visit(bob, ann.path_to(bob))
    expect(message(bobs, "soon gone")).to_be_visible()
    page = visit(ann)
    page.get_by_role("button", name="Your profile").click()
    page.get_by_text("Delete your account", exact=True).click()
    page.get_by_label("Your password").fill("wrong horse")
    page.get_by_role("button", name="Delete my account").click()
    expect(page.get_by_role("dialog").get_by_role("alert").last).not_to_be_empty()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Delete my account").click()
    expect(page.get_by_text("Your account was deleted.")).to_be_visible()
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    page.get_by_label("Email").fill(ann.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_have_text("Invalid credentials")
    expect(message(bobs, "Message deleted")).to_be_visible()
