"""A property of both stores: after any sends, edits, deletions, reactions and reads, in any order, they are in the state
that a plain model of the conversation is in, and every cursor catches up to it."""

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from chat.models.conversation import Conversation, direct
from chat.models.folding import fold, words
from chat.models.message import Draft, LegacyMessage, Message
from chat.store import Store, open_store
from chat.store.port import CursorMove, Revision
from tests.store.conftest import add_user

PEOPLE = st.integers(0, 1)
EMOJI = st.sampled_from(["👍", "❤️"])


class ConversationModel(RuleBasedStateMachine):
    """What two people do in one conversation, in a store and in a dictionary at the same time."""

    store: ClassVar[Store]

    @initialize()
    def begin(self) -> None:
        self.people = [add_user(self.store, name).id for name in ("Ann", "Bob")]
        self.conversation: Conversation = direct(*self.people)
        self.counter = 0
        self.expected: dict[str, dict[str, Any]] = {}
        self.by_client_id: dict[tuple[int, str], str] = {}
        self.cursors = [0, 0]

    @rule(sender=PEOPLE, text=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20))
    def send(self, sender: int, text: str) -> None:
        self._append(sender, text, None)

    @rule(sender=PEOPLE, client_id=st.sampled_from(["a", "b", "c"]))
    def send_with_client_id(self, sender: int, client_id: str) -> None:
        stored = self._append(sender, "again", client_id)
        assert self.by_client_id.setdefault((sender, client_id), stored.id) == stored.id

    @precondition(lambda self: self.expected)
    @rule(which=st.integers(0), text=st.text("xyzé東ß", max_size=3))
    def edit(self, which: int, text: str) -> None:
        message_id = self._pick(which)
        self._revise(message_id, "text", text, self._change(message_id, lambda message: message.edited(text)))

    @precondition(lambda self: self.expected)
    @rule(which=st.integers(0))
    def delete(self, which: int) -> None:
        message_id = self._pick(which)
        revised = self._change(message_id, lambda message: message.deleted())
        if not self.expected[message_id]["deleted"]:
            self.expected[message_id] |= {"text": None, "reactions": {}}
            self._revise(message_id, "deleted", True, revised)

    @precondition(lambda self: self.expected)
    @rule(which=st.integers(0), person=PEOPLE, emoji=EMOJI, on=st.booleans())
    def react(self, which: int, person: int, emoji: str, on: bool) -> None:
        message_id, user_id = self._pick(which), self.people[person]
        reactions = {key: list(users) for key, users in self.expected[message_id]["reactions"].items()}
        users = reactions.setdefault(emoji, [])
        if on and user_id not in users:
            users.append(user_id)
        elif not on and user_id in users:
            users.remove(user_id)
        reactions = {key: users for key, users in reactions.items() if users}
        revised = self._change(message_id, lambda message: message.reacted(user_id, emoji, on))
        self._revise(message_id, "reactions", reactions, revised)

    @precondition(lambda self: self.expected)
    @rule(person=PEOPLE, seq=st.integers(0, 60))
    def read(self, person: int, seq: int) -> None:
        reached = max([message["seq"] for message in self.expected.values() if message["seq"] <= seq], default=0)
        moved = reached > self.cursors[person]
        self.cursors[person] = max(self.cursors[person], reached)
        move = self.store.conversations.move_cursor(self.conversation.id, self.people[person], seq)
        assert move == CursorMove(self.cursors[person], moved)

    @rule(before=st.none() | st.integers(1, 60), limit=st.integers(1, 10))
    def page(self, before: int | None, limit: int) -> None:
        all_before = [m for m in self._in_order("seq") if before is None or m["seq"] < before]
        page = self.store.messages.page(self.conversation, before, limit)
        assert [self._state(message) for message in page.messages] == all_before[-limit:]
        assert page.older == (all_before[-limit]["seq"] if len(all_before) > limit else None)

    @rule(since=st.integers(0, 60), limit=st.integers(1, 10))
    def catch_up(self, since: int, limit: int) -> None:
        found: list[Message] = []
        while page := self.store.messages.changes_since(self.conversation.id, found[-1].rev if found else since, limit):
            found += page
        assert [self._state(message) for message in found] == [m for m in self._in_order("rev") if m["rev"] > since]

    @rule(person=PEOPLE, query=st.text("aexyzÉß東 ", min_size=1, max_size=4), limit=st.integers(1, 10))
    def search(self, person: int, query: str, limit: int) -> None:
        wanted = words(query)
        matching = [m for m in self._in_order("seq") if m["text"] and all(word in fold(m["text"]) for word in wanted)]
        if wanted:
            found = self.store.messages.search(self.people[person], wanted, None, limit)
            assert [self._state(message) for message in found] == matching[::-1][:limit]

    @invariant()
    def lists_tell_the_truth(self) -> None:
        for person, user_id in enumerate(self.people):
            conversations = self.store.conversations.of_member(user_id)
            if not self.expected:
                assert conversations == []
                continue
            (conversation,) = conversations
            summary = self.store.conversations.summarize(user_id, conversations)[conversation.id]
            unread = [
                message
                for message in self.expected.values()
                if message["seq"] > self.cursors[person] and message["sender"] != user_id and not message["deleted"]
            ]
            assert summary.unread == len(unread) == self.store.conversations.count_unread(conversation.id, user_id)
            assert summary.rev == self.counter
            assert summary.last_message is not None
            assert self._state(summary.last_message) == self._in_order("seq")[-1]
            assert conversation.read_cursors()[user_id] == self.cursors[person]

    def _append(self, sender: int, text: str, client_id: str | None) -> Message:
        user_id, other_id = self.people[sender], self.people[1 - sender]
        draft = Draft(
            conversation=self.conversation.id, sender_id=user_id, receiver_id=other_id, text=text, client_id=client_id
        )
        appended = self.store.messages.append(draft)
        stored = appended.message
        assert appended.new == (stored.id == draft.id)
        if appended.new:
            self.counter += 1
            assert (stored.seq, stored.rev) == (self.counter, self.counter)
            self.expected[stored.id] = self._state(stored)
        return stored

    def _change(self, message_id: str, change: Callable[[Message], Message | None]) -> Revision:
        revision = self.store.messages.revise(message_id, change, author=None)
        assert revision is not None
        return revision

    def _revise(self, message_id: str, field: str, value: Any, revision: Revision) -> None:
        assert revision.changed == (self.expected[message_id][field] != value)
        if self.expected[message_id][field] != value:
            self.counter += 1
            self.expected[message_id] |= {field: value, "rev": self.counter}
        assert self._state(revision.message) == self.expected[message_id]

    def _pick(self, which: int) -> str:
        return list(self.expected)[which % len(self.expected)]

    def _in_order(self, number: str) -> list[dict[str, Any]]:
        return sorted(self.expected.values(), key=lambda message: message[number])

    @staticmethod
    def _state(message: Message | LegacyMessage) -> dict[str, Any]:
        assert isinstance(message, Message)
        return {
            "sender": message.sender_id,
            "seq": message.seq,
            "rev": message.rev,
            "text": message.text,
            "reactions": {emoji: list(users) for emoji, users in message.reactions.items()},
            "deleted": message.deleted_at is not None,
        }


@pytest.mark.parametrize("kind", ["sqlite", "mongo"])
def test_a_store_is_always_in_the_state_of_the_model(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    mongo = f"{request.getfixturevalue('mongo')}/chat_{uuid.uuid4().hex}" if kind == "mongo" else None
    ConversationModel.store = open_store(mongo, tmp_path)
    quiet = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    examples = {"sqlite": 60, "mongo": 15}[kind]
    bounds = settings(max_examples=examples, stateful_step_count=25, deadline=None, suppress_health_check=quiet)
    run_state_machine_as_test(ConversationModel, settings=bounds)
    ConversationModel.store.close()
