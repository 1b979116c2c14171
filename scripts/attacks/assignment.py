"""Fields that nobody asked for: what the server sets itself, sent along in the hope that it is stored."""

from typing import Any

from scripts.attacks.checks import same, that, went_well
from scripts.attacks.registry import attack
from scripts.attacks.world import NOBODY, World

PAST = "2001-01-01T00:00:00.000Z"
NOT_YOURS = {"_id": NOBODY, "createdAt": PAST, "updatedAt": PAST, "isAdmin": True, "role": "admin", "__v": 7}


def _untouched(thing: dict[str, Any]) -> None:
    """Nothing of `NOT_YOURS` is in there."""
    found = {key for key, value in NOT_YOURS.items() if thing.get(key) == value}
    that(not found, f"{found} in {thing}")


@attack("signs up with an id, a role and a picture of their choice", "ignored")
def signup(world: World) -> None:
    email = f"extra-{world.mallory.id}@example.org"
    body = {"fullName": "Eve", "email": email, "password": world.mallory.password, "emailVerified": True}
    extra = {"profilePic": "http://evil.example/x.png", "sessions": [{"id": NOBODY}], "blocked": [world.ann.id]}
    eve = world.newcomer("Eve", email, world.mallory.password)
    user = went_well(world.ask("POST", "/api/auth/signup", json={**body, **extra, **NOT_YOURS}))
    _untouched(user)
    same(user["profilePic"], "")
    eve.token = eve.log_in().token
    same(len(eve.call("GET", "/api/auth/sessions")), 2)


@attack("changes the email, the password and the id through the profile", "ignored: the name alone changes")
def profile(world: World) -> None:
    before = world.mallory.call("GET", "/api/auth/check")
    extra = {"email": world.ann.email, "password": "taken over", "userId": world.ann.id, "id": world.ann.id}
    answer = world.mallory.ask("PUT", "/api/auth/update-profile", {"fullName": "Mallory", **extra, **NOT_YOURS})
    after = went_well(answer)
    same({**after, "updatedAt": before["updatedAt"]}, before)
    world.mallory.log_in()
    same(world.ann.call("GET", "/api/auth/check")["fullName"], "Ann")


FORGED: dict[str, Any] = {"seq": 7000, "rev": 7000, "deletedAt": PAST, "editedAt": PAST, "system": "joined"}


@attack("sends a message in another's name, with a number and a time of their choice", "ignored")
def message(world: World) -> None:
    names = {"senderId": world.ann.id, "receiverId": world.ann.id, "conversation": NOBODY, "userId": world.ann.id}
    body = {"text": "plain", **FORGED, **NOT_YOURS, **names, "reactions": {"👍": [world.ann.id]}}
    sent = world.mallory.call("POST", f"/api/messages/send/{world.bob.id}", body)
    _untouched(sent)
    same((sent["senderId"], sent["receiverId"]), (world.mallory.id, world.bob.id))
    that(not set(FORGED) & set(sent) - {"seq", "rev"} and sent["seq"] < 7000 and "reactions" not in sent, sent)


@attack("sends in another's name by a socket", "ignored")
def message_by_socket(world: World) -> None:
    body = {"to": world.bob.id, "text": "plain", "senderId": world.ann.id, "from": world.ann.id, **FORGED, **NOT_YOURS}
    with world.mallory.socket() as socket:
        sent = socket.ask("send_message", body)["message"]
    _untouched(sent)
    same(sent["senderId"], world.mallory.id)
    that(sent["seq"] < 7000 and "system" not in sent, sent)


@attack("gives an edited message another sender, number and picture", "ignored: the text alone changes")
def edit(world: World) -> None:
    before = world.mallory.send(world.bob, "first")
    body = {"text": "second", "senderId": world.ann.id, "image": "http://evil.example/x.png", **NOT_YOURS, "seq": 7000}
    after = world.mallory.call("PUT", f"/api/messages/{before['_id']}", body)
    kept = ("_id", "seq", "senderId", "receiverId", "createdAt")
    same({key: after[key] for key in kept}, {key: before[key] for key in kept})
    that("image" not in after, after)


@attack("opens a room that another owns, and takes over a room by renaming it", "ignored")
def room(world: World) -> None:
    body = {"name": "Mine", "ownerId": world.ann.id, "system": True, **NOT_YOURS}
    made = world.mallory.call("POST", "/api/rooms", body)
    _untouched(made)
    same((made["ownerId"], made["members"]), (world.mallory.id, [world.mallory.id]))
    body = {"name": "Still mine", "ownerId": world.ann.id, "public": True, "members": [world.ann.id], **NOT_YOURS}
    renamed = world.mallory.call("PUT", f"/api/rooms/{made['_id']}", body)
    same(
        {key: renamed[key] for key in ("_id", "ownerId", "public", "members", "createdAt")},
        {key: made[key] for key in ("_id", "ownerId", "public", "members", "createdAt")},
    )
    world.mallory.call("DELETE", f"/api/rooms/{made['_id']}")


@attack("claims the clientId of another's message, to get that message back", "a message of their own")
def client_id(world: World) -> None:
    theirs = world.ann.send(world.bob, "with an id", clientId="known-id")
    mine = world.mallory.send(world.bob, "with an id", clientId="known-id")
    that(mine["_id"] != theirs["_id"] and mine["senderId"] == world.mallory.id, mine)


@attack("pollutes prototypes: __proto__ and constructor as keys", "ignored")
def prototypes(world: World) -> None:
    poison: dict[str, Any] = {"__proto__": {"isAdmin": True}, "constructor": {"prototype": {"isAdmin": True}}}
    sent = world.mallory.call("POST", f"/api/messages/send/{world.bob.id}", {"text": "plain", **poison})
    user = world.mallory.call("PUT", "/api/auth/update-profile", {"fullName": "Mallory", **poison, "__class__": "x"})
    for thing in (sent, user, world.bob.call("GET", f"/api/messages/{world.mallory.id}")[-1]):
        that(not set(poison) & set(thing), thing)
    answer = world.mallory.call("POST", "/api/messages/sync", {"cursors": {"__proto__": 0, "constructor": 0, "a.b": 0}})
    same(set(answer), {"conversations"})
