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
