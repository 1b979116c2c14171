"""Two people talk, on real screens."""

from typing import Any

import pytest
from playwright.sync_api import FilePayload, expect

from tests.browser.conftest import DESKTOP, PHONE, Person, Visit
from tests.browser.talk import act, box, entry, message, open_talk, picture, texts, write


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_two_people_chat_and_see_each_other_online(ann: Person, bob: Person, visit: Visit, size: Any) -> None:
    anns, bobs = visit(ann, **size), visit(bob, **DESKTOP)
    expect(entry(anns, bob.name)).to_contain_text("online")
    open_talk(anns, bob.name)
    expect(anns.get_by_text("Online", exact=True)).to_be_visible()
    box(anns).fill("Good morning!")
    anns.get_by_role("button", name="Send").click()
    bobs.goto(ann.path_to(bob))
    expect(message(bobs, "Good morning!")).to_be_visible()
    write(bobs, "Morning, Ann")
    expect(message(anns, "Morning, Ann")).to_be_visible()
    bobs.close()
    expect(anns.get_by_text("Last seen just now")).to_be_visible()


def test_an_unread_message_is_counted_in_the_list_and_in_the_title(ann: Person, bob: Person, visit: Visit) -> None:
    page = visit(ann)
    expect(page).to_have_title("Chat")
    bob.send(ann, "one")
    bob.send(ann, "two")
    expect(page).to_have_title("(2) Chat")
    expect(entry(page, bob.name)).to_contain_text("2 unread")
    open_talk(page, bob.name)
    expect(page).to_have_title("Chat")
    expect(page.get_by_text("New messages")).to_be_visible()
    page.reload()
    expect(message(page, "two")).to_be_visible()
    expect(page.get_by_text("New messages")).to_be_hidden()


def test_the_sender_sees_that_a_message_was_read(ann: Person, bob: Person, visit: Visit) -> None:
    anns = visit(ann)
    open_talk(anns, bob.name)
    write(anns, "Are you there?")
    expect(anns.get_by_label("Sent", exact=True)).to_be_visible()
    bobs = visit(bob, ann.path_to(bob))
    expect(message(bobs, "Are you there?")).to_be_visible()
    expect(anns.get_by_label("Read", exact=True)).to_be_visible()


def test_typing_is_shown_and_ends_with_the_message(ann: Person, bob: Person, visit: Visit) -> None:
    path = ann.path_to(bob)
    anns, bobs = visit(ann, path), visit(bob, path)
    expect(entry(anns, bob.name)).to_contain_text("online")
    box(bobs).press_sequentially("Hm")
    expect(anns.get_by_role("main").get_by_text("typing …")).to_be_visible()
    box(bobs).press("Enter")
    expect(anns.get_by_role("main").get_by_text("typing …")).to_be_hidden()


def test_two_tabs_of_one_person_show_the_same(ann: Person, bob: Person, visit: Visit) -> None:
    first = visit(ann, ann.path_to(bob))
    second = first.context.new_page()
    second.goto(first.url)
    write(first, "from the first tab")
    expect(message(second, "from the first tab")).to_be_visible()
    write(second, "from the second tab")
    expect(message(first, "from the second tab")).to_be_visible()
    bob.send(ann, "to both")
    for tab in (first, second):
        expect(message(tab, "to both")).to_be_visible()
        assert texts(tab) == ["from the first tab", "from the second tab", "to both"]


def test_what_is_read_in_one_tab_is_read_in_the_other(ann: Person, bob: Person, visit: Visit) -> None:
    bob.send(ann, "hello")
    first = visit(ann)
    second = first.context.new_page()
    second.goto("/")
    expect(second).to_have_title("(1) Chat")
    open_talk(first, bob.name)
    expect(second).to_have_title("Chat")


def test_a_message_is_answered_edited_and_deleted(ann: Person, bob: Person, visit: Visit) -> None:
    path = ann.path_to(bob)
    anns, bobs = visit(ann, path), visit(bob, path)
    write(anns, "Tea or coffee?")
    act(bobs, "Tea or coffee?", "Reply")
    write(bobs, "Coffe")
    expect(message(anns, "Coffe").last.get_by_role("button", name="You Tea or coffee?")).to_be_visible()
    box(bobs).press("ArrowUp")
    box(bobs).fill("Coffee, please")
    box(bobs).press("Enter")
    expect(message(anns, "Coffee, please")).to_contain_text("edited")
    act(anns, "Tea or coffee?", "Delete")
    anns.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(bobs.get_by_role("article").first).to_contain_text("Message deleted")


def test_reactions_are_added_counted_and_taken_back(ann: Person, bob: Person, visit: Visit) -> None:
    path = ann.path_to(bob)
    anns, bobs = visit(ann, path), visit(bob, path)
    write(anns, "We won!")
    act(bobs, "We won!", "React")
    bobs.get_by_role("button", name="🎉").click()
    chip = message(anns, "We won!").get_by_role("button", name="🎉")
    chip.click()
    expect(chip).to_have_accessible_name(f"🎉 2 from {bob.name}, You")
    chip.click()
    expect(chip).to_have_accessible_name(f"🎉 1 from {bob.name}")


@pytest.mark.parametrize("way", ["pick", "paste", "drop"])
def test_a_picture_is_picked_pasted_or_dropped_and_shown_large(
    ann: Person, bob: Person, visit: Visit, way: str
) -> None:
    page = visit(ann, ann.path_to(bob))
    expect(box(page)).to_be_focused()
    if way == "pick":
        page.locator("input[type=file]").set_input_files([picture()])
    else:
        page.evaluate(
            """async ([way, base64]) => {
                const file = new File([await (await fetch(base64)).blob()], "red.png", { type: "image/png" });
                const data = new DataTransfer();
                data.items.add(file);
                const where = document.querySelector(way === "paste" ? "textarea" : "main");
                const event = way === "paste"
                    ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })
                    : new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
                where.dispatchEvent(event);
            }""",
            [way, "/img/icon-192.png"],
        )
    expect(page.get_by_role("img", name="Picture 1")).to_be_visible()
    write(page, "Look")
    expect(page.get_by_label("Sent", exact=True)).to_be_visible()
    page.get_by_role("button", name="Your photo: show it large").click()
    expect(page.get_by_role("dialog").get_by_role("img", name="Your photo")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_a_file_that_is_no_picture_is_refused_in_words(ann: Person, bob: Person, visit: Visit) -> None:
    page = visit(ann, ann.path_to(bob))
    page.locator("input[type=file]").set_input_files(
        [FilePayload(name="notes.txt", mimeType="text/plain", buffer=b"hello")]
    )
    expect(page.get_by_text("notes.txt is not a picture")).to_be_visible()


def test_a_blocked_person_reads_why_their_message_is_not_sent(ann: Person, bob: Person, visit: Visit) -> None:
    path = ann.path_to(bob)
    anns, bobs = visit(ann, path), visit(bob, path)
    anns.get_by_role("button", name=bob.name).click()
    anns.get_by_role("dialog").get_by_role("button", name="Block").click()
    anns.get_by_role("dialog").get_by_role("button", name="Block").click()
    expect(anns.get_by_text(f"You block {bob.name}")).to_be_visible()
    write(bobs, "Hello?")
    expect(bobs.get_by_text("Not sent.")).to_be_visible()
    anns.get_by_role("button", name="Unblock").click()
    bobs.get_by_role("button", name="Try again").click()
    expect(message(anns, "Hello?")).to_be_visible()
    expect(bobs.get_by_text("Not sent.")).to_be_hidden()


def test_messages_are_found_and_shown_in_their_place(ann: Person, bob: Person, visit: Visit) -> None:
    bob.send(ann, "the needle is here")
    for number in range(80):
        bob.send(ann, f"hay {number}")
    page = visit(ann)
    page.get_by_role("searchbox", name="Search").fill("needle")
    page.get_by_role("button", name="Find “needle” in messages").click()
    page.get_by_role("dialog").get_by_role("button", name="the needle is here").click()
    expect(message(page, "the needle is here")).to_be_in_viewport()
