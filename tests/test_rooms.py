"""Rooms: who may do what, what everybody hears, and that a room has everything that a conversation has."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from tests.conftest import Person
from tests.sockets import Socket, wait_until

SignUp = Callable[[str], Person]
Connect = Callable[..., Socket]


class World:
    """A private and a public room of Olga's with Mia as a member; Sam is in neither."""

    def __init__(self, sign_up: SignUp) -> None:
        self.owner, self.member, self.stranger, self.other = (sign_up(name) for name in ("Olga", "Mia", "Sam", "Oda"))
        self.private, self.public = (
            self.owner.http.post(
                "/api/rooms", json={"name": "Room", "public": public, "members": [self.member.id]}
            ).json
            or {}
            for public in (False, True)
        )

    def room(self, room: dict[str, Any]) -> dict[str, Any]:
        """How the room is now."""
        found: dict[str, Any] = self.owner.http.get(f"/api/rooms/{room['_id']}").json or {}
        return found


@pytest.fixture
def world(sign_up: SignUp) -> World:
    return World(sign_up)


def _say(person: Person, room: dict[str, Any], text: str, **fields: Any) -> dict[str, Any]:
    answer = person.http.post(f"/api/rooms/{room['_id']}/messages", json={"text": text, **fields})
    assert answer.status_code in (200, 201), answer.text
    message: dict[str, Any] = answer.json or {}
    return message


def _history(person: Person, room: dict[str, Any]) -> list[str]:
    return [message["text"] for message in person.http.get(f"/api/rooms/{room['_id']}/messages").json or []]


def _rooms(person: Person) -> dict[str, dict[str, Any]]:
    return {room["_id"]: room for room in person.http.get("/api/rooms").json or []}


# What each may do: (method, path, body), and the status for owner, member, stranger to a private and to a public room.
ACTIONS: dict[str, tuple[str, str, dict[str, Any] | None, tuple[int, int, int, int]]] = {
    "show": ("GET", "/api/rooms/{room}", None, (200, 200, 404, 200)),
    "rename": ("PUT", "/api/rooms/{room}", {"name": "New"}, (200, 403, 404, 403)),
    "delete": ("DELETE", "/api/rooms/{room}", None, (200, 403, 404, 403)),
    "join": ("POST", "/api/rooms/{room}/join", None, (200, 200, 404, 200)),
    "add": ("POST", "/api/rooms/{room}/members", {"userId": "{other}"}, (200, 403, 404, 403)),
    "remove another": ("DELETE", "/api/rooms/{room}/members/{member}", None, (200, 200, 404, 403)),
    "remove the owner": ("DELETE", "/api/rooms/{room}/members/{owner}", None, (200, 403, 404, 403)),
    "read": ("GET", "/api/rooms/{room}/messages", None, (200, 200, 404, 403)),
    "send": ("POST", "/api/rooms/{room}/messages", {"text": "x"}, (201, 201, 404, 403)),
    "mark as read": ("POST", "/api/messages/read", {"conversation": "{room}", "seq": 1}, (200, 200, 404, 404)),
}
ROLES = ["owner", "member", "stranger to a private room", "stranger to a public room"]


@pytest.mark.parametrize("role", range(4), ids=ROLES)
@pytest.mark.parametrize("action", ACTIONS)
def test_who_may_do_what_over_http(world: World, action: str, role: int) -> None:
    method, path, body, statuses = ACTIONS[action]
    person = [world.owner, world.member, world.stranger, world.stranger][role]
    room = world.public if role == 3 else world.private
    names = {"room": room["_id"], "member": world.member.id, "owner": world.owner.id, "other": world.other.id}

    def fill(value: Any) -> Any:
        return value.format(**names) if isinstance(value, str) else value

    answer = person.http.open(
        fill(path), method=method, json=body and {key: fill(value) for key, value in body.items()}
    )
    assert answer.status_code == statuses[role], answer.text


# The same for events: payload, and the code of the refusal ("" where it is taken).
EVENTS: dict[str, tuple[str, dict[str, Any], tuple[str, str, str, str]]] = {
    "join": ("join_room", {"room": "{room}"}, ("", "", "not_found", "")),
    "leave": ("leave_room", {"room": "{room}"}, ("", "", "not_found", "not_a_member")),
    "send": ("send_message", {"room": "{room}", "text": "x"}, ("", "", "not_found", "not_a_member")),
    "type": ("typing", {"room": "{room}"}, ("", "", "not_found", "not_found")),
    "read": ("read", {"conversation": "{room}", "seq": 1}, ("", "", "not_found", "not_found")),
}


@pytest.mark.parametrize("role", range(4), ids=ROLES)
@pytest.mark.parametrize("event", EVENTS)
def test_who_may_do_what_over_the_socket(world: World, connect: Connect, event: str, role: int) -> None:
    name, payload, codes = EVENTS[event]
    person = [world.owner, world.member, world.stranger, world.stranger][role]
    room = world.public if role == 3 else world.private
    values = {
        key: value.format(room=room["_id"]) if isinstance(value, str) else value for key, value in payload.items()
    }
    answer = connect(person).ask(name, values)
    assert answer["ok"] is (codes[role] == "")
    assert answer.get("code", "") == codes[role]


def test_a_new_room_has_its_owner_and_members(world: World) -> None:
    assert set(world.private) == {"_id", "name", "public", "ownerId", "members", "createdAt", "updatedAt"}
    assert world.private["ownerId"] == world.owner.id
    assert world.private["members"] == [world.owner.id, world.member.id]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"name": " "}, 400),
        ({"name": "x" * 101}, 400),
        ({"name": "x", "public": "yes"}, 400),
        ({"name": "x", "members": ["not an id"]}, 400),
        ({"name": "x", "members": ["a" * 24]}, 404),
    ],
)
def test_an_unfit_room_is_refused_and_not_kept(sign_up: SignUp, body: dict[str, Any], status: int) -> None:
    ann = sign_up("Ann")
    assert ann.http.post("/api/rooms", json=body).status_code == status
    assert ann.http.get("/api/rooms").json == []


def test_the_list_has_my_rooms_newest_conversation_first_and_then_the_public_ones(world: World) -> None:
    _say(world.owner, world.private, "one")
    _say(world.owner, world.public, "two")
    assert list(_rooms(world.member)) == [world.public["_id"], world.private["_id"]]
    assert list(_rooms(world.stranger)) == [world.public["_id"]]


def test_a_room_shows_the_last_message_and_what_is_unread(world: World) -> None:
    last = _say(world.owner, world.private, "hello")
    entry = _rooms(world.member)[world.private["_id"]]
    assert (entry["unread"], entry["lastMessage"], entry["conversation"]) == (1, last, world.private["_id"])
    read = {"conversation": world.private["_id"], "seq": last["seq"]}
    world.member.http.post("/api/messages/read", json=read)
    assert _rooms(world.member)[world.private["_id"]]["unread"] == 0


def test_a_message_carries_its_room_in_place_of_a_receiver(world: World) -> None:
    message = _say(world.member, world.private, "hello")
    assert message["room"] == world.private["_id"]
    assert "receiverId" not in message


def test_joins_and_leaves_are_told_in_the_history(world: World) -> None:
    _say(world.owner, world.public, "before")
    world.stranger.http.post(f"/api/rooms/{world.public['_id']}/join")
    world.stranger.http.delete(f"/api/rooms/{world.public['_id']}/members/{world.stranger.id}")
    assert _history(world.owner, world.public) == ["before", "Sam joined", "Sam left"]


def test_who_joins_later_sees_the_history_and_has_nothing_unread(world: World) -> None:
    _say(world.owner, world.public, "before")
    world.stranger.http.post(f"/api/rooms/{world.public['_id']}/join")
    assert _history(world.stranger, world.public)[0] == "before"
    assert _rooms(world.stranger)[world.public["_id"]]["unread"] == 0


def test_joining_twice_is_the_same_as_once(world: World) -> None:
    for _ in range(2):
        world.stranger.http.post(f"/api/rooms/{world.public['_id']}/join")
    assert world.room(world.public)["members"].count(world.stranger.id) == 1
    assert _history(world.owner, world.public) == ["Sam joined"]


def test_an_owner_who_leaves_passes_the_room_to_the_member_of_longest_standing(world: World) -> None:
    room = world.private["_id"]
    world.owner.http.post(f"/api/rooms/{room}/members", json={"userId": world.other.id})
    left = world.owner.http.delete(f"/api/rooms/{room}/members/{world.owner.id}").json or {}
    assert (left["ownerId"], left["members"]) == (world.member.id, [world.member.id, world.other.id])
    assert world.member.http.put(f"/api/rooms/{room}", json={"name": "Mine"}).status_code == 200


def test_a_room_that_everybody_left_is_gone(world: World) -> None:
    room = world.public["_id"]
    for person in (world.owner, world.member):
        person.http.delete(f"/api/rooms/{room}/members/{person.id}")
    assert world.stranger.http.get(f"/api/rooms/{room}").status_code == 404


def test_a_deleted_room_is_gone_with_its_messages(world: World, connect: Connect) -> None:
    message = _say(world.member, world.private, "findable")
    socket = connect(world.member)
    world.owner.http.delete(f"/api/rooms/{world.private['_id']}")
    assert socket.wait_for("roomUpdated") == {**world.private, "deleted": True}
    assert world.private["_id"] not in _rooms(world.member)
    assert world.member.http.put(f"/api/messages/{message['_id']}", json={"text": "x"}).status_code == 404
    assert world.member.http.get("/api/messages/search?q=findable").json == []


def test_members_hear_new_messages_without_joining_first_and_strangers_do_not(world: World, connect: Connect) -> None:
    owners, members, strangers = connect(world.owner), connect(world.member), connect(world.stranger)
    message = _say(world.owner, world.public, "hello")
    assert owners.wait_for("new_message") == members.wait_for("new_message") == message
    world.owner.send(world.stranger, "after")
    strangers.wait_for("newMessage")
    assert strangers.all("new_message") == []


def test_sending_over_the_socket_equals_sending_over_http(world: World, connect: Connect) -> None:
    owners, members = connect(world.owner), connect(world.member)
    other_tab = connect(world.owner)
    answer = owners.ask("send_message", {"room": world.private["_id"], "text": "hello", "clientId": "c1"})
    assert answer["ok"] is True
    message = answer["message"]
    assert members.wait_for("new_message") == other_tab.wait_for("new_message") == message
    assert _say(world.owner, world.private, "hello", clientId="c1") == message
    assert owners.all("new_message") == []


def test_a_direct_message_over_the_socket_reaches_the_other_side_and_my_other_tabs(
    world: World, connect: Connect
) -> None:
    mine, my_tab, theirs = connect(world.owner), connect(world.owner), connect(world.member)
    message = mine.ask("send_message", {"to": world.member.id, "text": "hello"})["message"]
    assert theirs.wait_for("newMessage") == my_tab.wait_for("newMessage") == message
    assert mine.all("newMessage") == []


def test_joining_over_the_socket_says_joined(world: World, connect: Connect) -> None:
    strangers = connect(world.stranger)
    answer = strangers.ask("join_room", {"room": world.public["_id"]})
    assert world.stranger.id in answer["room"]["members"]
    assert strangers.wait_for("joined") == {"room": world.public["_id"]}
    message = _say(world.owner, world.public, "welcome")
    assert strangers.wait_for("new_message", lambda heard: heard["text"] == "welcome") == message


def test_everybody_in_a_room_hears_of_its_changes(world: World, connect: Connect) -> None:
    members = connect(world.member)
    room = f"/api/rooms/{world.private['_id']}"
    world.owner.http.put(room, json={"name": "Renamed"})
    members.wait_for("roomUpdated", lambda heard: heard["name"] == "Renamed")
    world.owner.http.post(f"{room}/members", json={"userId": world.other.id})
    members.wait_for("roomUpdated", lambda heard: world.other.id in heard["members"])


def test_a_removed_member_hears_nothing_more_on_any_socket(world: World, connect: Connect) -> None:
    sockets = [connect(world.member), connect(world.member, transports=["polling"])]
    world.owner.http.delete(f"/api/rooms/{world.private['_id']}/members/{world.member.id}")
    for socket in sockets:
        socket.wait_for("roomUpdated", lambda heard: world.member.id not in heard["members"])
    message = _say(world.owner, world.private, "about Mia")
    world.owner.http.put(f"/api/messages/{message['_id']}", json={"text": "still about Mia"})
    connect(world.owner).ask("typing", {"room": world.private["_id"]})
    world.owner.send(world.member, "after")
    for socket in sockets:
        socket.wait_for("newMessage")
        assert not [name for name, _ in socket.heard if name in ("new_message", "messageUpdated", "typing")]
    assert world.member.http.get("/api/messages/search?q=about").json == []


def test_a_removed_member_cannot_touch_their_old_messages(world: World) -> None:
    message = _say(world.member, world.private, "hello")
    world.owner.http.delete(f"/api/rooms/{world.private['_id']}/members/{world.member.id}")
    path = f"/api/messages/{message['_id']}"
    assert world.member.http.put(path, json={"text": "x"}).status_code == 404
    assert world.member.http.put(f"{path}/reactions/{quote('👍')}").status_code == 404


def test_a_room_has_edits_deletions_reactions_replies_sync_and_search(world: World, connect: Connect) -> None:
    socket = connect(world.member)
    message = _say(world.owner, world.private, "hello")
    path = f"/api/messages/{message['_id']}"
    _say(world.member, world.private, "answer", replyTo=message["_id"])
    world.member.http.put(f"{path}/reactions/{quote('👍')}")
    world.owner.http.put(path, json={"text": "hello all"})
    found = (world.member.http.get(f"/api/messages/search?q=hello&with={world.private['_id']}").json or [])[0]
    assert (found["text"], found["reactions"]) == ("hello all", {"👍": [world.member.id]})
    tombstone = world.owner.http.delete(path).json
    (changes,) = (world.member.http.post("/api/messages/sync", json={}).json or {})["conversations"]
    assert changes["messages"][-1] == tombstone
    wait_until(lambda: len(socket.all("messageUpdated")) == 3)


def test_typing_in_a_room_reaches_the_other_members(world: World, connect: Connect) -> None:
    members, owners = connect(world.member), connect(world.owner)
    assert members.ask("typing", {"room": world.private["_id"]}) == {"ok": True}
    assert owners.wait_for("typing") == {"conversation": world.private["_id"], "userId": world.member.id}


def test_messages_of_somebody_i_block_are_marked_for_me_alone(world: World, connect: Connect) -> None:
    world.owner.http.post(f"/api/messages/block/{world.member.id}")
    owners, members = connect(world.owner), connect(world.member)
    message = _say(world.member, world.private, "hello")
    assert owners.wait_for("new_message") == {**message, "blocked": True}
    assert members.wait_for("new_message") == message
    assert world.owner.http.get(f"/api/rooms/{world.private['_id']}/messages").json == [{**message, "blocked": True}]
    assert world.member.http.get(f"/api/rooms/{world.private['_id']}/messages").json == [message]


MALFORMED: list[Any] = [
    None,
    "text",
    5,
    [],
    {},
    {"room": 5},
    {"room": "x"},
    {"room": {"$ne": None}},
    {"room": "\x00" * 24},
]


@pytest.mark.parametrize("event", ["join_room", "leave_room", "send_message", "typing", "read", "sync"])
def test_a_malformed_event_is_answered_and_the_socket_lives_on(world: World, connect: Connect, event: str) -> None:
    socket = connect(world.owner)
    for payload in [*MALFORMED, {"cursors": {"x": "y"}}, {"cursors": []}]:
        answer = socket.ask(event, payload)
        if event == "sync" and isinstance(payload, dict) and "cursors" not in payload:
            assert answer["ok"] is True  # it may name nothing, and keys that it does not know are ignored
        else:
            assert (answer["ok"], set(answer)) == (False, {"ok", "code", "message"}), payload
    assert socket.ask("typing", {"to": world.member.id}) == {"ok": True}


def test_a_user_id_that_is_not_in_the_room_cannot_be_removed(world: World) -> None:
    path = f"/api/rooms/{world.private['_id']}/members/{world.stranger.id}"
    assert world.owner.http.delete(path).status_code == 404
