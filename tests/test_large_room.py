"""A room of 500 people in which ten messages a second are written."""

import json
from pathlib import Path

from chat.lib.tokens import Tokens
from chat.models.conversation import Room
from chat.models.user import Session, User
from chat.store import open_store
from tests.node_runner import node
from tests.services import ChatServer

PEOPLE = 500
MESSAGES = 30
SECRET = "s" * 40


def _fill(folder: Path) -> tuple[str, list[str]]:
    """A database with the people, their sessions and the room: its id, and all tokens."""
    store = open_store(None, folder)
    people = [User(email=f"p{n}@example.org", full_name=f"P{n}", password_hash="-") for n in range(PEOPLE)]
    sessions = [Session() for _ in people]
    for person, session in zip(people, sessions, strict=True):
        store.users.add(person)
        store.users.begin_session(person.id, session, password_hash="-", keep=1)
    members = tuple(person.id for person in people)
    room = Room(name="All", public=False, owner_id=people[0].id, members=members)
    store.conversations.add_room(room)
    store.close()
    tokens = Tokens(SECRET, None)
    return room.id, [tokens.issue(person.id, session.id) for person, session in zip(people, sessions, strict=True)]


def test_all_members_get_every_message_in_order(tmp_path: Path) -> None:
    room, issued = _fill(tmp_path / "data")
    (tmp_path / "tokens").write_text(json.dumps(issued))
    with ChatServer("gunicorn", DATA_DIR=str(tmp_path / "data"), JWT_SECRET=SECRET, RATE_LIMITS="off") as server:
        result = node(
            "large_room.mjs", BASE=server.url, ROOM=room, COUNT=str(MESSAGES), TOKENS=str(tmp_path / "tokens")
        )
    assert result["seqs"] == list(range(1, MESSAGES + 1))
    assert result["heard"] == [result["seqs"]] * (PEOPLE - 1)
