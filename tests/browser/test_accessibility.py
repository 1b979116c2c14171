"""Accessibility: keyboard, screen reader, contrast, any size, light and dark."""

from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Person, Visit
from tests.browser.steps import act, box, entry, message, picture, room, write

AXE = (Path(__file__).parent / "vendor/axe.min.js").read_text()
# Nothing moves or fades in: colours count only at rest.
SCREENS = {"desktop": {**DESKTOP, "reduced_motion": "reduce"}, "phone": {**PHONE, "reduced_motion": "reduce"}}
# The rules of axe-core for each look, where none means all: the second look differs only in its colours.
RULES: dict[Literal["light", "dark"], list[str]] = {"light": [], "dark": ["color-contrast", "link-in-text-block"]}


def check(page: Page, what: str) -> None:
    """Let axe-core look at the page as it is now, and then at its dark colours."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    for scheme, rules in RULES.items():
        page.emulate_media(color_scheme=scheme)
        options = {"resultTypes": ["violations"], **({"runOnly": rules} if rules else {})}
        violations = page.evaluate("options => axe.run(options).then(found => found.violations)", options)
        found = [
            f"{one['id']}: {node['html']}\n{node['failureSummary']}" for one in violations for node in one["nodes"]
        ]
        assert not found, f"{what}, {scheme}:\n" + "\n".join(found)


@pytest.mark.parametrize("screen", SCREENS)
def test_axe_finds_no_problem(ann: Person, bob: Person, visit: Visit, screen: str) -> None:
    look: Any = SCREENS[screen]
    outside = visit(**look)
    expect(outside.get_by_role("heading")).to_be_visible()
    check(outside, "login")
    room(ann, "Open", bob, public=True)
    bob.send(ann, "See https://example.org", image=None)
    bob.call("PUT", f"/api/messages/{bob.send(ann, 'hello')['_id']}/reactions/👍")
    page = visit(ann, **look)
    expect(entry(page, bob.name)).to_be_visible()
    check(page, "list")
    page.goto(ann.path_to(bob))
    expect(message(page, "hello")).to_be_visible()
    act(page, "hello", "Reply")
    write(page, "an answer")
    page.locator("input[type=file]").set_input_files([picture(40)])
    write(page, "with a picture")
    expect(page.get_by_label("Sent", exact=True)).to_have_count(2)
    message(page, "with a picture").focus()
    check(page, "conversation")
    for button in ("Search in this conversation", f"{bob.name} Offline", "Your profile", "New room"):
        if button in ("Your profile", "New room") and screen == "phone":
            page.goto("/")
        page.get_by_role("button", name=button).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        check(page, button)
        page.keyboard.press("Escape")


@pytest.mark.parametrize("screen", SCREENS)
def test_axe_finds_no_problem_in_the_api_docs(visit: Visit, screen: str) -> None:
    look: Any = SCREENS[screen]
    page = visit(path="/api/docs", **look)
    page.get_by_text("/api/messages/send/{userId}").click()
    expect(page.get_by_text("client_id_reused").first).to_be_visible()
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    check(page, "the description of the API")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_sending_and_replying_works_with_the_keyboard_only(ann: Person, bob: Person, visit: Visit) -> None:
    bob.send(ann, "Press some keys")
    page = visit(ann)
    expect(entry(page, bob.name)).to_be_visible()
    entry(page, bob.name).focus()
    page.keyboard.press("Enter")
    expect(box(page)).to_be_focused()
    page.get_by_role("region", name="Messages").focus()
    page.keyboard.press("ArrowUp")
    expect(message(page, "Press some keys")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Don't reply")).to_be_visible()
    page.keyboard.type("Here they are")
    page.keyboard.press("Enter")
    expect(message(page, "Here they are")).to_contain_text("Press some keys")


def test_a_screen_reader_announces_new_messages(ann: Person, bob: Person, visit: Visit) -> None:
    page = visit(ann)
    expect(entry(page, bob.name)).to_be_visible()
    bob.send(ann, "listen")
    expect(page.locator("[aria-live=polite]#live")).to_have_text(f"{bob.name}: listen")


def test_no_screen_width_scrolls_sideways(ann: Person, bob: Person, visit: Visit) -> None:
    bob.send(ann, "w" * 500)
    page = visit(ann, ann.path_to(bob))
    expect(message(page, "www")).to_be_visible()
    for width in (320, 768, 2560):
        page.set_viewport_size({"width": width, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert (
            page.evaluate(
                "document.querySelector('.scroll').scrollWidth - document.querySelector('.scroll').clientWidth"
            )
            <= 0
        )


def test_the_arrow_keys_move_in_the_emoji_picker(ann: Person, bob: Person, visit: Visit) -> None:
    page = visit(ann, ann.path_to(bob))
    page.get_by_role("button", name="Add an emoji").click()
    picker = page.get_by_role("dialog", name="Pick an emoji")
    expect(picker.get_by_role("button").first).to_be_focused()
    for key, index in (("ArrowRight", 1), ("ArrowDown", 9), ("ArrowLeft", 8), ("ArrowUp", 0), ("ArrowUp", 0)):
        page.keyboard.press(key)
        expect(picker.get_by_role("button").nth(index)).to_be_focused()
    page.keyboard.press("Escape")
    expect(picker).to_be_hidden()
    expect(page.get_by_role("button", name="Add an emoji")).to_be_focused()


def test_a_new_room_asks_for_its_name_first(ann: Person, visit: Visit) -> None:
    page = visit(ann)
    page.get_by_role("button", name="New room").click()
    expect(page.get_by_label("Name", exact=True)).to_be_focused()


def test_on_a_phone_the_buttons_of_a_message_cover_no_time(ann: Person, bob: Person, visit: Visit) -> None:
    for text in ("one", "two", "three"):
        bob.send(ann, text)
        ann.send(bob, f"{text} back")
    page = visit(ann, ann.path_to(bob), **PHONE)
    for text in ("two", "two back"):
        message(page, text).first.click()
        buttons = page.get_by_role("group", name="Message")
        expect(buttons).to_have_count(1)
        covered = buttons.evaluate(
            """buttons => {
                const a = buttons.getBoundingClientRect();
                const overlaps = b => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
                return [...document.querySelectorAll("time")].filter(time => overlaps(time.getBoundingClientRect())).length;
            }"""
        )
        assert covered == 0
