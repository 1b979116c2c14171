"""Handlers, documents and emitted events match the declarations of events."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import msgspec

from chat import events
from chat.events import SERVER_EVENTS
from chat.realtime.server import socketio
from chat.sockets import CLIENT_EVENTS
from tests.clients.http import Person
from tests.clients.sockets import Socket, wait_until
from tests.services import ROOT


def test_every_event_of_the_server_has_a_name_of_its_own() -> None:
    declared = [event for event in vars(events).values() if isinstance(event, events.ServerEvent)]
    assert len(declared) == len(SERVER_EVENTS)


def test_every_declared_event_of_clients_has_a_handler_and_no_other_has() -> None:
    handled = {name for name, _, _ in socketio.handlers}
    assert handled == set(CLIENT_EVENTS) | {"connect", "disconnect"}


def test_the_documents_are_up_to_date() -> None:
    run = subprocess.run([sys.executable, "scripts/event_docs.py", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, f"run scripts/event_docs.py: {run.stderr}"


def test_every_reference_in_the_asyncapi_document_resolves() -> None:
    document = json.loads((ROOT / "docs" / "asyncapi.json").read_text())

    def references(value: Any) -> list[str]:
        if isinstance(value, dict):
            return [text for key, inner in value.items() for text in ([inner] if key == "$ref" else references(inner))]
        return [text for inner in value for text in references(inner)] if isinstance(value, list) else []

    for reference in references(document):
        place: Any = document
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]


def test_emitted_events_match_their_declarations(
    sign_up: Callable[[str], Person], connect: Callable[..., Socket]
) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    socket = connect(bob)
    anns = connect(ann, auth={"presence": "diff"})
    other_tab = connect(bob)
    message = ann.send(bob, "hello")
    bob.http.put(f"/api/messages/{message['_id']}/reactions/{quote('👍')}")
    ann.http.put(f"/api/messages/{message['_id']}", json={"text": "changed"})
    anns.ask("typing", {"to": bob.id})
    other_tab.ask("read", {"conversation": message["conversation"], "seq": 1})
    room = ann.http.post("/api/rooms", json={"name": "Room", "public": True}).json()
    socket.ask("join_room", {"room": room["_id"]})
    ann.http.post(f"/api/rooms/{room['_id']}/messages", json={"text": "welcome"})
    ann.http.delete(f"/api/rooms/{room['_id']}")
    bob.http.post("/api/auth/logout")
    heard = [*socket.heard, *anns.heard]
    wait_until(lambda: {name for name, _ in [*socket.heard, *anns.heard]} == set(SERVER_EVENTS), f"all events: {heard}")
    for name, payload in [*socket.heard, *anns.heard]:
        msgspec.convert(payload, SERVER_EVENTS[name].payload)
