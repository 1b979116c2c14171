"""Unread messages: read is what has been in view while the user was looking."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Person, Visit
from tests.browser.steps import entry, message, open_conversation

SMALL = {"viewport": {"width": 1000, "height": 500}}
LOOK_AWAY = "document.hasFocus = () => false; dispatchEvent(new Event('blur'))"
LOOK_BACK = "document.hasFocus = () => true; dispatchEvent(new Event('focus'))"


def unread(reader: Person, sender: Person) -> int:
    """How many messages of the sender are unread, as the server counts them."""
    users = reader.call("GET", "/api/messages/users")
    count: int = next(user["unread"] for user in users if user["_id"] == sender.id)
    return count


def send_many(sender: Person, to: Person, count: int, text: str = "number") -> None:
    for number in range(count):
        sender.send(to, f"{text} {number}.")


def wait_for_unread(page: Page, reader: Person, sender: Person, expected: int) -> None:
    """Wait until the server counts that many unread messages; the count is the last one seen."""
    for _ in range(100):
        if unread(reader, sender) == expected:
            return
        page.wait_for_timeout(100)
    assert unread(reader, sender) == expected


def test_messages_below_the_fold_stay_unread(ann: Person, bob: Person, visit: Visit) -> None:
    send_many(bob, ann, 40)
    page = visit(ann, ann.path_to(bob), **SMALL)
    expect(page.get_by_text("New messages")).to_be_in_viewport()
    expect(message(page, "number 0.")).to_be_in_viewport()
    expect(message(page, "number 39.")).not_to_be_in_viewport()
    latest = page.get_by_role("button", name=re.compile(r"\d+ new"))
    expect(latest).to_be_visible()
    page.wait_for_timeout(1000)
    left = unread(ann, bob)
    assert 20 < left < 40
    expect(latest).to_contain_text(f"{left} new")
    expect(entry(page, bob.name)).to_contain_text(f"{left} unread")
    latest.click()
    expect(message(page, "number 39.")).to_be_in_viewport()
    expect(entry(page, bob.name)).not_to_contain_text("unread")
    wait_for_unread(page, ann, bob, 0)


def test_the_view_follows_messages_that_come_into_a_short_conversation(ann: Person, bob: Person, visit: Visit) -> None:
    send_many(bob, ann, 2, "early")
    page = visit(ann, ann.path_to(bob), **SMALL)
    expect(message(page, "early 1.")).to_be_in_viewport()
    send_many(bob, ann, 30)
    expect(message(page, "number 29.")).to_be_in_viewport()
    expect(page.get_by_role("button", name="Latest")).to_be_hidden()
    wait_for_unread(page, ann, bob, 0)


def test_messages_that_come_while_no_one_is_looking_stay_unread(ann: Person, bob: Person, visit: Visit) -> None:
    send_many(bob, ann, 2, "early")
    page = visit(ann, ann.path_to(bob), **SMALL)
    expect(message(page, "early 1.")).to_be_in_viewport()
    wait_for_unread(page, ann, bob, 0)
    page.evaluate(LOOK_AWAY)
    send_many(bob, ann, 40)
    expect(entry(page, bob.name)).to_contain_text("40 unread")
    expect(page.get_by_text("New messages")).to_be_in_viewport()
    assert unread(ann, bob) == 40
    page.evaluate(LOOK_BACK)
    expect(entry(page, bob.name)).not_to_contain_text("40 unread")
    page.wait_for_timeout(1000)
    assert 20 < unread(ann, bob) < 40
    expect(message(page, "number 0.")).to_be_in_viewport()


def test_looking_away_does_not_move_a_reader_of_older_messages(ann: Person, bob: Person, visit: Visit) -> None:
    send_many(bob, ann, 30, "early")
    ann.send(bob, "mine")
    page = visit(ann, **SMALL)
    open_conversation(page, bob.name)
    page.get_by_role("button", name=re.compile(r"\d+ new")).click()
    expect(message(page, "mine")).to_be_in_viewport()
    page.locator(".scroll").evaluate("box => { box.scrollTop = 0; }")
    expect(message(page, "early 0.")).to_be_in_viewport()
    page.evaluate(LOOK_AWAY)
    bob.send(ann, "late")
    expect(entry(page, bob.name)).to_contain_text("1 unread")
    expect(message(page, "early 0.")).to_be_in_viewport()
