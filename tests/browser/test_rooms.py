"""Rooms: creating, joining, members."""

from playwright.sync_api import expect

from tests.browser.conftest import Person, Visit
from tests.browser.steps import entry, message, open_conversation, room, write


def test_members_of_a_new_room_chat(ann: Person, bob: Person, visit: Visit) -> None:
    anns, bobs = visit(ann), visit(bob)
    anns.get_by_role("button", name="New room").click()
    anns.get_by_label("Name", exact=True).fill(f"Chess {ann.id}")
    anns.get_by_role("dialog").get_by_role("checkbox", name=bob.name, exact=True).check()
    anns.get_by_role("button", name="Create room").click()
    write(anns, "Welcome!")
    open_conversation(bobs, f"Chess {ann.id}")
    expect(message(bobs, "Welcome!")).to_contain_text(ann.name)
    write(bobs, "Thanks")
    expect(message(anns, "Thanks")).to_be_visible()
    expect(anns.get_by_label("Read by 1 of 1")).to_be_visible()


def test_a_user_joins_and_leaves_a_public_room(ann: Person, bob: Person, visit: Visit) -> None:
    name = f"Open {ann.id}"
    room(ann, name, public=True)
    page = visit(bob)
    open_conversation(page, name)
    page.get_by_role("button", name="Join the room").click()
    write(page, "Hello, all")
    expect(page.get_by_label("Sent", exact=True)).to_be_visible()
    page.get_by_role("button", name=f"{name} 2 members").click()
    page.get_by_role("button", name="Leave room").click()
    page.get_by_role("button", name="Leave", exact=True).click()
    expect(page.get_by_text(f"You left {name}")).to_be_visible()
    expect(
        page.get_by_role("region", name="Rooms to join").or_(page.locator("section[aria-label='Rooms to join']"))
    ).to_contain_text(name)


def test_the_owner_adds_and_removes_members_and_renames_and_deletes_the_room(
    ann: Person, bob: Person, visit: Visit
) -> None:
    name = f"Secret {ann.id}"
    id = room(ann, name)
    anns, bobs = visit(ann, f"/chat/{id}"), visit(bob)
    anns.get_by_role("button", name=f"{name} 1 member").click()
    anns.get_by_text("Add people").click()
    anns.get_by_role("button", name=f"Add {bob.name}", exact=True).click()
    open_conversation(bobs, name)
    anns.get_by_label("Name", exact=True).fill(f"{name}!")
    anns.get_by_role("button", name="Rename").click()
    expect(bobs.get_by_role("main").get_by_role("button", name=f"{name}! 2 members")).to_be_visible()
    anns.get_by_role("button", name=f"Remove {bob.name}", exact=True).click()
    expect(bobs.get_by_text("You were removed from")).to_be_visible()
    expect(entry(bobs, f"{name}!")).to_be_hidden()
    anns.get_by_role("button", name="Delete room").click()
    anns.get_by_role("button", name="Delete", exact=True).click()
    expect(entry(anns, f"{name}!")).to_be_hidden()


def test_an_owner_sets_a_topic_and_makes_another_member_an_owner(ann: Person, bob: Person, visit: Visit) -> None:
    name = f"Plans {ann.id}"
    id = room(ann, name, bob)
    anns, bobs = visit(ann, f"/chat/{id}"), visit(bob, f"/chat/{id}")
    anns.get_by_role("button", name=f"{name} 2 members").click()
    anns.get_by_text("Room settings").click()
    anns.get_by_label("Topic").fill("What comes next")
    anns.get_by_label("Anyone can join").check()
    anns.get_by_role("button", name="Save settings").click()
    expect(anns.get_by_text("A public room: anyone can join.")).to_be_visible()
    anns.get_by_role("button", name=f"Make owner {bob.name}", exact=True).click()
    expect(anns.get_by_role("button", name=f"Remove as owner {bob.name}", exact=True)).to_be_visible()
    bobs.get_by_role("button", name=f"{name} 2 members").click()
    expect(bobs.get_by_role("dialog").get_by_text("What comes next")).to_be_visible()
    expect(bobs.get_by_role("button", name="Rename")).to_be_visible()
