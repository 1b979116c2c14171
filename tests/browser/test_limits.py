"""What the server accepts is checked on the page, by the server's own numbers."""

import io
import random

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Route, expect

from tests.browser.conftest import Person, Visit
from tests.browser.steps import box, entry, message, write


def photo(width: int, height: int, kind: str = "JPEG") -> FilePayload:
    """A file with a picture that does not compress well."""
    small = Image.frombytes(
        "RGB", (width // 8, height // 8), random.Random(1).randbytes((width // 8) * (height // 8) * 3)
    )
    content = io.BytesIO()
    small.resize((width, height), Image.Resampling.NEAREST).save(content, kind)
    return {"name": f"photo.{kind.lower()}", "mimeType": f"image/{kind.lower()}", "buffer": content.getvalue()}


def test_a_message_of_2001_emoji_is_sent(ann: Person, bob: Person, visit: Visit) -> None:
    page = visit(ann, ann.path_to(bob))
    write(page, "😀" * 2001)
    expect(page.get_by_label("Sent", exact=True)).to_be_visible()
    assert bob.call("GET", f"/api/messages/{ann.id}")[0]["text"] == "😀" * 2001


def test_a_text_that_is_too_long_is_kept(ann: Person, bob: Person, visit: Visit) -> None:
    page = visit(ann, ann.path_to(bob))
    write(page, "x" * 4001)
    expect(page.get_by_text("A message has at most 4,000 characters; this one has 4,001")).to_be_visible()
    expect(box(page)).to_have_value("x" * 4001)


def test_the_limits_are_those_of_the_server(ann: Person, bob: Person, visit: Visit) -> None:
    page = visit(ann)
    page.route("**/api/limits", lambda route: route.fulfill(json={**route.fetch().json(), "maxTextLength": 5}))
    page.goto(ann.path_to(bob))
    write(page, "123456")
    expect(page.get_by_text("A message has at most 5 characters; this one has 6")).to_be_visible()


def test_a_large_photo_is_made_smaller_before_it_is_sent(ann: Person, bob: Person, visit: Visit) -> None:
    page = visit(ann, ann.path_to(bob))
    page.locator("input[type=file]").set_input_files([photo(4000, 3000)])
    picture = page.get_by_role("img", name="Picture 1")
    expect(picture).to_be_visible()
    assert picture.evaluate(
        "async image => { await image.decode(); return [image.naturalWidth, image.naturalHeight]; }"
    ) == [
        2560,
        1920,
    ]


def test_a_small_picture_is_sent_as_it_is(ann: Person, bob: Person, visit: Visit) -> None:
    page = visit(ann, ann.path_to(bob))
    file = photo(64, 64, "PNG")
    page.locator("input[type=file]").set_input_files([file])
    source = page.get_by_role("img", name="Picture 1").get_attribute("src") or ""
    assert source.startswith("data:image/png")


def test_the_progress_of_a_photo_is_shown_and_then_the_photo_in_small(ann: Person, bob: Person, visit: Visit) -> None:
    page = visit(ann, ann.path_to(bob))
    page.locator("input[type=file]").set_input_files([photo(2400, 1800)])
    expect(page.get_by_role("img", name="Picture 1")).to_be_visible()
    network = page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 200_000}
    network.send("Network.emulateNetworkConditions", slow)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("progressbar", name="Sending photo")).to_be_visible()
    network.send("Network.emulateNetworkConditions", {**slow, "uploadThroughput": -1})
    expect(page.get_by_label("Sent", exact=True)).to_be_visible()
    expect(page.get_by_role("progressbar")).to_be_hidden()
    page.wait_for_function("() => document.querySelector('.bubble__image img')?.naturalWidth === 480")
    page.route("**/*.thumb.webp", lambda route: route.abort())
    page.reload()
    page.wait_for_function("() => document.querySelector('.bubble__image img')?.naturalWidth === 2400")


def test_a_heic_photo_is_refused_with_advice(ann: Person, bob: Person, visit: Visit) -> None:
    page = visit(ann, ann.path_to(bob))
    file = FilePayload(name="IMG_1.HEIC", mimeType="image/heic", buffer=b"\0\0\0\x18ftypheic")
    page.locator("input[type=file]").set_input_files([file])
    expect(page.get_by_text("HEIC isn't supported; use JPEG or PNG")).to_be_visible()


def test_a_toast_covers_neither_pictures_nor_the_text(ann: Person, bob: Person, visit: Visit) -> None:
    page = visit(ann, ann.path_to(bob))
    page.locator("input[type=file]").set_input_files([photo(64, 64, "PNG")])
    expect(page.get_by_role("img", name="Picture 1")).to_be_visible()
    write(page, "x" * 4001)
    toast = page.locator(".toast__text").bounding_box()
    composer = page.locator(".composer").bounding_box()
    assert toast
    assert composer
    assert toast["y"] + toast["height"] < composer["y"]


def test_names_of_100_letters_fit(ann: Person, bob: Person, visit: Visit) -> None:
    name = "W" * 100
    ann.call("PUT", "/api/auth/update-profile", {"fullName": name})
    bob.call("POST", "/api/rooms", {"name": name, "public": True, "members": [ann.id]})
    page = visit(ann, viewport={"width": 390, "height": 844})
    page.get_by_role("button", name="Your profile").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Save name")).to_be_in_viewport(ratio=1)
    assert dialog.locator(".dialog__body").evaluate("body => body.scrollWidth <= body.clientWidth")
    page.get_by_role("button", name="Close").click()
    entry(page, name).click()
    frame = box(page).bounding_box()
    assert frame
    assert frame["height"] < 60
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_missing_name_is_asked_for(visit: Visit) -> None:
    page = visit()
    page.get_by_role("button", name="Create account").click()
    page.get_by_label("Your name").fill("   ")
    page.get_by_label("Email").fill("someone@example.org")
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("alert")).to_have_text("Enter your name")
    page.get_by_label("Your name").fill("x" * 101)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("alert")).to_have_text("Use at most 100 characters")


@pytest.mark.parametrize(("seconds", "words"), [("300", "5 minutes"), ("80000", "23 hours")])
def test_too_many_attempts_say_when_to_try_again(visit: Visit, seconds: str, words: str) -> None:
    page = visit()

    def refuse(route: Route) -> None:
        body = {"message": "too many requests", "code": "rate_limited"}
        route.fulfill(status=429, json=body, headers={"Retry-After": seconds})

    page.route("**/api/auth/login", refuse)
    page.get_by_label("Email").fill("someone@example.org")
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_have_text(f"Too many attempts. Try again in {words}")


def test_a_message_in_a_script_from_right_to_left_reads_from_right_to_left(
    ann: Person, bob: Person, visit: Visit
) -> None:
    bob.send(ann, "שלום, עולם!")
    bob.send(ann, "Hello, world!")
    page = visit(ann, ann.path_to(bob))
    direction = "text => getComputedStyle(text).direction"
    assert message(page, "שלום").locator(".bubble__text").evaluate(direction) == "rtl"
    assert message(page, "Hello").locator(".bubble__text").evaluate(direction) == "ltr"
    box(page).fill("שלום")
    assert box(page).evaluate(direction) == "rtl"
