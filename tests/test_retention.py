"""Old messages lose their content, images too, and keep their place."""

from collections.abc import Callable

import pytest
from flask import Flask

from chat.controllers import retention
from chat.models.values import now
from tests.clients.http import Person, Site
from tests.clients.wsgi import in_process
from tests.images import png

DAY = 24 * 3600 * 1000


@pytest.fixture
def app(make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch) -> Flask:
    monkeypatch.setattr("chat.middleware.chores._repeat", lambda *_: None)
    return make_app(message_ttl_days=30)


def _purge(app: Flask, monkeypatch: pytest.MonkeyPatch, days: float) -> int:
    """How many messages are purged so many days from now."""
    monkeypatch.setattr(retention, "now", lambda: now() + int(days * DAY))
    with app.app_context():
        return sum(retention.purge())


def test_messages_lose_their_content_when_their_time_is_over(
    app: Flask, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = site.sign_up("Ann"), site.sign_up("Bob")
    sent = ann.send(bob, "hello", image=png())
    assert ann.http.get(sent["image"]).status_code == 200
    assert _purge(app, monkeypatch, 29.9) == 0
    assert bob.history(ann) == [sent]
    assert _purge(app, monkeypatch, 30.1) == 1
    assert _purge(app, monkeypatch, 30.1) == 0
    (tombstone,) = bob.history(ann)
    assert (tombstone["seq"], tombstone["deletedBy"]) == (sent["seq"], "retention")
    assert not {"text", "image"} & set(tombstone)
    assert ann.http.get(sent["image"]).status_code == 404
    assert bob.call("GET", "/api/messages/search?q=hello") == []


def test_notices_of_rooms_stay(app: Flask, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = site.sign_up("Ann")
    room = ann.create_room("Den")["_id"]
    ann.call("PUT", f"/api/rooms/{room}", {"name": "Lair"})
    ann.call("POST", f"/api/rooms/{room}/messages", {"text": "hello"})
    assert _purge(app, monkeypatch, 31) == 1
    assert [message.get("system") for message in ann.call("GET", f"/api/rooms/{room}/messages")] == ["renamed", None]


def test_a_room_has_its_own_shorter_time(app: Flask, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = site.sign_up("Ann")
    room, other = (f"/api/rooms/{ann.create_room(name)['_id']}" for name in ("Den", "Hall"))
    ann.call("PUT", room, {"messageTtlDays": 7})
    sent = ann.call("POST", f"{room}/messages", {"text": "hello", "image": png()})
    ann.call("POST", f"{other}/messages", {"text": "hello"})
    assert _purge(app, monkeypatch, 6.9) == 0
    assert _purge(app, monkeypatch, 7.1) == 1
    assert _purge(app, monkeypatch, 7.1) == 0
    notice, tombstone = ann.call("GET", f"{room}/messages")
    assert (notice["system"], tombstone["deletedBy"]) == ("retention", "retention")
    assert ann.http.get(sent["image"]).status_code == 404
    assert ann.call("GET", f"{other}/messages")[0]["text"] == "hello"


def test_a_room_has_a_time_on_a_server_without_one(
    make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app()
    monkeypatch.setattr(retention, "PAGE", 2)
    ann = in_process(app).sign_up("Ann")
    room = f"/api/rooms/{ann.create_room('Den')['_id']}"
    for text in "abcde":
        ann.call("POST", f"{room}/messages", {"text": text})
    ann.send(ann, "note")
    purge = ["purge", "--yes"]
    assert app.test_cli_runner().invoke(args=purge).stderr == "Error: set MESSAGE_TTL_DAYS, or give --days\n"
    ann.call("PUT", room, {"messageTtlDays": 1})
    monkeypatch.setattr(retention, "now", lambda: now() + 2 * DAY)
    assert app.test_cli_runner().invoke(args=purge).stdout == "5 messages have lost their content.\n"
    assert ann.history(ann)[0]["text"] == "note"


def test_without_a_time_messages_stay(make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_app()
    site = in_process(app)
    site.sign_up("Ann").send(site.sign_up("Bob"), "hello")
    assert _purge(app, monkeypatch, 10_000) == 0


def test_purging_by_hand_is_in_the_log(app: Flask, admin: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    admin.send(admin, "note")
    monkeypatch.setattr(retention, "now", lambda: now() + 2 * DAY)
    run = app.test_cli_runner()
    assert run.invoke(args=["purge", "--days", "3", "--yes"]).stdout == "0 messages have lost their content.\n"
    assert run.invoke(args=["purge", "--days", "1", "--yes"]).stdout == "1 messages have lost their content.\n"
    entries = admin.call("GET", "/api/admin/log")["entries"]
    assert [(entry["action"], entry["details"]) for entry in entries] == [
        ("messages_purged", "older than 1 days"),
        ("messages_purged", "older than 3 days"),
    ]
