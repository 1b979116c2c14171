"""The server stops and starts again: nothing that was typed or sent is lost, repeated or out of order."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import APIResponse, Page, Route, expect

from tests.browser.conftest import Person, Visit
from tests.browser.steps import box, message, texts, write
from tests.services import ChatServer

LONG = 40_000  # ms: the socket waits for seconds between its attempts to connect


@pytest.fixture
def server() -> Iterator[ChatServer]:
    """A server of its own for each test, to stop and start."""
    with ChatServer("flask", RATE_LIMITS="off") as server:
        yield server


def wait_for_worker(page: Page) -> None:
    """Wait until the service worker has the page, so that it opens without a server."""
    page.evaluate("navigator.serviceWorker.ready.then(() => caches.match('/'))")


def test_messages_written_offline_are_sent_later_in_order(
    ann: Person, bob: Person, visit: Visit, server: ChatServer
) -> None:
    page = visit(ann, ann.path_to(bob))
    write(page, "before")
    expect(page.get_by_label("Sent", exact=True)).to_be_visible()
    server.kill()
    expect(page.get_by_text("No connection.")).to_be_visible(timeout=LONG)
    expect(page.get_by_role("main").get_by_text("No connection", exact=True)).to_be_visible()
    write(page, "one", "two", "three")
    expect(page.get_by_label("Waiting to be sent")).to_have_count(3)
    server.start()
    expect(page.get_by_label("Sent", exact=True)).to_have_count(4, timeout=LONG)
    expect(page.get_by_text("No connection.")).to_be_hidden(timeout=LONG)
    assert [one["text"] for one in bob.call("GET", f"/api/messages/{ann.id}")] == ["before", "one", "two", "three"]


def test_queued_messages_survive_a_reload_offline(
    ann: Person, bob: Person, visit: Visit, server: ChatServer
) -> None:
    page = visit(ann, ann.path_to(bob))
    expect(box(page)).to_be_visible()
    wait_for_worker(page)
    server.kill()
    write(page, "kept one", "kept two")
    box(page).fill("not yet sent")
    expect(page.get_by_label("Waiting to be sent")).to_have_count(2)
    page.reload()
    expect(page.get_by_text("No connection.")).to_be_visible()
    expect(page.get_by_label("Waiting to be sent")).to_have_count(2)
    server.start()
    expect(page.get_by_label("Sent", exact=True)).to_have_count(2, timeout=LONG)
    expect(box(page)).to_have_value("not yet sent")
    assert texts(page) == ["kept one", "kept two"]
    assert [one["text"] for one in bob.call("GET", f"/api/messages/{ann.id}")] == ["kept one", "kept two"]


def test_messages_missed_offline_are_fetched_on_return(
    ann: Person, bob: Person, visit: Visit, server: ChatServer
) -> None:
    bob.send(ann, "first")
    page = visit(ann, ann.path_to(bob))
    expect(message(page, "first")).to_be_visible()
    server.kill()
    expect(page.get_by_text("No connection.")).to_be_visible(timeout=LONG)
    server.start()
    sent = bob.send(ann, "second")
    bob.send(ann, "third")
    bob.call("PUT", f"/api/messages/{sent['_id']}", {"text": "second, better"})
    expect(message(page, "second, better")).to_be_visible(timeout=LONG)
    expect(message(page, "third")).to_be_visible()
    assert texts(page) == ["first", "second, better", "third"]


def test_a_lost_answer_does_not_send_a_message_twice(
    ann: Person, bob: Person, visit: Visit, server: ChatServer
) -> None:
    page = visit(ann, ann.path_to(bob))
    expect(box(page)).to_be_visible()
    lost: list[APIResponse] = []

    def lose_the_first_answer(route: Route) -> None:
        if lost:
            route.continue_()
        else:
            lost.append(route.fetch())
            route.abort()

    page.route("**/api/messages/send/*", lose_the_first_answer)
    write(page, "only once", "and this")
    expect(page.get_by_label("Sent", exact=True)).to_have_count(2)
    assert lost
    assert [one["text"] for one in bob.call("GET", f"/api/messages/{ann.id}")] == ["only once", "and this"]
