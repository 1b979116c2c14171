"""Fields that a client must not set: what the server sets itself, sent along in the hope that it is stored."""

from typing import Any

from tests.attacks.checks import attack
from tests.attacks.target import UNKNOWN, Target
from tests.clients.http import content

PAST = "2001-01-01T00:00:00.000Z"
NOT_YOURS = {"_id": UNKNOWN, "createdAt": PAST, "updatedAt": PAST, "isAdmin": True, "role": "admin", "__v": 7}


def _untouched(thing: dict[str, Any]) -> None:
    """Nothing of `NOT_YOURS` is in there."""
    found = {key for key, value in NOT_YOURS.items() if thing.get(key) == value}
    assert not found, f"{found} in {thing}"


@attack("signs up with an id, a role and a picture of their choice", "ignored")
def test_signup(target: Target) -> None:
    email = f"extra-{target.mallory.id}@example.org"
    body = {"fullName": "Eve", "email": email, "password": target.mallory.password, "emailVerified": True}
    extra = {"profilePic": "http://evil.example/x.png", "sessions": [{"id": UNKNOWN}], "blocked": [target.ann.id]}
    eve = target.newcomer("Eve", email, target.mallory.password)
    user = content(target.ask("POST", "/api/auth/signup", json={**body, **extra, **NOT_YOURS}))
    _untouched(user)
    assert user["profilePic"] == ""
    eve.token = eve.log_in().token
    assert len(eve.call("GET", "/api/auth/sessions")) == 2


@attack("changes the email, the password and the id through the profile", "ignored: only the name changes")
def test_profile(target: Target) -> None:
    before = target.mallory.call("GET", "/api/auth/check")
    extra = {"email": target.ann.email, "password": "taken over", "userId": target.ann.id, "id": target.ann.id}
    answer = target.mallory.ask("PUT", "/api/auth/update-profile", {"fullName": "Mallory", **extra, **NOT_YOURS})
    after = content(answer)
    assert {**after, "updatedAt": before["updatedAt"]} == before
    target.mallory.log_in()
    assert target.ann.call("GET", "/api/auth/check")["fullName"] == "Ann"


FORGED: dict[str, Any] = {"seq": 7000, "rev": 7000, "deletedAt": PAST, "editedAt": PAST, "system": "joined"}


@attack("sends a message in another's name, with a number and a time of their choice", "ignored")
def test_message(target: Target) -> None:
    names = {"senderId": target.ann.id, "receiverId": target.ann.id, "conversation": UNKNOWN, "userId": target.ann.id}
    body = {"text": "plain", **FORGED, **NOT_YOURS, **names, "reactions": {"👍": [target.ann.id]}}
    sent = target.mallory.call("POST", f"/api/messages/send/{target.bob.id}", body)
    _untouched(sent)
    assert (sent["senderId"], sent["receiverId"]) == (target.mallory.id, target.bob.id)
    assert not set(FORGED) & set(sent) - {"seq", "rev"}, sent
    assert sent["seq"] < 7000, sent
    assert "reactions" not in sent, sent


@attack("sends in another's name by a socket", "ignored")
def test_message_by_socket(target: Target) -> None:
    body = {
        "to": target.bob.id,
        "text": "plain",
        "senderId": target.ann.id,
        "from": target.ann.id,
        **FORGED,
        **NOT_YOURS,
    }
    with target.mallory.raw_socket() as socket:
        sent = socket.ask("send_message", body)["message"]
    _untouched(sent)
    assert sent["senderId"] == target.mallory.id
    assert sent["seq"] < 7000, sent
    assert "system" not in sent, sent


@attack("gives an edited message another sender, number and picture", "ignored: only the text changes")
def test_edit(target: Target) -> None:
    before = target.mallory.send(target.bob, "first")
    body = {"text": "second", "senderId": target.ann.id, "image": "http://evil.example/x.png", **NOT_YOURS, "seq": 7000}
    after = target.mallory.call("PUT", f"/api/messages/{before['_id']}", body)
    kept = ("_id", "seq", "senderId", "receiverId", "createdAt")
    assert {key: after[key] for key in kept} == {key: before[key] for key in kept}
    assert "image" not in after, after


@attack("opens a room that another owns, and takes over a room by renaming it", "ignored")
def test_room(target: Target) -> None:
    body = {"name": "Mine", "ownerId": target.ann.id, "system": True, **NOT_YOURS}
    made = target.mallory.call("POST", "/api/rooms", body)
    _untouched(made)
    assert (made["ownerId"], made["members"]) == (target.mallory.id, [target.mallory.id])
    body = {"name": "Still mine", "ownerId": target.ann.id, "public": True, "members": [target.ann.id], **NOT_YOURS}
    renamed = target.mallory.call("PUT", f"/api/rooms/{made['_id']}", body)
    kept = ("_id", "ownerId", "owners", "members", "createdAt")
    assert {key: renamed[key] for key in kept} == {key: made[key] for key in kept}
    target.mallory.call("DELETE", f"/api/rooms/{made['_id']}")


@attack("claims the clientId of another's message, to get that message back", "a message of their own")
def test_client_id(target: Target) -> None:
    theirs = target.ann.send(target.bob, "with an id", clientId="known-id")
    mine = target.mallory.send(target.bob, "with an id", clientId="known-id")
    assert mine["_id"] != theirs["_id"], mine
    assert mine["senderId"] == target.mallory.id, mine


@attack("pollutes prototypes: __proto__ and constructor as keys", "ignored")
def test_prototypes(target: Target) -> None:
    poison: dict[str, Any] = {"__proto__": {"isAdmin": True}, "constructor": {"prototype": {"isAdmin": True}}}
    sent = target.mallory.call("POST", f"/api/messages/send/{target.bob.id}", {"text": "plain", **poison})
    user = target.mallory.call("PUT", "/api/auth/update-profile", {"fullName": "Mallory", **poison, "__class__": "x"})
    for thing in (sent, user, target.bob.call("GET", f"/api/messages/{target.mallory.id}")[-1]):
        assert not set(poison) & set(thing), thing
    answer = target.mallory.call(
        "POST", "/api/messages/sync", {"cursors": {"__proto__": 0, "constructor": 0, "a.b": 0}}
    )
    assert set(answer) == {"conversations"}
