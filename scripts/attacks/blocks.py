"""Somebody who is blocked tries to be heard all the same."""

from scripts.attacks.attacker import Attacker
from scripts.attacks.checks import content, refused, same, shown, that
from scripts.attacks.registry import attack
from scripts.attacks.routes import THUMB
from scripts.attacks.wire import Socket
from scripts.attacks.world import World


class Blocked:
    """A pest, the one who blocks them, and a message of each from better days."""

    def __init__(self, world: World) -> None:
        self.pest, self.owner = world.person("Pest"), world.person("Olga")
        self.from_pest = self.pest.send(self.owner, "hello")["_id"]
        self.from_owner = self.owner.send(self.pest, "hello yourself")["_id"]
        self.owner.call("POST", f"/api/messages/block/{self.pest.id}")


def _blocked(world: World) -> Blocked:
    found = world.extras.get("blocked")
    if not isinstance(found, Blocked):
        found = world.extras["blocked"] = Blocked(world)
    return found


def _hears_nothing(owner: Attacker, socket: Socket) -> None:
    same([(event, data) for event, data in socket.hears() if event not in ("getOnlineUsers", "presence")], [])


@attack("who is blocked sends over HTTP", "403 blocked, and nothing is heard")
def by_http(world: World) -> None:
    case = _blocked(world)
    with case.owner.socket() as socket:
        refused(case.pest.ask("POST", f"/api/messages/send/{case.owner.id}", {"text": "listen"}), 403, "blocked")
        body = {"text": "listen", "clientId": "again", "replyTo": case.from_owner}
        refused(case.pest.ask("POST", f"/api/messages/send/{case.owner.id}", body), 403, "blocked")
        _hears_nothing(case.owner, socket)
    that("listen" not in case.owner.texts_with(case.pest), "the message was kept")


@attack("who is blocked sends by a socket", "blocked, and nothing is heard")
def by_socket(world: World) -> None:
    case = _blocked(world)
    with case.owner.socket() as socket, case.pest.socket() as pest:
        for to in (case.owner.id, case.owner.id.upper()):
            answer = pest.ask("send_message", {"to": to, "text": "listen"})
            same((answer["ok"], answer["code"]), (False, "blocked"))
        _hears_nothing(case.owner, socket)


@attack("who is blocked types", "nothing is shown")
def by_typing(world: World) -> None:
    case = _blocked(world)
    with case.owner.socket() as socket, case.pest.socket() as pest:
        pest.ask("typing", {"to": case.owner.id})
        _hears_nothing(case.owner, socket)


@attack("who is blocked reacts to older messages", "refused, or not shown to the one who blocks")
def by_reaction(world: World) -> None:
    case = _blocked(world)
    with case.owner.socket() as socket:
        for message in (case.from_owner, case.from_pest):
            answer = case.pest.ask("PUT", f"/api/messages/{message}/reactions/{THUMB}")
            that(answer.status_code in (200, 403, 404), shown(answer))
        _hears_nothing(case.owner, socket)


@attack("who is blocked writes anew by editing an older message", "refused, or not shown to the one who blocks")
def by_edit(world: World) -> None:
    case = _blocked(world)
    with case.owner.socket() as socket:
        answer = case.pest.ask("PUT", f"/api/messages/{case.from_pest}", {"text": "listen to me"})
        that(answer.status_code in (200, 403, 404), shown(answer))
        _hears_nothing(case.owner, socket)
    that("listen to me" not in case.owner.texts_with(case.pest), "the edited text is in the history")


@attack("who is blocked lifts the block", "it is the other's, and stays")
def by_unblocking(world: World) -> None:
    case = _blocked(world)
    case.pest.ask("DELETE", f"/api/messages/block/{case.owner.id}")
    case.pest.ask("DELETE", f"/api/messages/block/{case.pest.id}")
    refused(case.pest.ask("POST", f"/api/messages/send/{case.owner.id}", {"text": "listen"}), 403, "blocked")


@attack("who is blocked looks whether they are, and whether the other is online", "nothing tells")
def watching(world: World) -> None:
    case = _blocked(world)
    entry = next(user for user in case.pest.call("GET", "/api/messages/users") if user["_id"] == case.owner.id)
    same(entry["blocked"], False)
    that("blockedBy" not in entry, entry)
    that(content(case.pest.ask("GET", f"/api/messages/{case.owner.id}")), "the older messages are gone")
