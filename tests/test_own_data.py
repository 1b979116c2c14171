"""Taking one's data along, and going for good."""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId
from flask import Flask
from pymongo import MongoClient

from chat.config import Config
from chat.models.conversation import direct
from tests.clients.http import PASSWORD, Person
from tests.clients.sockets import Socket, wait_until
from tests.images import png

SignUp = Callable[[str], Person]
Connect = Callable[..., Socket]


def _export(person: Person) -> zipfile.ZipFile:
    answer = person.http.get("/api/auth/export")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/zip")
    return zipfile.ZipFile(io.BytesIO(answer.content))


def _lines(archive: zipfile.ZipFile, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in archive.read(name).splitlines()]


def _delete(person: Person, password: str = PASSWORD) -> int:
    return person.http.delete("/api/auth/account", json={"password": password}).status_code


def test_an_export_has_the_profile_the_sessions_and_all_messages(ann: Person, bob: Person) -> None:
    room = ann.http.post("/api/rooms", json={"name": "Garden", "members": [bob.id]}).json()
    ann.http.post(f"/api/rooms/{room['_id']}/messages", json={"text": "in the room"})
    ann.send(bob, "first")
    bob.send(ann, "second")
    with _export(ann) as archive:
        assert archive.testzip() is None
        assert json.loads(archive.read("profile.json"))["email"] == ann.email
        assert len(_lines(archive, "sessions.ndjson")) == 1
        assert {one.get("name") for one in _lines(archive, "conversations.ndjson")} == {"Garden", None}
        texts = [message["text"] for message in _lines(archive, "messages.ndjson")]
        assert sorted(texts) == ["first", "in the room", "second"]
        assert texts.index("second") < texts.index("first")
        assert b"$2b$" not in b"".join(archive.read(name) for name in archive.namelist())


def test_an_export_has_the_images_and_lists_missing_ones(ann: Person, bob: Person, config: Config) -> None:
    kept = ann.send(bob, "one", image=png(4, 4))["image"]
    gone = ann.send(bob, "two", image=png(5, 5))["image"]
    (config.data_dir / gone.lstrip("/")).unlink()
    picture = ann.http.put("/api/auth/update-profile", json={"profilePic": png(6, 6)}).json()["profilePic"]
    with _export(ann) as archive:
        for url in (kept, picture):
            assert archive.read(f"images/{Path(url).name}") == (config.data_dir / url.lstrip("/")).read_bytes()
        assert archive.read("missing-images.txt").decode() == gone


def test_an_export_has_no_conversations_of_others(ann: Person, bob: Person, sign_up: SignUp) -> None:
    sign_up("Cleo").send(bob, "not for Ann")
    with _export(ann) as archive:
        assert _lines(archive, "messages.ndjson") == []


def test_an_export_of_many_messages_has_them_all(ann: Person, bob: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat.controllers.account.PAGE", 3)
    for number in range(10):
        ann.send(bob, str(number))
    with _export(bob) as archive:
        assert [message["text"] for message in _lines(archive, "messages.ndjson")] == [str(n) for n in range(9, -1, -1)]


@pytest.mark.usefixtures("live")
def test_a_deleted_account_is_gone_and_its_sockets_close(ann: Person, bob: Person, connect: Connect) -> None:
    browser, socket = ann.log_in().http, connect(ann)
    assert _delete(ann) == 200
    wait_until(lambda: not socket.connected, seconds=1)
    assert browser.get("/api/auth/check").status_code == 404
    assert browser.post("/api/auth/login", json={"email": ann.email, "password": PASSWORD}).status_code == 400
    assert ann.id not in [user["_id"] for user in bob.http.get("/api/messages/users").json()]
    assert bob.http.post(f"/api/messages/send/{ann.id}", json={"text": "hello?"}).status_code == 404
    again = {"fullName": "Ann", "email": ann.email, "password": PASSWORD}
    assert browser.post("/api/auth/signup", json=again).status_code == 200


def test_messages_of_a_deleted_account_become_tombstones_on_open_devices_too(
    ann: Person, bob: Person, connect: Connect, app: Flask
) -> None:
    sent = ann.send(bob, "forget me", image=png(4, 4))
    answer = bob.send(ann, "an answer")
    socket = connect(bob)
    assert _delete(ann) == 200
    tombstone = socket.wait_for("messageUpdated")
    assert tombstone["_id"] == sent["_id"]
    assert "deletedAt" in tombstone
    assert not {"text", "image"} & set(tombstone)
    (conversation,) = bob.http.post("/api/messages/sync", json={"cursors": {}}).json()["conversations"]
    assert {message["_id"]: message.get("text") for message in conversation["messages"]} == {
        sent["_id"]: None,
        answer["_id"]: "an answer",
    }
    uploads = app.extensions["chat"].config.data_dir / "uploads"
    assert list(uploads.iterdir()) == []


def test_a_conversation_with_a_deleted_account_stays_readable_for_the_other(ann: Person, bob: Person) -> None:
    mine = bob.send(ann, "do you remember?")
    ann.send(bob, "I do")
    ann.call("POST", "/api/messages/read", {"conversation": mine["conversation"], "seq": 2})
    assert _delete(ann) == 200
    (listed,) = bob.call("GET", "/api/messages/users")
    assert bob.call("GET", "/api/messages/chats") == [listed]
    assert bob.call("GET", "/api/messages/contacts") == []
    assert {key: listed[key] for key in ("_id", "fullName", "email", "profilePic", "deleted")} == {
        **{"_id": ann.id, "fullName": "Deleted user", "email": "", "profilePic": "", "deleted": True}
    }
    assert listed["conversation"] == mine["conversation"]
    history = bob.history(ann)
    assert [message.get("text") for message in history] == ["do you remember?", None]
    assert listed["lastMessage"] == history[-1]
    assert [found["_id"] for found in bob.call("GET", f"/api/messages/search?q=remember&with={ann.id}")] == [
        mine["_id"]
    ]
    with _export(bob) as archive:
        assert [message.get("text") for message in _lines(archive, "messages.ndjson")] == [None, "do you remember?"]
    assert bob.ask("POST", f"/api/messages/send/{ann.id}", {"text": "hello?"}).status_code == 404
    assert bob.ask("DELETE", f"/api/messages/{mine['_id']}").status_code == 200


def test_a_history_with_no_one_is_not_found(ann: Person, bob: Person) -> None:
    assert ann.ask("GET", f"/api/messages/{'f' * 24}").status_code == 404
    assert ann.history(bob) == []
    assert _delete(bob) == 200
    assert ann.ask("GET", f"/api/messages/{bob.id}").status_code == 404
    assert ann.call("GET", "/api/messages/users") == []


def test_rooms_of_a_deleted_account_pass_to_another_owner(ann: Person, bob: Person) -> None:
    shared = ann.http.post("/api/rooms", json={"name": "Shared", "members": [bob.id]}).json()
    alone = ann.http.post("/api/rooms", json={"name": "Alone", "public": True}).json()
    left = bob.http.post("/api/rooms", json={"name": "Left", "members": [ann.id]}).json()
    ann.http.post(f"/api/rooms/{left['_id']}/messages", json={"text": "said and gone"})
    ann.http.delete(f"/api/rooms/{left['_id']}/members/{ann.id}")
    assert _delete(ann) == 200
    room = bob.http.get(f"/api/rooms/{shared['_id']}").json()
    assert (room["ownerId"], room["members"]) == (bob.id, [bob.id])
    assert bob.http.get(f"/api/rooms/{alone['_id']}").status_code == 404
    history = bob.http.get(f"/api/rooms/{left['_id']}/messages").json()
    assert "said and gone" not in [message.get("text") for message in history]


@pytest.mark.parametrize("body", [{"password": "wrong one"}, {}, {"password": None}])
def test_without_the_password_nothing_is_deleted(ann: Person, bob: Person, body: dict[str, Any]) -> None:
    ann.send(bob, "hello")
    assert ann.http.delete("/api/auth/account", json=body).status_code == 400
    assert ann.http.get("/api/auth/check").status_code == 200
    assert [message["text"] for message in bob.http.get(f"/api/messages/{ann.id}").json()] == ["hello"]


def test_reactions_of_a_deleted_account_go_also_in_rooms_that_it_left(
    ann: Person, bob: Person, sign_up: SignUp, connect: Connect
) -> None:
    carl = sign_up("Carl")
    room = bob.create_room("Garden", ann, carl)["_id"]
    said = bob.call("POST", f"/api/rooms/{room}/messages", {"text": "hello"})
    for person, emoji in ((ann, "👍"), (ann, "🎉"), (carl, "👍")):
        person.call("PUT", f"/api/messages/{said['_id']}/reactions/{emoji}")
    ann.call("DELETE", f"/api/rooms/{room}/members/{ann.id}")
    bobs = connect(bob)
    assert _delete(ann) == 200
    updated = bobs.wait_for("messageUpdated", lambda message: message["_id"] == said["_id"])
    assert updated["reactions"] == {"👍": [carl.id]}
    assert ann.id not in str(bob.call("GET", f"/api/rooms/{room}/messages")[0])


def test_notices_name_no_one_who_has_left_for_good(ann: Person, bob: Person, sign_up: SignUp) -> None:
    room = bob.create_room("Garden", sign_up("Carl"))["_id"]
    bob.call("POST", f"/api/rooms/{room}/members", {"userId": ann.id})
    bob.call("PUT", f"/api/rooms/{room}", {"name": "Meadow"})
    ann.call("PUT", "/api/auth/update-profile", {"fullName": "Anna"})
    before = [notice["text"] for notice in bob.call("GET", f"/api/rooms/{room}/messages")]
    assert before == ["Bob added Anna", "Bob named the room Meadow"]
    assert _delete(ann) == 200
    after = [notice["text"] for notice in bob.call("GET", f"/api/rooms/{room}/messages")]
    assert after == ["Bob added A deleted user", "Bob named the room Meadow", "A deleted user left"]
    assert bob.call("GET", "/api/rooms")[0]["lastMessage"]["text"] == "A deleted user left"
    assert "Ann" not in str(bob.call("POST", "/api/messages/sync", {"cursors": {}}))
    assert bob.call("GET", "/api/messages/search?q=Ann") == []


@pytest.mark.parametrize("config", ["mongo"], indirect=True)
class TestMessagesOfTheExpressBackend:
    @pytest.fixture(autouse=True)
    def written(self, config: Config, ann: Person, bob: Person) -> None:
        """Two messages without a number, one in each direction."""
        assert config.mongo_url
        time = datetime(2024, 1, 1, tzinfo=UTC)
        with MongoClient[dict[str, Any]](config.mongo_url) as client:
            for sender, receiver, text in ((ann, bob, "from Ann"), (bob, ann, "from Bob")):
                ids = {"senderId": ObjectId(sender.id), "receiverId": ObjectId(receiver.id)}
                fields = {"text": text, "image": f"/uploads/{text[5:]}.png", "createdAt": time, "updatedAt": time}
                client.get_default_database().messages.insert_one({**ids, **fields, "__v": 0})

    def test_are_in_an_export(self, ann: Person, bob: Person) -> None:
        with _export(ann) as archive:
            texts = {message["text"] for message in _lines(archive, "messages.ndjson")}
            assert texts == {"from Ann", "from Bob"}
            assert _lines(archive, "conversations.ndjson")[0]["_id"] == ann.conversation(bob)

    def test_go_with_the_account(self, ann: Person, bob: Person, app: Flask) -> None:
        assert _delete(ann) == 200
        store = app.extensions["chat"].store
        for number in (False, True):
            if number:
                list(store.legacy.number_messages())
            found = store.messages.page(direct(ann.id, bob.id), None, 10).messages
            shown = {message.sender_id: (message.text, message.image, bool(message.deleted_at)) for message in found}
            assert shown == {ann.id: (None, None, True), bob.id: ("from Bob", "/uploads/Bob.png", False)}
