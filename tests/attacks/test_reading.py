"""Other people's direct messages: every door to them, tried by a stranger, and by the receiver where only senders may."""

import io
import zipfile
from typing import Any

from tests.attacks.checks import absent, attack, json_of, refused
from tests.attacks.routes import THUMB
from tests.attacks.target import ROOM_TEXT, SECRET_TEXT, UNKNOWN, Target
from tests.clients.http import Person, shown

Change = tuple[str, str, Any]
CHANGES: dict[str, Change] = {
    "edit": ("PUT", "", {"text": "forged"}),
    "delete": ("DELETE", "", None),
    "react to": ("PUT", f"/reactions/{THUMB}", None),
    "take a reaction from": ("DELETE", f"/reactions/{THUMB}", None),
}


WAYS = {"over HTTP": "HTTP", "over a socket": "socket"}


def _secret_holds(target: Target) -> None:
    """The secret message is as it was."""
    history = target.ann.call("GET", f"/api/messages/{target.bob.id}")
    now = next(message for message in history if message["_id"] == target.secret_message["_id"])
    assert now == target.secret_message


def _change(person: Person, message_id: str, change: Change) -> Any:
    method, path, body = change
    return person.ask(method, f"/api/messages/{message_id}{path}", body)


@attack("a stranger tries to {} a message by its id", "404, the same as for an unknown id; unchanged", change=CHANGES)
def test_change_foreign(target: Target, change: Change) -> None:
    answer = _change(target.mallory, target.secret_message["_id"], change)
    refused(answer, 404)
    assert answer.text == _change(target.mallory, UNKNOWN, change).text
    _secret_holds(target)


@attack(
    "the receiver tries to {} a message that another wrote",
    "404; unchanged",
    change={name: change for name, change in CHANGES.items() if "react" not in name},
)
def test_change_received(target: Target, change: Change) -> None:
    refused(_change(target.bob, target.secret_message["_id"], change), 404)
    _secret_holds(target)


@attack("takes back the reaction of another", "the reaction stays")
def test_foreign_reaction(target: Target) -> None:
    message = target.ann.send(target.bob, "like it?")["_id"]
    target.bob.call("PUT", f"/api/messages/{message}/reactions/{THUMB}")
    target.ann.ask("DELETE", f"/api/messages/{message}/reactions/{THUMB}")
    target.mallory.ask("DELETE", f"/api/messages/{message}/reactions/{THUMB}")
    found = [m for m in target.ann.call("GET", f"/api/messages/{target.bob.id}") if m["_id"] == message]
    assert found[0].get("reactions") == {"👍": [target.bob.id]}


@attack("reads a conversation by naming one side, and other sides in the query", "their own conversation, empty")
def test_foreign_history(target: Target) -> None:
    assert target.secret_message
    for query in (
        "",
        f"?senderId={target.bob.id}",
        f"?userId={target.bob.id}&me={target.bob.id}",
        "?limit=1000&before=9999",
    ):
        answer = target.mallory.ask("GET", f"/api/messages/{target.ann.id}{query}")
        absent(SECRET_TEXT, answer.text)
    for path in (target.ann.conversation(target.bob), f"{target.ann.id},{target.bob.id}", target.secret_message["_id"]):
        answer = target.mallory.ask("GET", f"/api/messages/{path}")
        assert answer.status_code in (400, 404), shown(answer)


@attack("searches for what others wrote, also by naming their conversation", "nothing is found")
def test_foreign_search(target: Target) -> None:
    assert target.room_message
    assert target.secret_message
    aims = ("", target.ann.id, target.bob.id, target.ann.conversation(target.bob), target.private_room)
    for text, aim in ((text, aim) for text in (SECRET_TEXT, ROOM_TEXT, "the") for aim in aims):
        params = {"q": text, **({"with": aim} if aim else {})}
        answer = target.mallory.ask("GET", "/api/messages/search", params=params)
        assert answer.status_code in (200, 400, 404), shown(answer)
        absent(SECRET_TEXT, answer.text)
        absent(ROOM_TEXT, answer.text)


@attack("asks for others' messages by naming their conversations in sync {}", "none of them", way=WAYS)
def test_foreign_sync(target: Target, way: str) -> None:
    assert target.room_message
    assert target.secret_message
    body = {"cursors": {target.ann.conversation(target.bob): 0, target.private_room: 0, target.ann.id: 0}}
    if way == "HTTP":
        answer = target.mallory.call("POST", "/api/messages/sync", body)
    else:
        with target.mallory.raw_socket() as socket:
            answer = socket.ask("sync", body)
    absent(SECRET_TEXT, answer)
    absent(ROOM_TEXT, answer)
    known = {conversation["id"] for conversation in answer["conversations"]}
    assert not known & set(body["cursors"]), known


@attack("moves the read cursor of others' conversations", "404, as for one that does not exist")
def test_foreign_cursor(target: Target) -> None:
    unknown = target.mallory.ask("POST", "/api/messages/read", {"conversation": UNKNOWN, "seq": 1})
    refused(unknown, 404)
    for conversation in (target.ann.conversation(target.bob), target.private_room):
        answer = target.mallory.ask("POST", "/api/messages/read", {"conversation": conversation, "seq": 1})
        refused(answer, 404)
        assert answer.text == unknown.text
        with target.mallory.raw_socket() as socket:
            assert socket.ask("read", {"conversation": conversation, "seq": 1})["ok"] is False


@attack("replies to a message of others, to see it quoted", "400, and nothing of it")
def test_foreign_reply(target: Target) -> None:
    for original in (target.secret_message["_id"], target.room_message):
        body = {"text": "re", "replyTo": original}
        answer = target.mallory.ask("POST", f"/api/messages/send/{target.mallory.id}", body)
        refused(answer, 400)
        absent(SECRET_TEXT, answer.text)


@attack("listens on an open socket while others talk", "hears none of it")
def test_eavesdropping(target: Target) -> None:
    with target.mallory.raw_socket() as ear, target.bob.raw_socket() as bob:
        message = target.ann.send(target.bob, "between us")["_id"]
        target.ann.call("PUT", f"/api/messages/{message}", {"text": "between the two of us"})
        target.ann.call("POST", f"/api/rooms/{target.private_room}/messages", {"text": "between us members"})
        bob.ask("typing", {"to": target.ann.id})
        bob.ask("read", {"conversation": target.ann.conversation(target.bob), "seq": 1})
        assert "newMessage" in [event for event, _ in bob.hears()], "what should be heard was not"
        assert [event for event, _ in ear.hears() if event not in ("getOnlineUsers", "presence")] == []


@attack("looks for others' messages in an export of their own data", "only their own")
def test_export(target: Target) -> None:
    assert target.secret_message
    assert target.room_message
    answer = target.mallory.ask("GET", "/api/auth/export")
    assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        for name in archive.namelist():
            text = archive.read(name).decode(errors="replace")
            target.watch.text(text, f"{name} of an export")
            for line in text.splitlines():
                target.watch.text(line, f"{name} of an export")
            absent(SECRET_TEXT, text)
            absent(ROOM_TEXT, text)


LISTS = ("/api/messages/users", "/api/rooms", "/api/auth/check", "/api/auth/sessions")


@attack("looks for others' last messages in the lists of people and rooms", "none of them")
def test_lists(target: Target) -> None:
    assert target.secret_message
    assert target.room_message
    for path in LISTS:
        seen = json_of(target.mallory.ask("GET", path))
        absent(SECRET_TEXT, seen)
        absent(ROOM_TEXT, seen)
        absent(target.private_room, seen)
