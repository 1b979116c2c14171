"""Who may see a picture."""

from collections.abc import Callable

import pytest

from tests.clients.http import Browser, Person
from tests.clients.wsgi import in_process
from tests.conftest import MakeApp
from tests.images import png

SignUp = Callable[[str], Person]


def _sends_picture(person: Person, to: Person) -> tuple[str, str]:
    """The addresses of a picture and its thumbnail."""
    message = person.call("POST", f"/api/messages/send/{to.id}", {"image": png(500, 10)})
    return message["image"], message["thumbnail"]


def _statuses(browser: Browser, addresses: tuple[str, ...]) -> set[int]:
    return {browser.get(address).status_code for address in addresses}


def test_a_picture_in_a_message_is_there_for_both_sides_only(sign_up: SignUp, client: Browser) -> None:
    ann, bob, eve = map(sign_up, ("Ann", "Bob", "Eve"))
    addresses = _sends_picture(ann, bob)
    assert _statuses(ann.http, addresses) == _statuses(bob.http, addresses) == {200}
    assert _statuses(eve.http, addresses) == {404}
    assert _statuses(client, addresses) == {401}


def test_a_picture_in_a_room_is_there_for_members_as_long_as_they_are(sign_up: SignUp) -> None:
    ann, bob, eve = map(sign_up, ("Ann", "Bob", "Eve"))
    room = ann.create_room("Photos", bob, public=True)["_id"]
    address = ann.call("POST", f"/api/rooms/{room}/messages", {"image": png()})["image"]
    assert bob.http.get(address).status_code == 200
    assert eve.http.get(address).status_code == 404
    ann.call("DELETE", f"/api/rooms/{room}/members/{bob.id}")
    assert bob.http.get(address).status_code == 404


def test_a_profile_picture_is_there_for_every_user_until_it_is_replaced(sign_up: SignUp, client: Browser) -> None:
    ann, eve = map(sign_up, ("Ann", "Eve"))
    first = ann.call("PUT", "/api/auth/update-profile", {"profilePic": png()})["profilePic"]
    assert eve.http.get(first).status_code == 200
    assert client.get(first).status_code == 401
    ann.call("PUT", "/api/auth/update-profile", {"profilePic": png()})
    assert eve.http.get(first).status_code == 404


def test_a_picture_is_gone_for_a_session_that_has_ended(sign_up: SignUp) -> None:
    ann = sign_up("Ann")
    address = _sends_picture(ann, ann)[0]
    other = ann.log_in()
    other.call("POST", "/api/auth/logout")
    assert other.ask("GET", address).status_code == 401
    assert ann.http.get(address).status_code == 200


def test_a_file_that_no_message_shows_is_not_served(sign_up: SignUp) -> None:
    ann = sign_up("Ann")
    address, thumbnail = _sends_picture(ann, ann)
    for path in (
        f"{address}.partial",
        thumbnail + ".thumb.webp",
        "/uploads/.thumb.webp",
        "/uploads/" + "0" * 32 + ".png",
    ):
        assert ann.http.get(path).status_code == 404, path


@pytest.mark.parametrize("later", ["", "http://chat.example.org", "https://chat.example.org"])
def test_a_picture_is_found_after_the_public_address_has_changed(make_app: MakeApp, later: str) -> None:
    first = "http://chat.example.org"
    ann = in_process(make_app(public_url=first), first).sign_up("Ann")
    path = _sends_picture(ann, ann)[0].removeprefix(first)
    assert in_process(make_app(public_url=later), later or first).browser(ann.token).get(path).status_code == 200
