"""Browsers of the last three years, and older ones."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, Person, Visit
from tests.browser.steps import act, entry, message, write

# What Firefox 115 and Safari 17.0 don't have.
LACKING = """
    delete Object.groupBy;
    delete Map.groupBy;
    delete Promise.withResolvers;
    for (const name of ["union", "difference", "intersection", "isSubsetOf"]) delete Set.prototype[name];
    for (const name of ["showPopover", "hidePopover", "togglePopover"]) delete HTMLElement.prototype[name];
    delete URL.canParse;
    delete Array.fromAsync;
    delete Element.prototype.ariaExpanded;
"""


def test_the_page_works_in_browsers_of_three_years_ago(ann: Person, bob: Person, visit: Visit) -> None:
    bob.send(ann, "from long ago")
    page = visit(path="about:blank")
    page.context.add_init_script(LACKING)
    page.context.add_cookies([{"name": "jwt", "value": ann.token, "url": ann.url}])
    page.goto(f"{ann.url}{ann.path_to(bob)}")
    expect(entry(page, bob.name)).to_be_visible()
    expect(message(page, "from long ago")).to_be_visible()
    write(page, "to now")
    expect(page.get_by_label("Sent", exact=True)).to_be_visible()
    act(page, "from long ago", "React")
    page.get_by_role("button", name="🎉").click()
    expect(message(page, "from long ago").get_by_role("button", name="🎉 1")).to_be_visible()


def test_no_regular_expression_uses_the_v_flag(visit: Visit) -> None:
    page = visit()
    scripts = page.evaluate(
        "() => Promise.all([...document.querySelectorAll('link[rel=modulepreload]')]"
        ".map(link => fetch(link.href).then(answer => answer.text())))"
    )
    assert scripts
    assert not [script for script in scripts if re.search(r"/[dgimsuy]*v[dgimsuy]*[.,;)\]]", script)]


@pytest.mark.parametrize("lacking", ["Array.prototype.findLast", "window.HTMLDialogElement"])
def test_an_older_browser_is_told_to_update(visit: Visit, lacking: str) -> None:
    page = visit(path="about:blank", **DESKTOP)
    page.context.add_init_script(f"delete {lacking}")
    page.goto("/")
    expect(page.get_by_role("heading", name="Your browser is too old for this page")).to_be_visible()
    expect(page.get_by_text("Firefox 115")).to_be_visible()
