"""Rooms: a stranger at a private one, a visitor at a public one, a member who is not the owner, one who was removed."""

from typing import Any

from scripts.attacks.attacker import Attacker
from scripts.attacks.checks import absent, refused, same, that
from scripts.attacks.registry import attack, attacks
from scripts.attacks.routes import THUMB
from scripts.attacks.world import NOBODY, ROOM_TEXT, World

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
}


def _step(world: World, person: Attacker, room: str, step: Step) -> Any:
    method, path, body = step
    names = {"{me}": person.id, "{bob}": world.bob.id, "{mallory}": world.mallory.id}
    for name, value in names.items():
        path = path.replace(name, value)
        body = {key: text.replace(name, value) for key, text in body.items()} if body else body
    return person.ask(method, f"/api/rooms/{room}{path}", body)


def _room(world: World, room: str) -> Any:
    return world.ann.call("GET", f"/api/rooms/{room}")


@attacks("a stranger tries to {} a private room", "404, the same as for a room that does not exist", AT_A_ROOM)
def private(world: World, step: Step) -> None:
    before = _room(world, world.private_room)
    answer = _step(world, world.mallory, world.private_room, step)
    refused(answer, 404)
    same(answer.text, _step(world, world.mallory, NOBODY, step).text)
    same(_room(world, world.private_room), before)


OF_OWNERS: dict[str, Step] = {
    "rename it": ("PUT", "", {"name": "Forged"}),
    "delete it": ("DELETE", "", None),
    "add a friend": ("POST", "/members", {"userId": "{mallory}"}),
    "remove the owner": ("DELETE", "/members/{ann}", None),
}


@attacks("a member who is not the owner tries to {}", "403, and the room is unchanged", OF_OWNERS)
def not_the_owner(world: World, step: Step) -> None:
    before = _room(world, world.private_room)
    method, path, body = step
    refused(_step(world, world.bob, world.private_room, (method, path.replace("{ann}", world.ann.id), body)), 403)
    same(_room(world, world.private_room), before)


@attacks(
    "a visitor who has not joined tries to {} a public room",
    "403, and the room is unchanged",
    {name: step for name, step in AT_A_ROOM.items() if name not in ("look at", "join")},
)
def visitor(world: World, step: Step) -> None:
    world.bob.call("POST", f"/api/rooms/{world.public_room}/join")
    before = _room(world, world.public_room)
    refused(_step(world, world.mallory, world.public_room, step), 403)
    same(_room(world, world.public_room), before)


EVENTS: dict[str, Step] = {
    "join": ("join_room", "room", {}),
    "leave": ("leave_room", "room", {}),
    "write in": ("send_message", "room", {"text": "forged"}),
    "type in": ("typing", "room", {}),
    "move the read cursor of": ("read", "conversation", {"seq": 1}),
}


@attacks("a stranger tries to {} a private room by a socket", "refused in the same words as an unknown room", EVENTS)
def private_by_socket(world: World, step: Step) -> None:
    event, key, body = step
    with world.mallory.socket() as socket:
        answer = socket.ask(event, {key: world.private_room, **body})
        same(answer["ok"], False)
        same(answer, socket.ask(event, {key: NOBODY, **body}))


@attack("a stranger joins the server's own rooms, of users and sessions", "refused, and nothing is heard")
def inner_rooms(world: World) -> None:
    with world.mallory.socket() as socket:
        for room in (f"user:{world.ann.id}", world.ann.id, world.ann.conversation(world.bob), "presence:list", "", "*"):
            same(socket.ask("join_room", {"room": room})["ok"], False)
        world.bob.send(world.ann, "for Ann alone")
        that("newMessage" not in [event for event, _ in socket.hears()], socket.heard)


@attack("reacts to, edits and deletes what was said in a private room, by its id", "404")
def room_message(world: World) -> None:
    path = f"/api/messages/{world.room_message}"
    for method, end, body in (("PUT", "", {"text": "x"}), ("DELETE", "", None), ("PUT", f"/reactions/{THUMB}", None)):
        refused(world.mallory.ask(method, path + end, body), 404)
    refused(world.bob.ask("PUT", path, {"text": "x"}), 404)
    refused(world.bob.ask("DELETE", path), 404)


@attack("a member who was removed reads, listens and writes on", "404, and nothing is heard")
def removed(world: World) -> None:
    room = world.ann.call("POST", "/api/rooms", {"name": "Shrinking", "members": [world.mallory.id]})["_id"]
    with world.mallory.socket() as socket:
        world.ann.call("DELETE", f"/api/rooms/{room}/members/{world.mallory.id}")
        world.ann.call("POST", f"/api/rooms/{room}/messages", {"text": ROOM_TEXT})
        absent(ROOM_TEXT, socket.hears())
        same(socket.ask("send_message", {"room": room, "text": "still here"})["ok"], False)
        absent(ROOM_TEXT, socket.ask("sync", {"cursors": {room: 0}}))
    refused(world.mallory.ask("GET", f"/api/rooms/{room}/messages"), 404)
    refused(world.mallory.ask("GET", f"/api/rooms/{room}"), 404)
    absent(ROOM_TEXT, world.mallory.call("GET", f"/api/messages/search?q={ROOM_TEXT[-16:]}"))
    world.ann.call("DELETE", f"/api/rooms/{room}")


@attack("opens a room with members who do not exist, twice, or a thousand and more", "404 or 400")
def odd_members(world: World) -> None:
    refused(world.mallory.ask("POST", "/api/rooms", {"name": "X", "members": [NOBODY]}), 404)
    refused(world.mallory.ask("POST", "/api/rooms", {"name": "X", "members": [f"{n:024x}" for n in range(1001)]}), 400)
    for members in (["x"], [{"$ne": None}], [None], [1], {"0": world.ann.id}, world.ann.id):
        refused(world.mallory.ask("POST", "/api/rooms", {"name": "X", "members": members}), 400)
