"""A blocked user tries to be heard all the same."""

import pytest

from tests.attacks.checks import attack, json_of, refused
from tests.attacks.routes import THUMB
from tests.attacks.target import Target, texts_with
from tests.clients.http import Person, shown
from tests.clients.wire import RawSocket


class Blocked:
    """A pest, the one who blocks them, and a message of each from better days."""

    def __init__(self, target: Target) -> None:
        self.pest, self.owner = target.person("Pest"), target.person("Olga")
        self.from_pest = self.pest.send(self.owner, "hello")["_id"]
        self.from_owner = self.owner.send(self.pest, "hello yourself")["_id"]
        self.owner.call("POST", f"/api/messages/block/{self.pest.id}")


@pytest.fixture(scope="session")
def blocked(target: Target) -> Blocked:
    return Blocked(target)


def _hears_nothing(owner: Person, socket: RawSocket) -> None:
    assert [(event, data) for event, data in socket.hears() if event not in ("getOnlineUsers", "presence")] == []


@attack("who is blocked sends over HTTP", "403 blocked, and nothing is heard")
def test_by_http(blocked: Blocked) -> None:
    with blocked.owner.raw_socket() as socket:
        refused(blocked.pest.ask("POST", f"/api/messages/send/{blocked.owner.id}", {"text": "listen"}), 403, "blocked")
        body = {"text": "listen", "clientId": "again", "replyTo": blocked.from_owner}
        refused(blocked.pest.ask("POST", f"/api/messages/send/{blocked.owner.id}", body), 403, "blocked")
        _hears_nothing(blocked.owner, socket)
    assert "listen" not in texts_with(blocked.owner, blocked.pest), "the message was kept"


@attack("who is blocked sends by a socket", "blocked, and nothing is heard")
def test_by_socket(blocked: Blocked) -> None:
    with blocked.owner.raw_socket() as socket, blocked.pest.raw_socket() as pest:
        for to in (blocked.owner.id, blocked.owner.id.upper()):
            answer = pest.ask("send_message", {"to": to, "text": "listen"})
            assert (answer["ok"], answer["code"]) == (False, "blocked")
        _hears_nothing(blocked.owner, socket)


@attack("who is blocked types", "nothing is shown")
def test_by_typing(blocked: Blocked) -> None:
    with blocked.owner.raw_socket() as socket, blocked.pest.raw_socket() as pest:
        pest.ask("typing", {"to": blocked.owner.id})
        _hears_nothing(blocked.owner, socket)


@attack("who is blocked reacts to older messages", "refused, or not shown to the one who blocks")
def test_by_reaction(blocked: Blocked) -> None:
    with blocked.owner.raw_socket() as socket:
        for message in (blocked.from_owner, blocked.from_pest):
            answer = blocked.pest.ask("PUT", f"/api/messages/{message}/reactions/{THUMB}")
            assert answer.status_code in (200, 403, 404), shown(answer)
        _hears_nothing(blocked.owner, socket)


@attack("who is blocked sends new text by editing an older message", "refused, or not shown to the one who blocks")
def test_by_edit(blocked: Blocked) -> None:
    with blocked.owner.raw_socket() as socket:
        answer = blocked.pest.ask("PUT", f"/api/messages/{blocked.from_pest}", {"text": "listen to me"})
        assert answer.status_code in (200, 403, 404), shown(answer)
        _hears_nothing(blocked.owner, socket)
    assert "listen to me" not in texts_with(blocked.owner, blocked.pest), "the edited text is in the history"


@attack("who is blocked lifts the block", "it is the other's, and stays")
def test_by_unblocking(blocked: Blocked) -> None:
    blocked.pest.ask("DELETE", f"/api/messages/block/{blocked.owner.id}")
    blocked.pest.ask("DELETE", f"/api/messages/block/{blocked.pest.id}")
    refused(blocked.pest.ask("POST", f"/api/messages/send/{blocked.owner.id}", {"text": "listen"}), 403, "blocked")


@attack("who is blocked looks whether they are, and whether the other is online", "nothing tells")
def test_watching(blocked: Blocked) -> None:
    entry = next(user for user in blocked.pest.call("GET", "/api/messages/users") if user["_id"] == blocked.owner.id)
    assert entry["blocked"] is False
    assert "blockedBy" not in entry, entry
    assert json_of(blocked.pest.ask("GET", f"/api/messages/{blocked.owner.id}")), "the older messages are gone"


@attack("who is blocked puts the other into a new room with an insult for a name", "403 blocked, and no room")
def test_by_new_room(blocked: Blocked) -> None:
    with blocked.owner.raw_socket() as socket:
        body = {"name": "An insult", "members": [blocked.owner.id]}
        refused(blocked.pest.ask("POST", "/api/rooms", body), 403, "blocked")
        _hears_nothing(blocked.owner, socket)
    assert "An insult" not in str(blocked.owner.call("GET", "/api/rooms"))


@attack("who is blocked invites the other into an older room", "403 blocked, and they are not in it")
def test_by_invitation(blocked: Blocked) -> None:
    room = blocked.pest.create_room("An insult")["_id"]
    refused(blocked.pest.ask("POST", f"/api/rooms/{room}/members", {"userId": blocked.owner.id}), 403, "blocked")
    assert "An insult" not in str(blocked.owner.call("GET", "/api/rooms"))
    blocked.pest.call("DELETE", f"/api/rooms/{room}")


@pytest.fixture(scope="session")
def shared(target: Target, blocked: Blocked) -> str:
    """A room that both are in, by no doing of theirs, and in which each has said something."""
    room: str = target.bob.create_room("Shared", blocked.pest, blocked.owner)["_id"]
    return room


SIDES = {"who is blocked": True, "who blocks": False}


def _sides(blocked: Blocked, of_pest: bool) -> tuple[Person, Person]:
    """The one who acts, and the one who must not notice."""
    return (blocked.pest, blocked.owner) if of_pest else (blocked.owner, blocked.pest)


@attack("{} types and reads in a room that both are in", "the other notices neither", of_pest=SIDES)
def test_signs_in_rooms(target: Target, blocked: Blocked, shared: str, of_pest: bool) -> None:
    actor, other = _sides(blocked, of_pest)
    said = target.bob.call("POST", f"/api/rooms/{shared}/messages", {"text": "hello"})
    with other.raw_socket() as ear, actor.raw_socket() as socket:
        socket.ask("typing", {"room": shared})
        socket.ask("typing", {"to": other.id})
        socket.ask("read", {"conversation": shared, "seq": said["seq"]})
        socket.ask("read", {"conversation": actor.conversation(other), "seq": 2})
        _hears_nothing(other, ear)
    assert other.call("GET", f"/api/rooms/{shared}")["cursors"].get(actor.id, 0) == 0
    entry = next(user for user in other.call("GET", "/api/messages/users") if user["_id"] == actor.id)
    assert entry["cursors"].get(actor.id, 0) == 0


@attack("{} reacts to what the other said in a room that both are in", "the other does not see it", of_pest=SIDES)
def test_reactions_in_rooms(blocked: Blocked, shared: str, of_pest: bool) -> None:
    actor, other = _sides(blocked, of_pest)
    said = other.call("POST", f"/api/rooms/{shared}/messages", {"text": "react to this"})
    with other.raw_socket() as ear:
        actor.ask("PUT", f"/api/messages/{said['_id']}/reactions/{THUMB}")
        for _, message in ear.hears():
            assert actor.id not in str(message.get("reactions") if isinstance(message, dict) else ""), message
    history = other.call("GET", f"/api/rooms/{shared}/messages")
    assert actor.id not in str([message.get("reactions") for message in history]), "it is in the history"


@attack("{} comes and goes", "the other sees them neither online nor when they were", of_pest=SIDES)
def test_presence(blocked: Blocked, of_pest: bool) -> None:
    actor, other = _sides(blocked, of_pest)
    with other.raw_socket() as ear:
        with actor.raw_socket() as socket, other.raw_socket() as second:
            socket.ask("sync", {})
            assert actor.id not in str(second.all("getOnlineUsers")), "they are online"
        assert actor.id not in str(ear.all("getOnlineUsers")), "they came online"
    entry = next(user for user in other.call("GET", "/api/messages/users") if user["_id"] == actor.id)
    assert entry["lastSeen"] is None
