"""Two browsers and a plain Socket.IO client in one room, end to end."""

from concurrent.futures import ThreadPoolExecutor

from playwright.sync_api import expect

from tests.browser.conftest import Person, Visit
from tests.browser.steps import message, room, write
from tests.node_runner import node


def test_two_browsers_and_a_plain_client_chat_in_a_room(ann: Person, bob: Person, visit: Visit) -> None:
    guest = Person(ann.url, "Guest")
    id = room(ann, f"Open {ann.id}", bob, public=True)
    anns, bobs = visit(ann, f"/chat/{id}"), visit(bob, f"/chat/{id}")
    with ThreadPoolExecutor(1) as pool:
        token = guest.token
        plain = pool.submit(node, "room_guest.mjs", BASE=ann.url, TOKEN=token, ROOM=id)
        expect(anns.get_by_text(f"{guest.name} joined").first).to_be_visible()
        write(anns, "Hello from the browser")
        for page in (anns, bobs):
            expect(message(page, "Hello from a plain client")).to_be_visible()
        write(bobs, "And from the other browser")
        result = plain.result()
    assert guest.id in result["answer"]["room"]["members"]
    assert result["sent"]["ok"] is True
    assert result["heard"][-2:] == ["Hello from the browser", "And from the other browser"]
