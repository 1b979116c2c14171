"""Notifications of the system."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright, expect

from tests.browser.conftest import QUIET, Person, Visit
from tests.browser.steps import entry, open_conversation


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Chromium as people run it: the one without windows shows no notifications."""
    with playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET) as browser:
        yield browser


def test_a_notification_is_shown_if_the_user_asked_for_it(ann: Person, bob: Person, visit: Visit) -> None:
    cleo = Person(ann.url, "Cleo")
    page = visit(ann, ann.path_to(cleo), permissions=["notifications"], service_workers="allow")
    page.get_by_role("button", name="Your profile").click()
    page.get_by_role("switch", name="Notify me of new messages").check()
    page.get_by_role("button", name="Close").click()
    bob.send(ann, "ping")
    shown = (
        "navigator.serviceWorker.ready.then(worker => worker.getNotifications()).then(all => all.map(one => one.body))"
    )
    expect(entry(page, bob.name)).to_contain_text("1 unread")
    page.wait_for_function(f"() => {shown}.then(all => all.includes('ping'))")
    open_conversation(page, bob.name)
