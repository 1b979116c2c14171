"""Other people's direct messages: every door to them, tried by a stranger, and by the receiver where only senders may."""

import io
import zipfile
from typing import Any

from scripts.attacks.attacker import Attacker
from scripts.attacks.checks import absent, content, refused, same, shown, that
from scripts.attacks.registry import attack, attacks
from scripts.attacks.routes import THUMB
from scripts.attacks.world import NOBODY, ROOM_TEXT, SECRET_TEXT, World

Change = tuple[str, str, Any]
CHANGES: dict[str, Change] = {
    "edit": ("PUT", "", {"text": "forged"}),
    "delete": ("DELETE", "", None),
    "react to": ("PUT", f"/reactions/{THUMB}", None),
    "take a reaction from": ("DELETE", f"/reactions/{THUMB}", None),
}


WAYS = {"over HTTP": "HTTP", "over a socket": "socket"}


def _secret_holds(world: World) -> None:
    """The secret message is as it was."""
    history = world.ann.call("GET", f"/api/messages/{world.bob.id}")
    now = next(message for message in history if message["_id"] == world.secret_message["_id"])
    same(now, world.secret_message)


def _change(person: Attacker, message_id: str, change: Change) -> Any:
    method, path, body = change
    return person.ask(method, f"/api/messages/{message_id}{path}", body)


@attacks("a stranger tries to {} a message by its id", "404, the same as for an unknown id; unchanged", CHANGES)
def change_foreign(world: World, change: Change) -> None:
    answer = _change(world.mallory, world.secret_message["_id"], change)
    refused(answer, 404)
    same(answer.text, _change(world.mallory, NOBODY, change).text)
    _secret_holds(world)


@attacks(
    "the receiver tries to {} a message that another wrote",
    "404; unchanged",
    {name: change for name, change in CHANGES.items() if "react" not in name},
)
def change_received(world: World, change: Change) -> None:
    refused(_change(world.bob, world.secret_message["_id"], change), 404)
    _secret_holds(world)


@attack("takes back the reaction of another", "the reaction stays")
def foreign_reaction(world: World) -> None:
    message = world.ann.send(world.bob, "like it?")["_id"]
    world.bob.call("PUT", f"/api/messages/{message}/reactions/{THUMB}")
    world.ann.ask("DELETE", f"/api/messages/{message}/reactions/{THUMB}")
    world.mallory.ask("DELETE", f"/api/messages/{message}/reactions/{THUMB}")
    found = [m for m in world.ann.call("GET", f"/api/messages/{world.bob.id}") if m["_id"] == message]
    same(found[0].get("reactions"), {"👍": [world.bob.id]})


@attack("reads a conversation by naming one side, and other sides in the query", "their own conversation, empty")
def foreign_history(world: World) -> None:
    that(world.secret_message, "")
    for query in (
        "",
        f"?senderId={world.bob.id}",
        f"?userId={world.bob.id}&me={world.bob.id}",
        "?limit=1000&before=9999",
    ):
        answer = world.mallory.ask("GET", f"/api/messages/{world.ann.id}{query}")
        absent(SECRET_TEXT, answer.text)
    for path in (world.ann.conversation(world.bob), f"{world.ann.id},{world.bob.id}", world.secret_message["_id"]):
        answer = world.mallory.ask("GET", f"/api/messages/{path}")
        that(answer.status_code in (400, 404), shown(answer))


@attack("searches for what others wrote, also by naming their conversation", "nothing is found")
def foreign_search(world: World) -> None:
    that(world.room_message and world.secret_message, "")
    aims = ("", world.ann.id, world.bob.id, world.ann.conversation(world.bob), world.private_room)
    for text, aim in ((text, aim) for text in (SECRET_TEXT, ROOM_TEXT, "the") for aim in aims):
        params = {"q": text, **({"with": aim} if aim else {})}
        answer = world.mallory.ask("GET", "/api/messages/search", params=params)
        that(answer.status_code in (200, 400, 404), shown(answer))
        absent(SECRET_TEXT, answer.text)
        absent(ROOM_TEXT, answer.text)


@attacks("asks for others' messages by naming their conversations in sync {}", "none of them", WAYS)
def foreign_sync(world: World, way: str) -> None:
    that(world.room_message and world.secret_message, "")
    body = {"cursors": {world.ann.conversation(world.bob): 0, world.private_room: 0, world.ann.id: 0}}
    if way == "HTTP":
        answer = world.mallory.call("POST", "/api/messages/sync", body)
    else:
        with world.mallory.socket() as socket:
            answer = socket.ask("sync", body)
    absent(SECRET_TEXT, answer)
    absent(ROOM_TEXT, answer)
    known = {conversation["id"] for conversation in answer["conversations"]}
    that(not known & set(body["cursors"]), known)


@attack("moves the read cursor of others' conversations", "404, as for one that does not exist")
def foreign_cursor(world: World) -> None:
    unknown = world.mallory.ask("POST", "/api/messages/read", {"conversation": NOBODY, "seq": 1})
    refused(unknown, 404)
    for conversation in (world.ann.conversation(world.bob), world.private_room):
        answer = world.mallory.ask("POST", "/api/messages/read", {"conversation": conversation, "seq": 1})
        refused(answer, 404)
        same(answer.text, unknown.text)
        with world.mallory.socket() as socket:
            same(socket.ask("read", {"conversation": conversation, "seq": 1})["ok"], False)


@attack("replies to a message of others, to see it quoted", "400, and nothing of it")
def foreign_reply(world: World) -> None:
    for original in (world.secret_message["_id"], world.room_message):
        body = {"text": "re", "replyTo": original}
        answer = world.mallory.ask("POST", f"/api/messages/send/{world.mallory.id}", body)
        refused(answer, 400)
        absent(SECRET_TEXT, answer.text)


@attack("listens on an open socket while others talk", "hears none of it")
def eavesdropping(world: World) -> None:
    with world.mallory.socket() as ear, world.bob.socket() as bob:
        message = world.ann.send(world.bob, "between us")["_id"]
        world.ann.call("PUT", f"/api/messages/{message}", {"text": "between the two of us"})
        world.ann.call("POST", f"/api/rooms/{world.private_room}/messages", {"text": "between us members"})
        bob.ask("typing", {"to": world.ann.id})
        bob.ask("read", {"conversation": world.ann.conversation(world.bob), "seq": 1})
        that("newMessage" in [event for event, _ in bob.hears()], "what should be heard was not")
        same([event for event, _ in ear.hears() if event not in ("getOnlineUsers", "presence")], [])


@attack("looks for others' messages in an export of their own data", "their own alone")
def export(world: World) -> None:
    that(world.secret_message and world.room_message, "")
    answer = world.mallory.ask("GET", "/api/auth/export")
    same(answer.status_code, 200)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        for name in archive.namelist():
            text = archive.read(name).decode(errors="replace")
            world.watch.text(text, f"{name} of an export")
            for line in text.splitlines():
                world.watch.text(line, f"{name} of an export")
            absent(SECRET_TEXT, text)
            absent(ROOM_TEXT, text)


LISTS = ("/api/messages/users", "/api/rooms", "/api/auth/check", "/api/auth/sessions")


@attack("looks for others' last messages in the lists of people and rooms", "none of them")
def lists(world: World) -> None:
    that(world.secret_message and world.room_message, "")
    for path in LISTS:
        seen = content(world.mallory.ask("GET", path))
        absent(SECRET_TEXT, seen)
        absent(ROOM_TEXT, seen)
        absent(world.private_room, seen)
