"""Conversations of thousands of messages: few rows are rendered, and what the user reads stays in place."""

import subprocess
import sys
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Person, Visit
from tests.browser.steps import message
from tests.services import ROOT, ChatServer

MESSAGES = 5000
RENDERED = 150  # rows in the document at most, however long the conversation is
LOOK_UPS = MESSAGES // 2  # in maps, for a step of scrolling: visiting all messages takes more
FILL = """
import sys
from chat.config import Config
from chat.models.conversation import direct
from chat.models.message import Draft
from chat.store import open_store
one, other, count = sys.argv[1:]
config = Config.from_env()
store = open_store(config.mongo_url, config.data_dir)
conversation = direct(one, other)
for number in range(int(count)):
    text = f"message {number} " + ("and some more words " * (number % 7) if number else "of all")
    draft = Draft(conversation=conversation.id, sender_id=other, receiver_id=one, text=text)
    store.messages.append(draft)
store.conversations.move_cursor(conversation.id, one, int(count))
store.close()
"""
# The first message below the top of the view, and how far below.
FIRST_SEEN = """box => {
    const top = box.getBoundingClientRect().top;
    const row = [...box.querySelectorAll("article")].find(one => one.getBoundingClientRect().top > top);
    return [row.querySelector("p").firstChild.data, row.getBoundingClientRect().top - top];
}"""
# Scrolls to a fraction of the whole, in steps that are followed by a frame; the most that one step has done.
SCROLL = """async (box, [to, steps]) => {
    let lookUps = 0;
    let rendered = 0;
    const get = Map.prototype.get;
    Map.prototype.get = function (key) { lookUps += 1; return get.call(this, key); };
    const watcher = new MutationObserver(all => all.forEach(one => (rendered += one.addedNodes.length)));
    watcher.observe(box, { childList: true, subtree: true });
    const from = box.scrollTop;
    const most = { rows: 0, lookUps: 0, rendered: 0 };
    for (let step = 1; step <= steps; step++) {
        lookUps = rendered = 0;
        box.scrollTop = from + (box.scrollHeight * to - from) * step / steps;
        for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
        const rows = box.querySelectorAll("li").length;
        for (const [name, count] of Object.entries({ rows, lookUps, rendered })) most[name] = Math.max(most[name], count);
    }
    watcher.disconnect();
    Map.prototype.get = get;
    return most;
}"""


@pytest.fixture(scope="module")
def people(server: ChatServer) -> tuple[Person, Person]:
    """Two users with a long conversation."""
    ann, bob = Person(server.url, "Ann"), Person(server.url, "Bob")
    arguments = [ann.id, bob.id, str(MESSAGES)]
    subprocess.run([sys.executable, "-c", FILL, *arguments], env=server.environment(), cwd=ROOT, check=True)
    return ann, bob


@pytest.fixture
def page(people: tuple[Person, Person], visit: Visit) -> Page:
    """Their conversation, opened at its end."""
    ann, bob = people
    page = visit(ann, ann.path_to(bob))
    expect(message(page, f"message {MESSAGES - 1} ")).to_be_in_viewport()
    return page


def find(page: Page, text: str) -> None:
    """Search for a message in the conversation, and go to it."""
    page.get_by_role("button", name="Search in this conversation").click()
    page.get_by_role("searchbox", name="Text to find").fill(text)
    page.get_by_role("dialog").get_by_role("listitem").get_by_role("button").first.click()
    expect(message(page, text)).to_be_in_viewport()


def scroll(page: Page, to: float, steps: int) -> Any:
    """Scroll to a part of the whole conversation, 0 to 1; the most that one step has done."""
    return page.locator(".scroll").evaluate(SCROLL, [to, steps])


def test_the_view_stays_in_place_while_older_messages_load(page: Page) -> None:
    held: list[Route] = []
    page.route("**/api/messages/*?*before=*", lambda route: held.append(route))
    with page.expect_request("**/api/messages/*?*before=*"):
        scroll(page, 0.2, 4)
    box = page.locator(".scroll")
    text, top = box.evaluate(FIRST_SEEN)
    before = box.evaluate("box => box.scrollHeight")
    held[0].continue_()
    page.wait_for_function("before => document.querySelector('.scroll').scrollHeight > before + 1000", arg=before)
    place, frame = message(page, text).bounding_box(), box.bounding_box()
    assert place
    assert frame
    assert abs(place["y"] - frame["y"] - top) < 20


def test_scrolling_renders_few_rows_and_never_visits_all_messages(page: Page) -> None:
    find(page, "message 0 of all")  # far back, so that all is loaded
    expect(page.locator(".message--goal")).to_have_count(0)
    done = scroll(page, 0.9, 60)
    assert done["rows"] < RENDERED
    assert done["rendered"] < RENDERED * 30  # elements of rows that came into view
    assert done["lookUps"] < LOOK_UPS


def test_search_shows_a_message_far_back(page: Page) -> None:
    find(page, "message 1234 ")
    page.get_by_role("button", name="Latest").click()
    expect(message(page, f"message {MESSAGES - 1} ")).to_be_in_viewport()


def test_a_message_gets_its_buttons_only_when_it_is_reached(page: Page) -> None:
    buttons = page.get_by_role("group", name="Message")
    expect(page.locator(".actions")).to_have_count(0)
    message(page, f"message {MESSAGES - 1} ").hover()
    expect(buttons).to_be_visible()
