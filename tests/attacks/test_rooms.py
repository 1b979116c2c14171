"""Rooms: a stranger at a private one, a visitor at a public one, a member who is not the owner, one who was removed."""

from typing import Any

from tests.attacks.checks import absent, attack, refused
from tests.attacks.routes import THUMB
from tests.attacks.target import ROOM_TEXT, UNKNOWN, Target
from tests.clients.http import Person

Step = tuple[str, str, Any]
AT_A_ROOM: dict[str, Step] = {
    "look at": ("GET", "", None),
    "read": ("GET", "/messages", None),
    "write in": ("POST", "/messages", {"text": "forged"}),
    "join": ("POST", "/join", None),
    "rename": ("PUT", "", {"name": "Forged"}),
    "delete": ("DELETE", "", None),
    "add themselves to": ("POST", "/members", {"userId": "{me}"}),
    "remove a member from": ("DELETE", "/members/{bob}", None),
    "leave": ("DELETE", "/members/{me}", None),
    "become an owner of": ("PUT", "/owners/{me}", None),
    "take the rights of an owner of": ("DELETE", "/owners/{bob}", None),
}


def _step(target: Target, person: Person, room: str, step: Step) -> Any:
    method, path, body = step
    names = {"{me}": person.id, "{bob}": target.bob.id, "{mallory}": target.mallory.id}
    for name, value in names.items():
        path = path.replace(name, value)
        body = {
            key: text.replace(name, value) if isinstance(text, str) else text for key, text in (body or {}).items()
        } or None
    return person.ask(method, f"/api/rooms/{room}{path}", body)


def _room(target: Target, room: str) -> Any:
    return target.ann.call("GET", f"/api/rooms/{room}")


@attack("a stranger tries to {} a private room", "404, the same as for a room that does not exist", step=AT_A_ROOM)
def test_private(target: Target, step: Step) -> None:
    before = _room(target, target.private_room)
    answer = _step(target, target.mallory, target.private_room, step)
    refused(answer, 404)
    assert answer.text == _step(target, target.mallory, UNKNOWN, step).text
    assert _room(target, target.private_room) == before


OF_OWNERS: dict[str, Step] = {
    "rename it": ("PUT", "", {"name": "Forged"}),
    "make it public": ("PUT", "", {"public": True}),
    "let all members add people": ("PUT", "", {"membersInvite": True}),
    "have its messages removed": ("PUT", "", {"messageTtlDays": 1}),
    "become an owner": ("PUT", "/owners/{me}", None),
    "make the owner an ordinary member": ("DELETE", "/owners/{ann}", None),
    "delete it": ("DELETE", "", None),
    "add a friend": ("POST", "/members", {"userId": "{mallory}"}),
    "remove the owner": ("DELETE", "/members/{ann}", None),
}


@attack("a member who is not the owner tries to {}", "403, and the room is unchanged", step=OF_OWNERS)
def test_not_the_owner(target: Target, step: Step) -> None:
    before = _room(target, target.private_room)
    method, path, body = step
    refused(_step(target, target.bob, target.private_room, (method, path.replace("{ann}", target.ann.id), body)), 403)
    assert _room(target, target.private_room) == before


@attack(
    "a visitor who has not joined tries to {} a public room",
    "403, and the room is unchanged",
    step={name: step for name, step in AT_A_ROOM.items() if name not in ("look at", "join")},
)
def test_visitor(target: Target, step: Step) -> None:
    target.bob.call("POST", f"/api/rooms/{target.public_room}/join")
    before = _room(target, target.public_room)
    refused(_step(target, target.mallory, target.public_room, step), 403)
    assert _room(target, target.public_room) == before


EVENTS: dict[str, Step] = {
    "join": ("join_room", "room", {}),
    "leave": ("leave_room", "room", {}),
    "write in": ("send_message", "room", {"text": "forged"}),
    "type in": ("typing", "room", {}),
    "move the read cursor of": ("read", "conversation", {"seq": 1}),
}


@attack(
    "a stranger tries to {} a private room by a socket", "refused in the same words as an unknown room", step=EVENTS
)
def test_private_by_socket(target: Target, step: Step) -> None:
    event, key, body = step
    with target.mallory.raw_socket() as socket:
        answer = socket.ask(event, {key: target.private_room, **body})
        assert answer["ok"] is False
        assert answer == socket.ask(event, {key: UNKNOWN, **body})


@attack("a stranger joins the server's own rooms, of users and sessions", "refused, and nothing is heard")
def test_inner_rooms(target: Target) -> None:
    with target.mallory.raw_socket() as socket:
        for room in (
            f"user:{target.ann.id}",
            target.ann.id,
            target.ann.conversation(target.bob),
            "presence:list",
            "",
            "*",
        ):
            assert socket.ask("join_room", {"room": room})["ok"] is False
        target.bob.send(target.ann, "for Ann only")
        assert "newMessage" not in [event for event, _ in socket.hears()], socket.heard


@attack("reacts to, edits and deletes what was said in a private room, by its id", "404")
def test_room_message(target: Target) -> None:
    path = f"/api/messages/{target.room_message}"
    for method, end, body in (("PUT", "", {"text": "x"}), ("DELETE", "", None), ("PUT", f"/reactions/{THUMB}", None)):
        refused(target.mallory.ask(method, path + end, body), 404)
    refused(target.bob.ask("PUT", path, {"text": "x"}), 404)
    refused(target.bob.ask("DELETE", path), 404)


@attack("a member who was removed reads, listens and writes on", "404, and nothing is heard")
def test_removed(target: Target) -> None:
    room = target.ann.call("POST", "/api/rooms", {"name": "Shrinking", "members": [target.mallory.id]})["_id"]
    with target.mallory.raw_socket() as socket:
        target.ann.call("DELETE", f"/api/rooms/{room}/members/{target.mallory.id}")
        target.ann.call("POST", f"/api/rooms/{room}/messages", {"text": ROOM_TEXT})
        absent(ROOM_TEXT, socket.hears())
        assert socket.ask("send_message", {"room": room, "text": "still here"})["ok"] is False
        absent(ROOM_TEXT, socket.ask("sync", {"cursors": {room: 0}}))
    refused(target.mallory.ask("GET", f"/api/rooms/{room}/messages"), 404)
    refused(target.mallory.ask("GET", f"/api/rooms/{room}"), 404)
    absent(ROOM_TEXT, target.mallory.call("GET", f"/api/messages/search?q={ROOM_TEXT[-16:]}"))
    target.ann.call("DELETE", f"/api/rooms/{room}")


@attack("an owner whose rights were taken goes on as one", "403, and the room is unchanged")
def test_former_owner(target: Target) -> None:
    room = f"/api/rooms/{target.ann.call('POST', '/api/rooms', {'name': 'Shared', 'members': [target.bob.id]})['_id']}"
    target.ann.call("PUT", f"{room}/owners/{target.bob.id}")
    target.ann.call("DELETE", f"{room}/owners/{target.bob.id}")
    before = target.ann.call("GET", room)
    for method, path, body in OF_OWNERS.values():
        place = room + path.replace("{ann}", target.ann.id).replace("{me}", target.bob.id)
        body = {"userId": target.mallory.id} if path == "/members" else body
        refused(target.bob.ask(method, place, body), 403)
    assert target.ann.call("GET", room) == before
    target.ann.call("DELETE", room)


@attack("opens a room with members who do not exist, twice, or a thousand and more", "404 or 400")
def test_odd_members(target: Target) -> None:
    refused(target.mallory.ask("POST", "/api/rooms", {"name": "X", "members": [UNKNOWN]}), 404)
    refused(target.mallory.ask("POST", "/api/rooms", {"name": "X", "members": [f"{n:024x}" for n in range(1001)]}), 400)
    for members in (["x"], [{"$ne": None}], [None], [1], {"0": target.ann.id}, target.ann.id):
        refused(target.mallory.ask("POST", "/api/rooms", {"name": "X", "members": members}), 400)


@attack("looks for traces of someone who has deleted the account", "no name in notices, and no reactions")
def test_traces(target: Target) -> None:
    leaver = target.person("Zebedee")
    room = target.ann.create_room("Traces", target.bob)["_id"]
    said = target.ann.call("POST", f"/api/rooms/{room}/messages", {"text": "hello"})
    target.ann.call("POST", f"/api/rooms/{room}/members", {"userId": leaver.id})
    leaver.call("PUT", f"/api/messages/{said['_id']}/reactions/{THUMB}")
    leaver.call("DELETE", f"/api/rooms/{room}/members/{leaver.id}")
    assert leaver.delete()
    history = target.bob.call("GET", f"/api/rooms/{room}/messages")
    absent(
        "Zebedee",
        history,
        target.bob.call("GET", "/api/rooms"),
        target.bob.call("GET", "/api/messages/search?q=Zebedee"),
    )
    assert not any(message.get("reactions") for message in history), history
    target.ann.call("DELETE", f"/api/rooms/{room}")
