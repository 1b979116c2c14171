"""Conversations of thousands of messages."""

import subprocess
import sys

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Person, Visit
from tests.browser.talk import message
from tests.services import ROOT, ChatServer

MESSAGES = 5000
DRAWN = 200  # rows in the document at most, however long the conversation is
FRAME_MS = 1000 / 60
FILL = """
import sys
from chat import create_app
from chat.models.conversation import direct
from chat.models.message import Message
from chat.store import store
one, other, count = sys.argv[1:]
with create_app().app_context():
    talk = direct(one, other)
    for number in range(int(count)):
        text = f"message {number} " + "and some more words " * (number % 7)
        store.append_message(talk, Message(conversation=talk.id, sender_id=other, receiver_id=one, text=text))
    store.move_read_cursor(talk.id, one, int(count))
"""


@pytest.fixture
def long_talk(ann: Person, bob: Person, visit: Visit, server: ChatServer) -> Page:
    """A conversation of many messages, opened at its end."""
    arguments = [ann.id, bob.id, str(MESSAGES)]
    subprocess.run([sys.executable, "-c", FILL, *arguments], env=server.environment(), cwd=ROOT, check=True)
    page = visit(ann, ann.path_to(bob))
    expect(message(page, f"message {MESSAGES - 1} ")).to_be_in_viewport()
    return page


def scroll(page: Page, script: str) -> None:
    """Scroll the messages: ``box`` is what scrolls."""
    page.locator(".scroll").evaluate(f"box => {{ {script} }}")


def load_all(page: Page) -> None:
    """Scroll up until the beginning is there."""
    beginning = page.get_by_text("This is the beginning.")
    for _ in range(100):
        scroll(page, "box.scrollTop = 0")
        page.wait_for_timeout(100)
        if beginning.is_visible():
            return
    raise AssertionError("the beginning never came")


def test_older_messages_come_in_above_and_what_is_read_stays_in_its_place(long_talk: Page) -> None:
    scroll(long_talk, "box.scrollTop = 900")
    long_talk.wait_for_timeout(300)
    before = long_talk.evaluate("document.querySelector('.scroll').scrollHeight")
    seen = long_talk.get_by_role("article").filter(visible=True)
    place = """() => {
        const top = document.querySelector(".scroll").getBoundingClientRect().top;
        const row = [...document.querySelectorAll("article")].find(one => one.getBoundingClientRect().top > top + 100);
        return [row.querySelector("p").firstChild.data, Math.round(row.getBoundingClientRect().top)];
    }"""
    expect(seen.first).to_be_attached()
    scroll(long_talk, "box.scrollTop = 700")
    text, top = long_talk.evaluate(place)
    long_talk.wait_for_function("height => document.querySelector('.scroll').scrollHeight > height + 1000", arg=before)
    now = message(long_talk, text).bounding_box()
    assert now is not None
    assert abs(now["y"] - top) < 30


def test_thousands_of_messages_scroll_smoothly_and_few_are_in_the_document(long_talk: Page) -> None:
    load_all(long_talk)
    frames = long_talk.evaluate(
        """async () => {
            const box = document.querySelector(".scroll");
            const frames = [];
            let most = 0;
            box.scrollTop = 0;
            for (let step = 0; step < 120; step++) {
                const before = performance.now();
                box.scrollTop += 300; // px a frame: faster than anybody reads
                box.dispatchEvent(new Event("scroll"));
                await new Promise(queueMicrotask);
                await null;
                box.getBoundingClientRect();
                frames.push(performance.now() - before);
                most = Math.max(most, box.querySelectorAll("li").length);
                await new Promise(requestAnimationFrame);
            }
            return { frames: frames.sort((a, b) => a - b), most };
        }"""
    )
    assert frames["most"] < DRAWN
    typical = frames["frames"][len(frames["frames"]) // 2]
    assert typical < FRAME_MS, frames


def test_a_message_far_back_is_found_and_shown(long_talk: Page) -> None:
    long_talk.get_by_role("button", name="Search in this conversation").click()
    long_talk.get_by_role("searchbox", name="Text to find").fill("message 1234 ")
    long_talk.get_by_role("dialog").get_by_role("listitem").get_by_role("button").click()
    expect(message(long_talk, "message 1234 ")).to_be_in_viewport()
    long_talk.get_by_role("button", name="Latest").click()
    expect(message(long_talk, f"message {MESSAGES - 1} ")).to_be_in_viewport()
