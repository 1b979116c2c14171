"""Two users chat."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import FilePayload, expect

from tests.browser.conftest import DESKTOP, PHONE, Person, Visit
from tests.browser.steps import act, box, entry, message, open_conversation, picture, texts, write


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_two_people_chat_and_see_each_other_online(ann: Person, bob: Person, visit: Visit, size: Any) -> None:
    anns, bobs = visit(ann, **size), visit(bob, **DESKTOP)
    expect(entry(anns, bob.name)).to_contain_text("online")
    open_conversation(anns, bob.name)
    expect(anns.get_by_text("Online", exact=True)).to_be_visible()
    box(anns).fill("Good morning!")
    anns.get_by_role("button", name="Send").click()
    bobs.goto(ann.path_to(bob))
    expect(message(bobs, "Good morning!")).to_be_visible()
    write(bobs, "Morning, Ann")
    expect(message(anns, "Morning, Ann")).to_be_visible()
    bobs.close()
    expect(anns.get_by_text("Last seen just now")).to_be_visible()


def test_unread_messages_are_counted_in_the_list_and_in_the_title(ann: Person, bob: Person, visit: Visit) -> None:
    page = visit(ann)
    expect(page).to_have_title("Chat")
    bob.send(ann, "one")
    bob.send(ann, "two")
    expect(page).to_have_title("(2) Chat")
    expect(entry(page, bob.name)).to_contain_text("2 unread")
    open_conversation(page, bob.name)
    expect(page).to_have_title("Chat")
    expect(page.get_by_text("New messages")).to_be_visible()
    page.reload()
    expect(message(page, "two")).to_be_visible()
    expect(page.get_by_text("New messages")).to_be_hidden()


def test_the_sender_sees_that_a_message_was_read(ann: Person, bob: Person, visit: Visit) -> None:
    anns = visit(ann)
    open_conversation(anns, bob.name)
    write(anns, "Are you there?")
    expect(anns.get_by_label("Sent", exact=True)).to_be_visible()
    bobs = visit(bob, ann.path_to(bob))
    expect(message(bobs, "Are you there?")).to_be_visible()
    expect(anns.get_by_label("Read", exact=True)).to_be_visible()


def test_typing_is_shown_until_the_message_comes(ann: Person, bob: Person, visit: Visit) -> None:
    path = ann.path_to(bob)
    anns, bobs = visit(ann, path), visit(bob, path)
    expect(entry(anns, bob.name)).to_contain_text("online")
    box(bobs).press_sequentially("Hm")
    expect(anns.get_by_role("main").get_by_text("typing …")).to_be_visible()
    box(bobs).press("Enter")
    expect(anns.get_by_role("main").get_by_text("typing …")).to_be_hidden()


def test_two_tabs_of_a_user_show_the_same(ann: Person, bob: Person, visit: Visit) -> None:
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


def test_reading_in_one_tab_counts_in_the_other(ann: Person, bob: Person, visit: Visit) -> None:
    bob.send(ann, "hello")
    first = visit(ann)
    second = first.context.new_page()
    second.goto("/")
    expect(second).to_have_title("(1) Chat")
    open_conversation(first, bob.name)
    expect(second).to_have_title("Chat")


def test_a_message_is_replied_to_edited_and_deleted(ann: Person, bob: Person, visit: Visit) -> None:
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


def test_reactions_are_added_counted_and_removed(ann: Person, bob: Person, visit: Visit) -> None:
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
def test_a_picture_is_picked_pasted_or_dropped_and_enlarged(ann: Person, bob: Person, visit: Visit, way: str) -> None:
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


def test_a_file_that_is_not_a_picture_is_refused(ann: Person, bob: Person, visit: Visit) -> None:
    page = visit(ann, ann.path_to(bob))
    page.locator("input[type=file]").set_input_files(
        [FilePayload(name="notes.txt", mimeType="text/plain", buffer=b"hello")]
    )
    expect(page.get_by_text("notes.txt is not a picture")).to_be_visible()


def test_a_blocked_user_learns_why_a_message_is_not_sent(ann: Person, bob: Person, visit: Visit) -> None:
    path = ann.path_to(bob)
    anns, bobs = visit(ann, path), visit(bob, path)
    anns.get_by_role("button", name=bob.name).click()
    anns.get_by_role("dialog").get_by_role("button", name="Block").click()
    anns.get_by_role("dialog").get_by_role("button", name="Block").click()
    expect(anns.get_by_text(f"You've blocked {bob.name}")).to_be_visible()
    write(bobs, "Hello?")
    expect(bobs.get_by_text("Not sent.")).to_be_visible()
    anns.get_by_role("button", name="Unblock").click()
    bobs.get_by_role("button", name="Try again").click()
    expect(message(anns, "Hello?")).to_be_visible()
    expect(bobs.get_by_text("Not sent.")).to_be_hidden()


def test_search_shows_a_message_in_its_conversation(ann: Person, bob: Person, visit: Visit) -> None:
    bob.send(ann, "the needle is here")
    for number in range(80):
        bob.send(ann, f"hay {number}")
    page = visit(ann)
    page.get_by_role("searchbox", name="Search").fill("needle")
    page.get_by_role("button", name="Find “needle” in messages").click()
    page.get_by_role("dialog").get_by_role("button", name="the needle is here").click()
    expect(message(page, "the needle is here")).to_be_in_viewport()


def test_people_are_found_by_name_and_by_email(ann: Person, bob: Person, visit: Visit) -> None:
    page = visit(ann)
    for text in (bob.name.upper(), bob.email):
        page.get_by_role("searchbox", name="Search").fill(text)
        expect(page.get_by_role("navigation").get_by_role("link")).to_have_count(1)
        expect(entry(page, bob.name)).to_be_visible()
    page.get_by_role("searchbox", name="Search").fill("no one has this name")
    expect(page.get_by_text("No people found")).to_be_visible()


def test_messages_are_grouped_by_day_and_by_sender(ann: Person, bob: Person, visit: Visit) -> None:
    for text in ("one", "two"):
        bob.send(ann, text)
    ann.send(bob, "three")
    page = visit(ann, ann.path_to(bob))
    expect(page.get_by_text("today", exact=True)).to_be_visible()
    for text, first in {"one": True, "two": False, "three": True}.items():
        is_first = expect(message(page, text))
        (is_first.to_have_class if first else is_first.not_to_have_class)(re.compile("message--first"))
    page.clock.set_fixed_time(datetime.now(UTC) + timedelta(days=1))
    page.reload()
    expect(page.get_by_text("yesterday", exact=True)).to_be_visible()


def test_a_draft_stays_with_its_conversation(ann: Person, bob: Person, visit: Visit) -> None:
    cleo = Person(ann.url, "Cleo")
    page = visit(ann, ann.path_to(bob))
    box(page).fill("half a sent")
    page.locator("input[type=file]").set_input_files([picture()])
    expect(page.get_by_role("img", name="Picture 1")).to_be_visible()
    open_conversation(page, cleo.name)
    expect(box(page)).to_have_value("")
    expect(page.get_by_role("img", name="Picture 1")).to_be_hidden()
    page.goto(ann.path_to(bob))
    expect(box(page)).to_have_value("half a sent")
    expect(page.get_by_role("img", name="Picture 1")).to_be_visible()
    page.get_by_role("button", name="Remove picture 1").click()
    expect(page.get_by_role("img", name="Picture 1")).to_be_hidden()


def test_a_failed_edit_loses_nothing(ann: Person, bob: Person, visit: Visit) -> None:
    ann.send(bob, "helo")
    page = visit(ann, ann.path_to(bob))
    expect(message(page, "helo")).to_be_visible()
    page.route("**/api/messages/*", lambda route: route.abort())
    box(page).press("ArrowUp")
    box(page).fill("hello")
    box(page).press("Enter")
    expect(page.get_by_text("Can't reach the server")).to_be_visible()
    expect(box(page)).to_have_value("hello")
    page.unroute_all()
    box(page).press("Enter")
    expect(message(page, "hello")).to_contain_text("edited")


def test_a_phone_shows_either_the_list_or_the_conversation(ann: Person, bob: Person, visit: Visit) -> None:
    page = visit(ann, **PHONE)
    open_conversation(page, bob.name)
    expect(page.get_by_role("navigation")).to_be_hidden()
    page.get_by_role("button", name="Back to the list").click()
    expect(entry(page, bob.name)).to_be_visible()
    expect(box(page)).to_be_hidden()


def test_a_missed_message_is_counted_after_a_newer_one(ann: Person, bob: Person, visit: Visit) -> None:
    page = visit(ann)
    expect(entry(page, bob.name)).to_contain_text(bob.email)
    page.evaluate(
        """async ([conversation, sender]) => {
            const { receive } = await import("/lib/history.js");
            const message = seq => ({ _id: `m${seq}`, conversation, senderId: sender, seq, rev: seq,
                text: seq === 2 ? "newest" : "missed", createdAt: new Date().toISOString() });
            for (const seq of [2, 1, 2]) receive([message(seq)]);
        }""",
        [ann.path_to(bob).removeprefix("/chat/"), bob.id],
    )
    expect(entry(page, bob.name)).to_contain_text("newest2 unread")
