"""New names, pictures and public rooms are pushed to all who may see them."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.clients.http import Person
from tests.clients.sockets import Socket
from tests.images import png

SignUp = Callable[[str], Person]
Connect = Callable[..., Socket]


def _rename(person: Person, name: str) -> None:
    person.call("PUT", "/api/auth/update-profile", {"fullName": name})


def _room(owner: Person, name: str, **more: Any) -> str:
    id: str = owner.call("POST", "/api/rooms", {"name": name, "public": True, **more})["_id"]
    return id


def _heard(socket: Socket, kind: str) -> list[dict[str, Any]]:
    """All that a socket heard about users or rooms, in order."""
    return [change for event in socket.all("listsChanged") for change in event[kind]]


def _wait_for(socket: Socket, kind: str, change: dict[str, Any]) -> None:
    socket.wait_for("listsChanged", lambda event: change in event[kind])


def test_a_new_name_and_picture_reach_all_sockets_without_the_email(sign_up: SignUp, connect: Connect) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    anns, bobs = connect(ann), connect(bob, auth={"presence": "diff"})
    changed = bob.call("PUT", "/api/auth/update-profile", {"fullName": "Robert", "profilePic": png()})
    change = {"_id": bob.id, "fullName": "Robert", "profilePic": changed["profilePic"]}
    _wait_for(anns, "users", change)
    _wait_for(bobs, "users", change)


def test_of_many_renames_all_sockets_are_told_the_last(sign_up: SignUp, connect: Connect) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    anns = connect(ann)
    for number in range(20):
        _rename(bob, f"Bob {number}")
    _wait_for(anns, "users", {"_id": bob.id, "fullName": "Bob 19", "profilePic": ""})
    assert len(_heard(anns, "users")) < 20


@pytest.mark.parametrize("blocker", ["the one who changes", "the other"])
def test_a_block_hides_what_a_user_changes(sign_up: SignUp, connect: Connect, blocker: str) -> None:
    ann, bob, carl = sign_up("Ann"), sign_up("Bob"), sign_up("Carl")
    me, other = (bob, ann) if blocker == "the one who changes" else (ann, bob)
    me.call("POST", f"/api/messages/block/{other.id}")
    anns, carls = connect(ann), connect(carl)
    _rename(bob, "Robert")
    room = _room(bob, "Open")
    _wait_for(carls, "rooms", {"_id": room, "name": "Open"})
    _rename(carl, "Charles")
    _wait_for(anns, "users", {"_id": carl.id, "fullName": "Charles", "profilePic": ""})
    assert _heard(anns, "users") == [{"_id": carl.id, "fullName": "Charles", "profilePic": ""}]
    assert _heard(anns, "rooms") == []
    assert all(event["users"] or event["rooms"] for event in anns.all("listsChanged"))


def test_a_room_appears_when_it_becomes_public_and_goes_when_it_becomes_private(
    sign_up: SignUp, connect: Connect
) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    anns, room = connect(ann), _room(bob, "Den", public=False)
    bob.call("PUT", f"/api/rooms/{room}", {"public": True})
    _wait_for(anns, "rooms", {"_id": room, "name": "Den"})
    bob.call("PUT", f"/api/rooms/{room}", {"public": False, "name": "Secret"})
    _wait_for(anns, "rooms", {"_id": room, "name": "Den", "deleted": True})
    assert "Secret" not in str(anns.heard)


def test_a_public_room_is_announced_when_it_is_created_renamed_and_deleted(sign_up: SignUp, connect: Connect) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    anns = connect(ann)
    room = _room(bob, "Design")
    _wait_for(anns, "rooms", {"_id": room, "name": "Design"})
    bob.call("PUT", f"/api/rooms/{room}", {"name": "Art"})
    _wait_for(anns, "rooms", {"_id": room, "name": "Art"})
    bob.call("DELETE", f"/api/rooms/{room}")
    _wait_for(anns, "rooms", {"_id": room, "name": "Art", "deleted": True})


def test_a_public_room_whose_last_member_leaves_is_announced_as_deleted(sign_up: SignUp, connect: Connect) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    room = _room(bob, "Design")
    anns = connect(ann)
    bob.call("DELETE", f"/api/rooms/{room}/members/{bob.id}")
    _wait_for(anns, "rooms", {"_id": room, "name": "Design", "deleted": True})


def test_a_private_room_is_not_announced(sign_up: SignUp, connect: Connect) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    anns = connect(ann)
    room = _room(bob, "Secret", public=False)
    bob.call("PUT", f"/api/rooms/{room}", {"name": "Hidden"})
    bob.call("DELETE", f"/api/rooms/{room}")
    public = _room(bob, "Open")
    _wait_for(anns, "rooms", {"_id": public, "name": "Open"})
    assert [change["_id"] for change in _heard(anns, "rooms")] == [public]


def test_a_deleted_account_is_announced_without_its_name(sign_up: SignUp, connect: Connect) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    anns = connect(ann)
    assert bob.delete()
    _wait_for(anns, "users", {"_id": bob.id, "fullName": "", "profilePic": "", "deleted": True})
