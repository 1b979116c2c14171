"""Rooms: who may do what, what all members hear, and that a room has everything that a conversation has."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from tests.clients.http import Person
from tests.clients.sockets import Socket, wait_until

SignUp = Callable[[str], Person]
Connect = Callable[..., Socket]


class Rooms:
    """A private and a public room of Olga's with Mia as a member; Sam is in neither."""

    def __init__(self, sign_up: SignUp) -> None:
        self.owner, self.member, self.stranger, self.other = (sign_up(name) for name in ("Olga", "Mia", "Sam", "Oda"))
        self.private, self.public = (
            self.owner.http.post(
                "/api/rooms", json={"name": "Room", "public": public, "members": [self.member.id]}
            ).json()
            for public in (False, True)
        )

    def room(self, room: dict[str, Any]) -> dict[str, Any]:
        """How the room is now."""
        found: dict[str, Any] = self.owner.http.get(f"/api/rooms/{room['_id']}").json()
        return found


@pytest.fixture
def rooms(sign_up: SignUp) -> Rooms:
    return Rooms(sign_up)


def _say(person: Person, room: dict[str, Any], text: str, **fields: Any) -> dict[str, Any]:
    answer = person.http.post(f"/api/rooms/{room['_id']}/messages", json={"text": text, **fields})
    assert answer.status_code in (200, 201), answer.text
    message: dict[str, Any] = answer.json()
    return message


def _history(person: Person, room: dict[str, Any]) -> list[str]:
    return [message["text"] for message in person.http.get(f"/api/rooms/{room['_id']}/messages").json()]


def _rooms(person: Person) -> dict[str, dict[str, Any]]:
    return {room["_id"]: room for room in person.http.get("/api/rooms").json()}


# What each may do: (method, path, body), and the status for owner, member, stranger to a private and to a public room.
ACTIONS: dict[str, tuple[str, str, dict[str, Any] | None, tuple[int, int, int, int]]] = {
    "show": ("GET", "/api/rooms/{room}", None, (200, 200, 404, 200)),
    "rename": ("PUT", "/api/rooms/{room}", {"name": "New"}, (200, 403, 404, 403)),
    "set up": ("PUT", "/api/rooms/{room}", {"topic": "New", "public": False}, (200, 403, 404, 403)),
    "make an owner": ("PUT", "/api/rooms/{room}/owners/{member}", None, (200, 403, 404, 403)),
    "make an ordinary member": ("DELETE", "/api/rooms/{room}/owners/{owner}", None, (400, 403, 404, 403)),
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
def test_permissions_over_http(rooms: Rooms, action: str, role: int) -> None:
    method, path, body, statuses = ACTIONS[action]
    person = [rooms.owner, rooms.member, rooms.stranger, rooms.stranger][role]
    room = rooms.public if role == 3 else rooms.private
    names = {"room": room["_id"], "member": rooms.member.id, "owner": rooms.owner.id, "other": rooms.other.id}

    def fill(value: Any) -> Any:
        return value.format(**names) if isinstance(value, str) else value

    answer = person.http.request(method, fill(path), body and {key: fill(value) for key, value in body.items()})
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
def test_permissions_over_the_socket(rooms: Rooms, connect: Connect, event: str, role: int) -> None:
    name, payload, codes = EVENTS[event]
    person = [rooms.owner, rooms.member, rooms.stranger, rooms.stranger][role]
    room = rooms.public if role == 3 else rooms.private
    values = {
        key: value.format(room=room["_id"]) if isinstance(value, str) else value for key, value in payload.items()
    }
    answer = connect(person).ask(name, values)
    assert answer["ok"] is (codes[role] == "")
    assert answer.get("code", "") == codes[role]


def test_a_new_room_has_its_owner_and_members(rooms: Rooms) -> None:
    of_release_1_0 = {"_id", "name", "public", "ownerId", "members", "createdAt", "updatedAt"}
    assert set(rooms.private) == of_release_1_0 | {"owners", "topic", "membersInvite", "messageTtlDays"}
    assert (rooms.private["ownerId"], rooms.private["owners"]) == (rooms.owner.id, [rooms.owner.id])
    assert rooms.private["members"] == [rooms.owner.id, rooms.member.id]


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
def test_an_invalid_room_is_refused_and_not_stored(sign_up: SignUp, body: dict[str, Any], status: int) -> None:
    ann = sign_up("Ann")
    assert ann.http.post("/api/rooms", json=body).status_code == status
    assert ann.http.get("/api/rooms").json() == []


def test_the_list_has_my_rooms_newest_conversation_first_and_then_the_public_ones(rooms: Rooms) -> None:
    _say(rooms.owner, rooms.private, "one")
    _say(rooms.owner, rooms.public, "two")
    assert list(_rooms(rooms.member)) == [rooms.public["_id"], rooms.private["_id"]]
    assert list(_rooms(rooms.stranger)) == [rooms.public["_id"]]


def test_a_room_shows_the_last_message_and_what_is_unread(rooms: Rooms) -> None:
    last = _say(rooms.owner, rooms.private, "hello")
    entry = _rooms(rooms.member)[rooms.private["_id"]]
    assert (entry["unread"], entry["lastMessage"], entry["conversation"]) == (1, last, rooms.private["_id"])
    read = {"conversation": rooms.private["_id"], "seq": last["seq"]}
    rooms.member.http.post("/api/messages/read", json=read)
    assert _rooms(rooms.member)[rooms.private["_id"]]["unread"] == 0


def test_a_message_has_a_room_instead_of_a_receiver(rooms: Rooms) -> None:
    message = _say(rooms.member, rooms.private, "hello")
    assert message["room"] == rooms.private["_id"]
    assert "receiverId" not in message


def test_joins_and_leaves_appear_in_the_history(rooms: Rooms) -> None:
    _say(rooms.owner, rooms.public, "before")
    rooms.stranger.http.post(f"/api/rooms/{rooms.public['_id']}/join")
    rooms.stranger.http.delete(f"/api/rooms/{rooms.public['_id']}/members/{rooms.stranger.id}")
    assert _history(rooms.owner, rooms.public) == ["before", "Sam joined", "Sam left"]


def test_a_member_who_joins_later_sees_the_history_and_has_nothing_unread(rooms: Rooms) -> None:
    _say(rooms.owner, rooms.public, "before")
    rooms.stranger.http.post(f"/api/rooms/{rooms.public['_id']}/join")
    assert _history(rooms.stranger, rooms.public)[0] == "before"
    assert _rooms(rooms.stranger)[rooms.public["_id"]]["unread"] == 0


def test_joining_twice_is_the_same_as_once(rooms: Rooms) -> None:
    for _ in range(2):
        rooms.stranger.http.post(f"/api/rooms/{rooms.public['_id']}/join")
    assert rooms.room(rooms.public)["members"].count(rooms.stranger.id) == 1
    assert _history(rooms.owner, rooms.public) == ["Sam joined"]


def test_when_the_owner_leaves_the_longest_standing_member_becomes_the_owner(rooms: Rooms) -> None:
    room = rooms.private["_id"]
    rooms.owner.http.post(f"/api/rooms/{room}/members", json={"userId": rooms.other.id})
    left = rooms.owner.http.delete(f"/api/rooms/{room}/members/{rooms.owner.id}").json()
    assert (left["ownerId"], left["members"]) == (rooms.member.id, [rooms.member.id, rooms.other.id])
    assert rooms.member.http.put(f"/api/rooms/{room}", json={"name": "Mine"}).status_code == 200


def test_a_notice_names_the_new_owner_when_the_owner_leaves(rooms: Rooms) -> None:
    rooms.owner.http.delete(f"/api/rooms/{rooms.private['_id']}/members/{rooms.owner.id}")
    assert _history(rooms.member, rooms.private) == ["Olga left", "Mia is now an owner of the room"]


def test_a_notice_names_the_new_owner_when_the_owner_deletes_the_account(rooms: Rooms) -> None:
    assert rooms.owner.delete()
    assert _history(rooms.member, rooms.private) == ["A deleted user left", "Mia is now an owner of the room"]


def test_a_room_that_all_members_left_is_deleted(rooms: Rooms) -> None:
    room = rooms.public["_id"]
    for person in (rooms.owner, rooms.member):
        person.http.delete(f"/api/rooms/{room}/members/{person.id}")
    assert rooms.stranger.http.get(f"/api/rooms/{room}").status_code == 404


def test_a_deleted_room_is_gone_with_its_messages(rooms: Rooms, connect: Connect) -> None:
    message = _say(rooms.member, rooms.private, "findable")
    socket = connect(rooms.member)
    rooms.owner.http.delete(f"/api/rooms/{rooms.private['_id']}")
    assert socket.wait_for("roomUpdated") == {**rooms.private, "deleted": True}
    assert rooms.private["_id"] not in _rooms(rooms.member)
    assert rooms.member.http.put(f"/api/messages/{message['_id']}", json={"text": "x"}).status_code == 404
    assert rooms.member.http.get("/api/messages/search?q=findable").json() == []


def test_members_get_new_messages_without_join_room_and_strangers_do_not(rooms: Rooms, connect: Connect) -> None:
    owners, members, strangers = connect(rooms.owner), connect(rooms.member), connect(rooms.stranger)
    message = _say(rooms.owner, rooms.public, "hello")
    assert owners.wait_for("new_message") == members.wait_for("new_message") == message
    rooms.owner.send(rooms.stranger, "after")
    strangers.wait_for("newMessage")
    assert strangers.all("new_message") == []


def test_sending_over_the_socket_equals_sending_over_http(rooms: Rooms, connect: Connect) -> None:
    owners, members = connect(rooms.owner), connect(rooms.member)
    other_tab = connect(rooms.owner)
    answer = owners.ask("send_message", {"room": rooms.private["_id"], "text": "hello", "clientId": "c1"})
    assert answer["ok"] is True
    message = answer["message"]
    assert members.wait_for("new_message") == other_tab.wait_for("new_message") == message
    assert _say(rooms.owner, rooms.private, "hello", clientId="c1") == message
    assert owners.all("new_message") == []


def test_a_direct_message_over_the_socket_reaches_the_other_side_and_my_other_tabs(
    rooms: Rooms, connect: Connect
) -> None:
    mine, my_tab, theirs = connect(rooms.owner), connect(rooms.owner), connect(rooms.member)
    message = mine.ask("send_message", {"to": rooms.member.id, "text": "hello"})["message"]
    assert theirs.wait_for("newMessage") == my_tab.wait_for("newMessage") == message
    assert mine.all("newMessage") == []


def test_joining_over_the_socket_says_joined(rooms: Rooms, connect: Connect) -> None:
    strangers = connect(rooms.stranger)
    answer = strangers.ask("join_room", {"room": rooms.public["_id"]})
    assert rooms.stranger.id in answer["room"]["members"]
    assert strangers.wait_for("joined") == {"room": rooms.public["_id"]}
    message = _say(rooms.owner, rooms.public, "welcome")
    assert strangers.wait_for("new_message", lambda heard: heard["text"] == "welcome") == message


def test_all_members_are_told_about_changes_of_the_room(rooms: Rooms, connect: Connect) -> None:
    members = connect(rooms.member)
    room = f"/api/rooms/{rooms.private['_id']}"
    rooms.owner.http.put(room, json={"name": "Renamed"})
    members.wait_for("roomUpdated", lambda heard: heard["name"] == "Renamed")
    rooms.owner.http.post(f"{room}/members", json={"userId": rooms.other.id})
    members.wait_for("roomUpdated", lambda heard: rooms.other.id in heard["members"])


def test_a_removed_member_gets_nothing_more_on_any_socket(rooms: Rooms, connect: Connect) -> None:
    sockets = [connect(rooms.member), connect(rooms.member, transports=["polling"])]
    rooms.owner.http.delete(f"/api/rooms/{rooms.private['_id']}/members/{rooms.member.id}")
    for socket in sockets:
        socket.wait_for("roomUpdated", lambda heard: rooms.member.id not in heard["members"])
    message = _say(rooms.owner, rooms.private, "about Mia")
    rooms.owner.http.put(f"/api/messages/{message['_id']}", json={"text": "still about Mia"})
    connect(rooms.owner).ask("typing", {"room": rooms.private["_id"]})
    rooms.owner.send(rooms.member, "after")
    for socket in sockets:
        socket.wait_for("newMessage")
        assert not [name for name, _ in socket.heard if name in ("new_message", "messageUpdated", "typing")]
    assert rooms.member.http.get("/api/messages/search?q=about").json() == []


def test_a_removed_member_cannot_touch_their_old_messages(rooms: Rooms) -> None:
    message = _say(rooms.member, rooms.private, "hello")
    rooms.owner.http.delete(f"/api/rooms/{rooms.private['_id']}/members/{rooms.member.id}")
    path = f"/api/messages/{message['_id']}"
    assert rooms.member.http.put(path, json={"text": "x"}).status_code == 404
    assert rooms.member.http.put(f"{path}/reactions/{quote('👍')}").status_code == 404


def test_a_room_has_edits_deletions_reactions_replies_sync_and_search(rooms: Rooms, connect: Connect) -> None:
    socket = connect(rooms.member)
    message = _say(rooms.owner, rooms.private, "hello")
    path = f"/api/messages/{message['_id']}"
    _say(rooms.member, rooms.private, "answer", replyTo=message["_id"])
    rooms.member.http.put(f"{path}/reactions/{quote('👍')}")
    rooms.owner.http.put(path, json={"text": "hello all"})
    found = rooms.member.http.get(f"/api/messages/search?q=hello&with={rooms.private['_id']}").json()[0]
    assert (found["text"], found["reactions"]) == ("hello all", {"👍": [rooms.member.id]})
    tombstone = rooms.owner.http.delete(path).json()
    (changes,) = rooms.member.http.post("/api/messages/sync", json={}).json()["conversations"]
    assert changes["messages"][-1] == tombstone
    wait_until(lambda: len(socket.all("messageUpdated")) == 3)


def test_typing_in_a_room_reaches_the_other_members(rooms: Rooms, connect: Connect) -> None:
    members, owners = connect(rooms.member), connect(rooms.owner)
    assert members.ask("typing", {"room": rooms.private["_id"]}) == {"ok": True}
    assert owners.wait_for("typing") == {"conversation": rooms.private["_id"], "userId": rooms.member.id}


def test_messages_of_a_blocked_user_are_marked_only_for_the_one_who_blocks(rooms: Rooms, connect: Connect) -> None:
    rooms.owner.http.post(f"/api/messages/block/{rooms.member.id}")
    owners, members = connect(rooms.owner), connect(rooms.member)
    message = _say(rooms.member, rooms.private, "hello")
    assert owners.wait_for("new_message") == {**message, "blocked": True}
    assert members.wait_for("new_message") == message
    assert rooms.owner.http.get(f"/api/rooms/{rooms.private['_id']}/messages").json() == [{**message, "blocked": True}]
    assert rooms.member.http.get(f"/api/rooms/{rooms.private['_id']}/messages").json() == [message]


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
def test_a_malformed_event_gets_an_error_and_the_socket_stays_open(rooms: Rooms, connect: Connect, event: str) -> None:
    socket = connect(rooms.owner)
    for payload in [*MALFORMED, {"cursors": {"x": "y"}}, {"cursors": []}]:
        answer = socket.ask(event, payload)
        if event == "sync" and isinstance(payload, dict) and "cursors" not in payload:
            assert answer["ok"] is True  # it may name nothing, and keys that it does not know are ignored
        else:
            assert (answer["ok"], set(answer)) == (False, {"ok", "code", "message"}), payload
    assert socket.ask("typing", {"to": rooms.member.id}) == {"ok": True}


def test_a_user_id_that_is_not_in_the_room_cannot_be_removed(rooms: Rooms) -> None:
    path = f"/api/rooms/{rooms.private['_id']}/members/{rooms.stranger.id}"
    assert rooms.owner.http.delete(path).status_code == 404
