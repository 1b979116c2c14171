"""What users do on the page."""

import base64

from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.browser.conftest import Person
from tests.images import png


def open_conversation(page: Page, name: str) -> None:
    """Open a conversation from the list."""
    entry(page, name).click()
    expect(page.get_by_role("main")).to_have_accessible_name(f"Conversation with {name}")


def entry(page: Page, name: str) -> Locator:
    """A conversation in the list."""
    return page.get_by_role("navigation").get_by_role("link").filter(has=page.get_by_text(name, exact=True))


def box(page: Page) -> Locator:
    """Where messages are written."""
    return page.get_by_role("textbox", name="Message", exact=True)


def write(page: Page, *texts: str) -> None:
    """Send messages."""
    for text in texts:
        box(page).fill(text)
        page.get_by_role("button", name="Send", exact=True).click()


def message(page: Page, text: str) -> Locator:
    """A message in the open conversation."""
    return page.get_by_role("article").filter(has_text=text)


def texts(page: Page) -> list[str]:
    """The texts of all messages that are rendered, from top to bottom."""
    found: list[str] = page.locator(".bubble__text").evaluate_all("all => all.map(one => one.firstChild?.data ?? '')")
    return found


def act(page: Page, text: str, action: str) -> None:
    """Use one of the buttons that a message has."""
    message(page, text).first.click()
    message(page, text).first.get_by_role("button", name=action, exact=True).click()


def picture(side: int = 8) -> FilePayload:
    """A file for an input: a red picture."""
    return {"name": "red.png", "mimeType": "image/png", "buffer": base64.b64decode(png(side, side).partition(",")[2])}


def room(owner: Person, name: str, *members: Person, public: bool = False) -> str:
    """Create a room; its id."""
    body = {"name": name, "public": public, "members": [member.id for member in members]}
    id: str = owner.call("POST", "/api/rooms", body)["_id"]
    return id


def section(page: Page, title: str) -> Locator:
    """A section of the list, such as "People"."""
    return page.locator(f"section[aria-label='{title}']")
