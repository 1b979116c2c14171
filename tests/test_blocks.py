"""A block: no invitations, and none of the two sees what the other does, wherever both are."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.clients.http import Person
from tests.clients.sockets import Socket, wait_until

SignUp = Callable[[str], Person]
Connect = Callable[..., Socket]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two users of whom one will block the other, and who shares a room with both."""

    actor: Person
    other: Person
    witness: Person
    room: str
    block: Callable[[], object]


@pytest.fixture(params=["the one who blocks", "the one who is blocked"])
def pair(request: pytest.FixtureRequest, sign_up: SignUp) -> Pair:
    """The two by both roles: what ``actor`` does must not pass to ``other``."""
    blocker, blocked, witness = (sign_up(name) for name in ("Ann", "Bob", "Carl"))
    room = witness.create_room("Shared", blocker, blocked)["_id"]
    actor, other = (blocker, blocked) if request.param == "the one who blocks" else (blocked, blocker)
    return Pair(actor, other, witness, room, lambda: blocker.call("POST", f"/api/messages/block/{blocked.id}"))


def _say(person: Person, room: str, text: str = "hello") -> dict[str, Any]:
    message: dict[str, Any] = person.call("POST", f"/api/rooms/{room}/messages", {"text": text})
    return message


def _entry(me: Person, other: Person) -> Any:
    return next(entry for entry in me.call("GET", "/api/messages/users") if entry["_id"] == other.id)


def _has_come(socket: Socket, sender: Person, room: str) -> None:
    """Wait until what was emitted so far has come."""
    _say(sender, room, "the last")
    socket.wait_for("new_message", lambda message: message.get("text") == "the last")


def test_typing_and_receipts_do_not_pass(pair: Pair, connect: Connect) -> None:
    pair.block()
    said, direct = _say(pair.witness, pair.room), pair.actor.conversation(pair.other)
    others, witness, actors = connect(pair.other), connect(pair.witness), connect(pair.actor)
    actors.ask("typing", {"to": pair.other.id})
    actors.ask("typing", {"room": pair.room})
    actors.ask("read", {"conversation": direct, "seq": 1})
    actors.ask("read", {"conversation": pair.room, "seq": said["seq"]})
    _has_come(others, pair.witness, pair.room)
    assert others.all("typing") == others.all("read") == []
    assert witness.wait_for("typing")["userId"] == pair.actor.id
    assert witness.wait_for("read")["seq"] == said["seq"]


def test_read_cursors_and_last_seen_are_hidden(pair: Pair, connect: Connect) -> None:
    sent = pair.other.send(pair.actor, "hello")
    pair.actor.call("POST", "/api/messages/read", {"conversation": sent["conversation"], "seq": 1})
    said = _say(pair.witness, pair.room)
    pair.actor.call("POST", "/api/messages/read", {"conversation": pair.room, "seq": said["seq"]})
    connect(pair.actor).close()
    wait_until(lambda: _entry(pair.other, pair.actor)["lastSeen"])
    assert _entry(pair.other, pair.actor)["cursors"][pair.actor.id] == 1
    pair.block()
    entry = _entry(pair.other, pair.actor)
    assert (entry["lastSeen"], entry["cursors"][pair.actor.id]) == (None, 0)
    (listed,) = pair.other.call("GET", "/api/rooms")
    for room in (listed, pair.other.call("GET", f"/api/rooms/{pair.room}")):
        assert room["cursors"][pair.actor.id] == 0
    assert pair.witness.call("GET", "/api/rooms")[0]["cursors"][pair.actor.id] == said["seq"]


def test_reactions_do_not_pass(pair: Pair, connect: Connect) -> None:
    pair.block()
    said = _say(pair.other, pair.room)
    others, witness = connect(pair.other), connect(pair.witness)
    path = f"/api/messages/{said['_id']}/reactions"
    answer = pair.actor.call("PUT", f"{path}/👍")
    assert answer["reactions"] == {"👍": [pair.actor.id]}
    assert witness.wait_for("messageUpdated")["reactions"] == {"👍": [pair.actor.id]}
    assert "reactions" not in others.wait_for("messageUpdated")
    pair.witness.call("PUT", f"{path}/👍")
    seen = others.wait_for("messageUpdated", lambda message: "reactions" in message)
    assert seen["reactions"] == {"👍": [pair.witness.id]}
    assert pair.other.call("GET", f"/api/rooms/{pair.room}/messages")[-1] == seen
    (synced,) = pair.other.call("POST", "/api/messages/sync", {"cursors": {}})["conversations"]
    assert synced["messages"][-1] == seen
    assert pair.other.call("GET", "/api/rooms")[0]["lastMessage"] == seen
    assert pair.other.call("GET", "/api/messages/search?q=hello") == [seen]


@pytest.mark.parametrize("presence", ["list", "diff"])
def test_each_appears_offline_to_the_other(pair: Pair, connect: Connect, presence: str) -> None:
    connect(pair.actor)
    before = connect(pair.other, auth={"presence": presence, "token": pair.other.token})
    wait_until(lambda: pair.actor.id in str(before.heard))
    before.heard.clear()
    pair.block()
    if presence == "diff":
        before.wait_for("presence", lambda news: news["offline"] == [pair.actor.id])
    else:
        before.wait_for("getOnlineUsers", lambda online: pair.actor.id not in online)
    after = connect(pair.other, auth={"presence": presence, "token": pair.other.token})
    connect(pair.witness)
    wait_until(lambda: pair.witness.id in str(after.heard))
    assert pair.actor.id not in str(after.heard)


def test_unblocking_shows_each_to_the_other_again(sign_up: SignUp, connect: Connect) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    ann.call("POST", f"/api/messages/block/{bob.id}")
    bob.call("POST", f"/api/messages/block/{ann.id}")
    anns, bobs = connect(ann), connect(bob)
    ann.call("DELETE", f"/api/messages/block/{bob.id}")
    bobs.wait_for("getOnlineUsers")
    assert bob.id not in str(anns.all("getOnlineUsers"))  # Bob still blocks Ann
    bob.call("DELETE", f"/api/messages/block/{ann.id}")
    anns.wait_for("getOnlineUsers", lambda online: bob.id in online)
    bobs.wait_for("getOnlineUsers", lambda online: ann.id in online)


@pytest.mark.parametrize("way", ["create", "add"])
def test_who_is_blocked_cannot_put_the_other_into_a_room(sign_up: SignUp, way: str) -> None:
    ann, bob, carl = sign_up("Ann"), sign_up("Bob"), sign_up("Carl")
    ann.call("POST", f"/api/messages/block/{bob.id}")
    if way == "create":
        answer = bob.ask("POST", "/api/rooms", {"name": "An insult", "members": [carl.id, ann.id]})
    else:
        room = bob.create_room("Bob's", carl)["_id"]
        answer = bob.ask("POST", f"/api/rooms/{room}/members", {"userId": ann.id})
    assert (answer.status_code, answer.json()["code"]) == (403, "blocked")
    assert answer.json()["message"] == "Ann doesn't accept invitations from you"
    assert ann.call("GET", "/api/rooms") == []
    assert len(carl.call("GET", "/api/rooms")) == (way == "add")
