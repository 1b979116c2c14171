"""What owners set in a room: more owners, the topic, whether it is public, who adds people, how long messages stay."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.clients.http import Person, Site
from tests.clients.wsgi import in_process

WHY = {"reason": "because"}


class Rooms:
    """A private room of Olga's, with the members Mia and Max, the longest first; Sam is not in it."""

    def __init__(self, site: Site) -> None:
        self.olga, self.mia, self.max, self.sam = (site.sign_up(name) for name in ("Olga", "Mia", "Max", "Sam"))
        self.path = f"/api/rooms/{self.olga.create_room('Room', self.mia, self.max)['_id']}"

    def put(self, person: Person, **settings: Any) -> Any:
        return person.call("PUT", self.path, settings)

    def share(self, owner: Person) -> Any:
        """Olga makes that member an owner too."""
        return self.olga.call("PUT", f"{self.path}/owners/{owner.id}")

    def leave(self, person: Person) -> Any:
        return person.call("DELETE", f"{self.path}/members/{person.id}")

    def notices(self, seen_by: Person) -> list[tuple[str, str]]:
        history = seen_by.call("GET", f"{self.path}/messages")
        return [(message["system"], message["text"]) for message in history if "system" in message]


@pytest.fixture
def rooms(site: Site) -> Rooms:
    return Rooms(site)


def test_a_new_owner_has_the_rights_of_the_first(rooms: Rooms) -> None:
    room = rooms.share(rooms.max)
    assert (room["ownerId"], room["owners"]) == (rooms.olga.id, [rooms.olga.id, rooms.max.id])
    assert rooms.put(rooms.max, name="Renamed")["name"] == "Renamed"
    said = rooms.mia.call("POST", f"{rooms.path}/messages", {"text": "hello"})
    assert rooms.max.call("DELETE", f"/api/messages/{said['_id']}")["deletedBy"] == "owner"
    rooms.max.call("DELETE", f"{rooms.path}/owners/{rooms.olga.id}")
    assert rooms.olga.ask("PUT", rooms.path, {"name": "Back"}).json()["code"] == "not_the_owner"
    assert rooms.max.call("GET", rooms.path)["ownerId"] == rooms.max.id
    assert rooms.notices(rooms.mia) == [
        ("owner", "Max is now an owner of the room"),
        ("renamed", "Max named the room Renamed"),
        ("not_owner", "Olga is no longer an owner of the room"),
    ]


def test_making_an_owner_twice_says_so_once(rooms: Rooms) -> None:
    assert rooms.share(rooms.mia) == rooms.share(rooms.mia)
    assert len(rooms.notices(rooms.mia)) == 1


def test_only_members_become_owners(rooms: Rooms) -> None:
    for user in (rooms.sam.id, "a" * 24):
        assert rooms.olga.ask("PUT", f"{rooms.path}/owners/{user}").json()["message"] == "no such member"


def test_the_last_owner_stays_one_until_they_leave(rooms: Rooms) -> None:
    answer = rooms.olga.ask("DELETE", f"{rooms.path}/owners/{rooms.olga.id}")
    assert (answer.status_code, answer.json()["message"]) == (
        400,
        "a room needs an owner: make another member one first",
    )
    assert rooms.olga.call("GET", rooms.path)["owners"] == [rooms.olga.id]


def test_when_the_last_owner_leaves_the_longest_member_is_one_and_the_room_says_so(rooms: Rooms) -> None:
    assert rooms.leave(rooms.olga)["owners"] == [rooms.mia.id]
    assert rooms.notices(rooms.max) == [("left", "Olga left"), ("owner", "Mia is now an owner of the room")]


def test_when_one_of_two_owners_leaves_the_other_is_the_only_one(rooms: Rooms) -> None:
    rooms.share(rooms.max)
    room = rooms.leave(rooms.olga)
    assert (room["ownerId"], room["owners"]) == (rooms.max.id, [rooms.max.id])
    assert rooms.notices(rooms.mia)[1:] == [("left", "Olga left")]


def test_a_deleted_account_leaves_its_rooms_to_the_longest_member(rooms: Rooms) -> None:
    rooms.share(rooms.max)
    for owner in (rooms.olga, rooms.max):
        owner.call("DELETE", "/api/auth/account", {"password": owner.password})
    assert rooms.mia.call("GET", rooms.path)["owners"] == [rooms.mia.id]
    assert rooms.notices(rooms.mia)[-1] == ("owner", "Mia is now an owner of the room")


def test_a_topic_is_set_and_removed(rooms: Rooms) -> None:
    assert rooms.put(rooms.olga, topic=" Plans for May ")["topic"] == "Plans for May"
    assert rooms.mia.call("GET", "/api/rooms")[0]["topic"] == "Plans for May"
    assert rooms.put(rooms.olga, topic="")["topic"] == ""
    assert rooms.put(rooms.olga, topic="")["name"] == "Room"
    assert rooms.notices(rooms.mia) == [
        ("topic", "Olga set the topic: Plans for May"),
        ("topic", "Olga removed the topic"),
    ]


def test_a_public_room_that_becomes_private_takes_no_one_more(rooms: Rooms) -> None:
    assert rooms.put(rooms.olga, public=True)["public"] is True
    rooms.sam.call("GET", rooms.path)
    assert rooms.put(rooms.olga, public=False)["public"] is False
    assert rooms.sam.ask("GET", rooms.path).status_code == 404
    assert rooms.sam.ask("POST", f"{rooms.path}/join").status_code == 404
    assert [text for _, text in rooms.notices(rooms.mia)] == ["Olga made the room public", "Olga made the room private"]


def test_members_add_people_only_if_the_room_lets_them(rooms: Rooms) -> None:
    add = ("POST", f"{rooms.path}/members", {"userId": rooms.sam.id})
    assert rooms.mia.ask(*add).json()["code"] == "not_the_owner"
    assert rooms.put(rooms.olga, membersInvite=True)["membersInvite"] is True
    assert rooms.sam.ask(*add).status_code == 404
    assert rooms.sam.id in rooms.mia.call(*add)["members"]
    assert rooms.mia.ask("DELETE", f"{rooms.path}/members/{rooms.sam.id}").json()["code"] == "not_the_owner"


def test_several_settings_change_at_once_and_the_others_stay(rooms: Rooms) -> None:
    rooms.put(rooms.olga, topic="Kept", membersInvite=True)
    room = rooms.put(rooms.olga, name="New", public=True, topic=None)
    shown = [room[field] for field in ("name", "public", "topic", "membersInvite", "messageTtlDays")]
    assert shown == ["New", True, "Kept", True, 0]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"name": None},
        {"name": " "},
        {"topic": "x" * 251},
        {"topic": "two\nlines"},
        {"topic": {"$ne": None}},
        {"public": "yes"},
        {"membersInvite": 1},
        {"messageTtlDays": -1},
        {"messageTtlDays": 1.5},
        {"messageTtlDays": 36_501},
        {"topic": "fine", "messageTtlDays": "30"},
    ],
)
def test_unfit_settings_are_refused_and_change_nothing(rooms: Rooms, settings: dict[str, Any]) -> None:
    before = rooms.olga.call("GET", rooms.path)
    assert rooms.olga.ask("PUT", rooms.path, settings).status_code == 400
    assert rooms.olga.call("GET", rooms.path) == before


def test_a_topic_may_have_250_characters(rooms: Rooms) -> None:
    assert rooms.put(rooms.olga, topic="🌷" * 250)["topic"] == "🌷" * 250


def test_members_are_told_how_long_messages_stay(rooms: Rooms) -> None:
    assert rooms.put(rooms.olga, messageTtlDays=7)["messageTtlDays"] == 7
    rooms.put(rooms.olga, messageTtlDays=0)
    assert [text for _, text in rooms.notices(rooms.mia)] == [
        "Messages lose their content after 7 days",
        "Messages are kept as long as the server keeps them",
    ]


def test_admins_set_how_long_messages_stay_in_any_room(rooms: Rooms, admin: Person) -> None:
    room = rooms.path.replace("rooms", "admin/rooms")
    assert admin.call("PUT", room, {"messageTtlDays": 7, **WHY})["messageTtlDays"] == 7
    assert rooms.olga.call("GET", rooms.path)["messageTtlDays"] == 7
    (entry,) = admin.call("GET", "/api/admin/log")["entries"]
    assert (entry["action"], entry["details"]) == ("room_retention_set", "7 days")
    assert admin.ask("PUT", room, {"messageTtlDays": 7}).status_code == 400
    assert admin.ask("GET", rooms.path).status_code == 404


def test_the_command_line_gives_a_room_whose_owner_is_gone_another(rooms: Rooms, app: Flask) -> None:
    run = app.test_cli_runner()
    room = rooms.path.rpartition("/")[2]
    assert run.invoke(args=["user", "deactivate", rooms.olga.email]).exit_code == 0
    result = run.invoke(args=["room", "add-owner", room, rooms.sam.email, "--reason", "Olga is gone"])
    assert result.stdout == "The room has one more owner.\n"
    assert rooms.sam.call("GET", rooms.path)["owners"] == [rooms.olga.id, rooms.sam.id]
    shown = run.invoke(args=["room", "show", room]).stdout
    assert rooms.olga.email in shown
    assert rooms.sam.email in shown
    assert run.invoke(args=["room", "set", room, "--message-ttl-days", "7"]).exit_code == 0
    assert rooms.sam.call("GET", rooms.path)["messageTtlDays"] == 7
    assert [entry.action for entry in app.extensions["chat"].store.audit.page(None, 2)] == [
        "room_retention_set",
        "room_owner_added",
    ]
    for words in (["show"], ["set", "--message-ttl-days", "7"]):
        refused = run.invoke(args=["room", *words, "a" * 24])
        assert (refused.exit_code, refused.stderr) == (1, "Error: no such room\n")


def test_a_room_keeps_messages_no_longer_than_its_server(make_app: Callable[..., Flask]) -> None:
    ann = in_process(make_app(message_ttl_days=30)).sign_up("Ann")
    room = f"/api/rooms/{ann.create_room('Den')['_id']}"
    answer = ann.ask("PUT", room, {"messageTtlDays": 31})
    assert (answer.status_code, answer.json()["message"]) == (
        400,
        "this server removes messages after 30 days: use at most that",
    )
    assert ann.call("PUT", room, {"messageTtlDays": 30})["messageTtlDays"] == 30
