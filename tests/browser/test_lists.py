"""The lists: people, conversations, rooms to join; and what is found in them."""

from typing import Any

from playwright.sync_api import expect

from tests.browser.conftest import Person, Visit
from tests.browser.steps import box, entry, message, room, section

FOCUS = "dispatchEvent(new Event('focus'))"


def test_a_renamed_member_is_renamed_in_the_messages_of_a_room(ann: Person, bob: Person, visit: Visit) -> None:
    id = room(ann, f"Design {ann.id}", bob)
    bob.call("POST", f"/api/rooms/{id}/messages", {"text": "first"})
    page = visit(ann, f"/chat/{id}")
    expect(message(page, "first")).to_contain_text(bob.name)
    bob.call("PUT", "/api/auth/update-profile", {"fullName": "Robert"})
    expect(message(page, "first")).to_contain_text("Robert")


def test_a_new_user_is_named_in_a_room_at_once(ann: Person, bob: Person, visit: Visit) -> None:
    id = room(ann, f"Open {ann.id}", bob, public=True)
    bob.call("POST", f"/api/rooms/{id}/messages", {"text": "first"})
    page = visit(ann, f"/chat/{id}")
    expect(message(page, "first")).to_be_visible()
    zoe = Person(ann.url, "Zoe")
    zoe.call("POST", f"/api/rooms/{id}/join")
    zoe.call("POST", f"/api/rooms/{id}/messages", {"text": "I am new"})
    expect(message(page, "I am new")).to_contain_text(zoe.name)


def test_the_first_message_of_a_new_user_is_announced(ann: Person, visit: Visit) -> None:
    page = visit(ann)
    expect(page.get_by_role("button", name="Your profile")).to_be_visible()
    zoe = Person(ann.url, "Zoe")
    zoe.send(ann, "hello from a stranger")
    expect(entry(page, zoe.name)).to_contain_text("1 unread")
    expect(page.locator("#live")).to_have_text(f"{zoe.name}: hello from a stranger")


def test_new_names_and_public_rooms_appear_at_once(ann: Person, bob: Person, visit: Visit) -> None:
    page = visit(ann)
    expect(page.get_by_text("Connecting …")).to_be_hidden()
    bob.call("PUT", "/api/auth/update-profile", {"fullName": f"Robert {bob.id}"})
    expect(entry(page, f"Robert {bob.id}")).to_be_visible()
    page.get_by_role("searchbox", name="Search").fill(bob.id)
    id = room(bob, f"New {bob.id}", public=True)
    expect(section(page, "Rooms to join")).to_contain_text(f"New {bob.id}")
    bob.call("PUT", f"/api/rooms/{id}", {"name": f"Newer {bob.id}"})
    expect(section(page, "Rooms to join")).to_contain_text(f"Newer {bob.id}")
    bob.call("DELETE", f"/api/rooms/{id}")
    expect(section(page, "Rooms to join")).to_be_hidden()


def test_a_new_name_shows_in_the_other_tabs_of_its_user(ann: Person, visit: Visit) -> None:
    page = visit(ann)
    expect(page.get_by_text("Connecting …")).to_be_hidden()
    ann.call("PUT", "/api/auth/update-profile", {"fullName": f"Anna {ann.id}"})
    expect(page.get_by_role("button", name="Your profile")).to_contain_text(f"Anna {ann.id}")


def test_new_users_appear_when_the_user_comes_back(ann: Person, visit: Visit) -> None:
    page = visit(ann)
    expect(page.get_by_text("Connecting …")).to_be_hidden()
    zoe = Person(ann.url, "Zoe")
    page.evaluate("Date.now = ((now) => () => now() + 60_000)(Date.now)")
    page.evaluate(FOCUS)
    expect(entry(page, zoe.name)).to_be_visible()


def test_rooms_to_join_are_above_people(ann: Person, bob: Person, visit: Visit) -> None:
    for number in range(7):
        room(bob, f"Club {number} {bob.id}", public=True)
    page = visit(ann)
    rooms, people = section(page, "Rooms to join"), section(page, "People")
    expect(rooms.get_by_role("link")).to_have_count(5)
    top, below = rooms.bounding_box(), people.bounding_box()
    assert top
    assert below
    assert top["y"] < below["y"]
    rooms.get_by_role("button", name="Show all").click()
    expect(rooms.get_by_role("link").filter(has_text=bob.id)).to_have_count(7)


def test_an_empty_room_says_hello_in(ann: Person, visit: Visit) -> None:
    name = f"Design {ann.id}"
    id = room(ann, name)
    page = visit(ann, f"/chat/{id}")
    expect(page.get_by_role("heading", name=f"Say hello in {name}")).to_be_visible()


def test_a_conversation_says_where_it_begins(ann: Person, bob: Person, visit: Visit) -> None:
    bob.send(ann, "hello")
    page = visit(ann, ann.path_to(bob))
    expect(page.get_by_text("Beginning of your conversation")).to_be_visible()


def test_a_conversation_with_a_deleted_user_can_be_read(ann: Person, bob: Person, visit: Visit) -> None:
    ann.send(bob, "are you there?")
    page = visit(ann, ann.path_to(bob))
    expect(message(page, "are you there?")).to_be_visible()
    assert bob.delete()
    expect(page.get_by_text("This account was deleted.")).to_be_visible()
    expect(box(page)).to_be_hidden()
    message(page, "are you there?").click()
    expect(page.get_by_role("group", name="Message").get_by_role("button")).to_have_accessible_name("Delete")
    page.goto("/")
    entry(page, "Deleted user").first.click()
    expect(message(page, "are you there?")).to_be_visible()


def test_a_message_is_found_by_one_character_and_marked(ann: Person, bob: Person, visit: Visit) -> None:
    bob.send(ann, "東京へ行く")
    page = visit(ann)
    page.get_by_role("searchbox", name="Search").fill("京")
    page.get_by_role("button", name="Find “京” in messages").click()
    expect(page.get_by_role("dialog").locator("mark")).to_have_text("京")


def test_what_was_found_is_marked_whatever_its_accents(ann: Person, bob: Person, visit: Visit) -> None:
    page = visit(ann)
    marked = page.evaluate(
        """async () => {
            const { highlighted } = await import("/lib/text.js");
            const parts = (text, query) => highlighted(text, query).map(part => part.props ? [part.props.children] : part);
            return [parts("Un Café noir", "cafe NOIR"), parts("cafe\u0301s", "CAFE"), parts("😀 naïve", "naive"),
                parts("ﬁne ２", "fine 2")];
        }"""
    )
    assert marked == [
        ["Un ", ["Café"], " ", ["noir"], ""],
        ["", ["cafe\u0301"], "s"],
        ["😀 ", ["naïve"], ""],
        ["", ["ﬁne"], " ", ["２"], ""],
    ]


def test_a_long_text_is_shown_from_where_it_was_found(ann: Person, bob: Person, visit: Visit) -> None:
    bob.send(ann, "hay " * 200 + "needle" + " hay" * 200)
    page = visit(ann, ann.path_to(bob))
    page.get_by_role("button", name="Search in this conversation").click()
    page.get_by_role("searchbox", name="Text to find").fill("needle")
    expect(page.get_by_role("dialog").locator("mark")).to_be_in_viewport()


def test_two_thousand_people_are_rendered_in_portions(ann: Person, visit: Visit) -> None:
    page = visit(path="about:blank")
    page.context.add_cookies([{"name": "jwt", "value": ann.token, "url": ann.url}])
    page.context.add_init_script(
        """window.most = 0;
        const entries = (node) => node.querySelectorAll ? node.querySelectorAll("a.entry").length : 0;
        const added = (all) => all.flatMap((one) => [...one.addedNodes]).reduce((sum, node) => sum + entries(node), 0);
        new MutationObserver((all) => (window.most = Math.max(window.most, added(all))))
            .observe(document, { childList: true, subtree: true });"""
    )
    user: dict[str, Any] = {"email": "a@example.org", "profilePic": "", "cursors": {}, "lastMessage": None}
    people = [{**user, "_id": f"{n:024x}", "fullName": f"Person {n}"} for n in range(2000)]
    page.route("**/api/messages/users", lambda route: route.fulfill(json=people))
    page.goto(ann.url)
    expect(section(page, "People").get_by_role("link")).to_have_count(2000)
    assert 0 < page.evaluate("window.most") <= 200
    page.get_by_role("button", name="New room").click()
    expect(page.get_by_role("dialog").get_by_role("checkbox")).to_have_count(2000)
    page.get_by_role("searchbox", name="Find people").fill("person 1234")
    expect(page.get_by_role("dialog").get_by_role("checkbox")).to_have_count(1)
