"""The server stops and starts again: nothing that was typed or sent is lost, repeated or out of order."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import APIResponse, Page, Route, expect

from tests.browser.conftest import Person, Visit
from tests.browser.steps import box, entry, message, texts, write
from tests.services import ChatServer

LONG = 40_000  # ms: the socket waits for seconds between its attempts to connect
# The messages of conversations that the browser keeps, as JSON.
CACHED = """new Promise((resolve) => {
    const opening = indexedDB.open("chat-cache");
    opening.onsuccess = () => {
        const database = opening.result;
        const messages = IDBKeyRange.bound(`${localStorage.getItem("chat:user")}:messages:`, "~");
        const all = database.transaction("values").objectStore("values").getAll(messages);
        all.onsuccess = () => { database.close(); resolve(JSON.stringify(all.result)); };
    };
})"""
ALL_CACHED = CACHED.replace("getAll(messages)", "getAll()")


pytestmark = pytest.mark.xdist_group("lost-connection")


@pytest.fixture(scope="module")
def stopped_and_started() -> Iterator[ChatServer]:
    """A server for these tests only."""
    with ChatServer("flask", RATE_LIMITS="off") as server:
        yield server


@pytest.fixture
def server(stopped_and_started: ChatServer) -> Iterator[ChatServer]:
    """A server to stop and start."""
    yield stopped_and_started
    if not stopped_and_started.answers():
        stopped_and_started.start()


def wait_for_worker(page: Page) -> None:
    """Wait until the service worker has the page, so that it opens without a server."""
    page.evaluate("navigator.serviceWorker.ready.then(() => caches.match('/'))")


def wait_for_cache(page: Page, text: str) -> None:
    """Wait until the browser keeps a message, so that it is shown without a server."""
    page.wait_for_function(f"text => {CACHED}.then(kept => kept.includes(text))", arg=text)


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


def test_queued_messages_survive_a_reload_offline(ann: Person, bob: Person, visit: Visit, server: ChatServer) -> None:
    page = visit(ann, ann.path_to(bob), service_workers="allow")
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


def test_going_offline_is_shown_at_once(ann: Person, visit: Visit) -> None:
    page = visit(ann)
    expect(page.get_by_role("button", name="Your profile")).to_be_visible()
    expect(page.get_by_text("No connection.")).to_be_hidden()
    page.context.set_offline(True)
    expect(page.get_by_text("No connection.")).to_be_visible(timeout=5000)
    page.context.set_offline(False)
    expect(page.get_by_text("No connection.")).to_be_hidden(timeout=LONG)


def test_the_last_lists_and_messages_are_shown_without_a_connection(
    ann: Person, bob: Person, visit: Visit, server: ChatServer
) -> None:
    bob.send(ann, "kept for later")
    page = visit(ann, ann.path_to(bob), service_workers="allow")
    expect(message(page, "kept for later")).to_be_visible()
    wait_for_worker(page)
    wait_for_cache(page, "kept for later")
    server.kill()
    page.reload()
    expect(entry(page, bob.name)).to_be_visible()
    expect(message(page, "kept for later")).to_be_visible()
    server.start()
    bob.send(ann, "and this came later")
    expect(message(page, "and this came later")).to_be_visible(timeout=LONG)
    assert texts(page) == ["kept for later", "and this came later"]


def test_logging_out_removes_what_was_kept(ann: Person, bob: Person, visit: Visit) -> None:
    bob.send(ann, "private words")
    page = visit(ann, ann.path_to(bob))
    expect(message(page, "private words")).to_be_visible()
    wait_for_cache(page, "private words")
    page.get_by_role("button", name="Your profile").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    page.wait_for_timeout(1000)  # longer than the page waits before it writes
    assert page.evaluate(ALL_CACHED) == "[]"
    assert "private words" not in page.content()


def test_a_queued_message_is_never_sent_by_another_user(ann: Person, bob: Person, visit: Visit) -> None:
    eve = Person(ann.url, "Eve")
    page = visit(ann, ann.path_to(bob))
    expect(box(page)).to_be_visible()
    page.context.set_offline(True)
    expect(page.get_by_text("No connection.")).to_be_visible()
    write(page, "from Ann")
    expect(page.get_by_label("Waiting to be sent")).to_be_visible()
    page.context.add_cookies([{"name": "jwt", "value": eve.token, "url": ann.url}])
    page.context.set_offline(False)
    expect(page.get_by_role("button", name=f"Your profile: {eve.name}")).to_be_visible(timeout=LONG)
    page.wait_for_timeout(1000)
    assert bob.call("GET", f"/api/messages/{eve.id}") == []
    assert bob.call("GET", f"/api/messages/{ann.id}") == []
    page.context.add_cookies([{"name": "jwt", "value": ann.token, "url": ann.url}])
    page.goto(ann.path_to(bob))
    expect(page.get_by_label("Sent", exact=True)).to_be_visible(timeout=LONG)
    assert [one["text"] for one in bob.call("GET", f"/api/messages/{ann.id}")] == ["from Ann"]


def test_a_login_in_another_tab_replaces_the_user_in_all_tabs(ann: Person, visit: Visit) -> None:
    eve = Person(ann.url, "Eve")
    page = visit(ann)
    expect(page.get_by_role("button", name=f"Your profile: {ann.name}")).to_be_visible()
    page.context.add_cookies([{"name": "jwt", "value": eve.token, "url": ann.url}])
    other_tab = page.context.new_page()
    other_tab.goto("/")
    expect(other_tab.get_by_role("button", name=f"Your profile: {eve.name}")).to_be_visible()
    expect(page.get_by_role("button", name=f"Your profile: {eve.name}")).to_be_visible()
