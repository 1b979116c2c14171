"""The promise of numbers, on both stores: two processes write into the same conversations, whose answers get lost, whose
writes arrive late, and which die between two writes. What follows from the promise is checked through the port only."""

import itertools
import uuid
from collections import defaultdict
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

from chat.errors import DatabaseUnavailableError
from chat.models.conversation import Conversation, Room, direct
from chat.models.message import Draft, Message
from chat.store.port import Store
from tests.store.conftest import add_user
from tests.store.faults import CRASH, LATE, LOST, REFUSED, Crash, Faults, open_faulty

PROCESS = st.integers(0, 1)
PERSON = st.integers(0, 1)
WHICH = st.integers(0, 1)  # the direct conversation or the room
DOINGS = [None, LOST, REFUSED, LATE, CRASH, "other sends", "other edits"]
PLAN = st.lists(st.sampled_from([None, *DOINGS]), max_size=6)
ALL = 1000


class Client:
    """A client: what it holds of a conversation, and the ``rev`` up to which it has all."""

    def __init__(self, messages: list[Message], rev: int) -> None:
        self.messages = {message.id: message for message in messages}
        self.rev = rev

    def sync(self, store: Store, conversation: Conversation, limit: int) -> None:
        """Ask for one page of changes."""
        page = store.messages.changes_since(conversation.id, self.rev, limit)
        revs = [message.rev for message in page]
        assert revs == sorted(set(revs))
        assert all(rev > self.rev for rev in revs)
        for message in page:
            self.messages[message.id] = message
            self.rev = message.rev


class Numbers(RuleBasedStateMachine):
    """Two processes, two people, a direct conversation and a room."""

    place: ClassVar[tuple[str | None, Path]]

    @initialize()
    def begin(self) -> None:
        self.faults = [Faults(), Faults()]
        self.stores = [open_faulty(*self.place, faults) for faults in self.faults]
        self.people = [add_user(self.stores[0], name) for name in ("Ann", "Bob")]
        ann, bob = (person.id for person in self.people)
        room = Room(name="Room", public=True, owner_id=ann, members=(ann, bob))
        self.stores[0].conversations.add_room(room)
        self.conversations: list[Conversation] = [direct(ann, bob), room]
        self.states: dict[tuple[str, int], Message] = {}  # by conversation and rev
        self.seqs: dict[str, int] = {}
        self.texts: defaultdict[str, dict[int, str]] = defaultdict(dict)  # by message and rev
        self.words = itertools.count()
        self.visible: defaultdict[str, dict[str, int]] = defaultdict(dict)  # by conversation: id → rev when last seen
        self.acknowledged: defaultdict[str, dict[str, int]] = defaultdict(dict)
        self.sent: dict[tuple[str, str], str] = {}
        self.clients: list[tuple[Conversation, Client]] = [
            (conversation, Client([], 0)) for conversation in self.conversations
        ]

    def teardown(self) -> None:
        for faults in self.faults:
            faults.deliver_late()
        for conversation, client in self.clients:
            for _ in range(ALL):
                before = client.rev
                client.sync(self.stores[0], conversation, 3)
                if client.rev == before:
                    break
            assert client.messages == {message.id: message for message in self._all(0, conversation)}
        for store in self.stores:
            store.close()

    @rule(process=PROCESS, person=PERSON, which=WHICH, client_id=st.sampled_from([None, "a", "b", "c"]), plan=PLAN)
    def send(self, process: int, person: int, which: int, client_id: str | None, plan: list[Any]) -> None:
        conversation = self.conversations[which]
        client_id = client_id and f"{client_id}{which}"  # the same client id in two conversations is another matter
        self._during(process, plan, which, lambda: self._send(process, person, conversation, client_id))

    @precondition(lambda self: any(self.visible.values()))
    @rule(process=PROCESS, which=WHICH, message=st.integers(0), change=st.booleans(), plan=PLAN)
    def edit(self, process: int, which: int, message: int, change: bool, plan: list[Any]) -> None:
        self._during(process, plan, which, lambda: self._edit(process, which, message, change))

    @rule(process=PROCESS, which=WHICH, client=st.integers(0), limit=st.integers(1, 4))
    def sync(self, process: int, which: int, client: int, limit: int) -> None:
        conversation, one = self.clients[client % len(self.clients)]
        one.sync(self.stores[process], conversation, limit)

    @rule(process=PROCESS, which=WHICH)
    def start_client(self, process: int, which: int) -> None:
        """A client that reads how the conversation stands, and then its history."""
        conversation, store = self.conversations[which], self.stores[process]
        rev = store.conversations.summarize(self.people[0].id, [conversation])[conversation.id].rev
        self.clients.append((conversation, Client(self._all(process, conversation), rev)))

    @rule(process=PROCESS)
    def deliver_late(self, process: int) -> None:
        self.faults[process].deliver_late()

    @invariant()
    def numbers_are_given_once_and_become_visible_in_order(self) -> None:
        for conversation in self.conversations:
            for process in (0, 1):
                self._see(conversation, self._all(process, conversation))

    def _see(self, conversation: Conversation, messages: list[Message]) -> None:
        before = self.visible[conversation.id]
        highest = max(before.values(), default=0)
        for message in messages:
            self._remember(message)
            assert message.rev > highest or before.get(message.id) == message.rev
        now = {message.id: message.rev for message in messages}
        assert len(set(now.values())) == len(now)
        for id, rev in {**before, **self.acknowledged[conversation.id]}.items():
            assert now.get(id, 0) >= rev
        keys = [(message.sender_id, message.client_id) for message in messages if message.client_id]
        assert len(set(keys)) == len(keys)
        self.visible[conversation.id] = now

    def _during(self, process: int, plan: list[Any], which: int, do: Callable[[], None]) -> None:
        """Do something with a process whose next writes meet faults, or are overtaken by the other process."""
        other = 1 - process

        def send() -> None:
            self._send(other, 0, self.conversations[which], None)
            self.numbers_are_given_once_and_become_visible_in_order()

        def edit() -> None:
            self._edit(other, which, 0, True)
            self.numbers_are_given_once_and_become_visible_in_order()

        doings = {"other sends": send, "other edits": edit}
        if self.place[0] is None:  # SQLite, where no write is late
            plan = [REFUSED if fault == LATE else fault for fault in plan]
        self.faults[process].plan(doings.get(fault, fault) for fault in plan)
        try:
            do()
        except DatabaseUnavailableError:
            pass  # the client would ask again
        except Crash:
            self.stores[process].close()
            self.stores[process] = open_faulty(*self.place, self.faults[process])
        self.faults[process].plan([])

    def _send(self, process: int, person: int, conversation: Conversation, client_id: str | None) -> None:
        sender = self.people[person].id
        receiver = None if isinstance(conversation, Room) else self.people[1 - person].id
        draft = Draft(
            conversation=conversation.id, sender_id=sender, receiver_id=receiver, text="text", client_id=client_id
        )
        earlier = max(self.acknowledged[conversation.id].values(), default=0)
        appended = self.stores[process].messages.append(draft)
        message = appended.message
        if client_id:
            assert self.sent.setdefault((sender, client_id), message.id) == message.id
        if appended.new:
            assert message.seq > earlier
            assert message.id == draft.id
        self._acknowledge(message)

    def _edit(self, process: int, which: int, message: int, change: bool) -> None:
        conversation = self.conversations[which]
        ids = list(self.visible[conversation.id])
        if not ids:
            return
        earlier = max(self.acknowledged[conversation.id].values(), default=0)
        id = ids[message % len(ids)]
        word = str(next(self.words)) if change else "text"  # no two edits write the same; "text" is there already

        def edit(now: Message) -> Message | None:
            return None if word in (now.text or "").split() else now.edited(f"{now.text} {word}")

        revision = self.stores[process].messages.revise(id, edit, author=None)
        assert revision is not None
        words = (revision.message.text or "").split()
        assert word in words
        if not revision.changed:  # so it is not announced: it needs not be, or a later edit shows the gap
            assert word == "text" or words[-1] != word
        if revision.changed:
            assert revision.message.rev > earlier
        self._acknowledge(revision.message)

    def _acknowledge(self, message: Message) -> None:
        acknowledged = self.acknowledged[message.conversation]
        acknowledged[message.id] = max(acknowledged.get(message.id, 0), message.rev)
        self._remember(message)

    def _remember(self, message: Message) -> None:
        """A number has one state, a message has one place, and each change is there once and builds on those before it."""
        assert self.states.setdefault((message.conversation, message.rev), message) == message
        assert self.seqs.setdefault(message.id, message.seq) == message.seq
        texts = self.texts[message.id]
        texts[message.rev] = message.text or ""
        in_order = [texts[rev] for rev in sorted(texts)]
        assert all(later.startswith(earlier) for earlier, later in itertools.pairwise(in_order))
        words = texts[message.rev].split()
        assert len(set(words)) == len(words)

    def _all(self, process: int, conversation: Conversation) -> list[Message]:
        page = self.stores[process].messages.page(conversation, None, ALL)
        return [message for message in page.messages if isinstance(message, Message)]


@pytest.fixture(params=["sqlite", "mongo"])
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The kind of store that `Numbers` opens: an empty one."""
    kind: str = request.param
    url = f"{request.getfixturevalue('mongo')}/chat_{uuid.uuid4().hex}" if kind == "mongo" else None
    Numbers.place = url, tmp_path
    return kind


@pytest.mark.usefixtures("kind")
def test_whatever_happens_at_the_next_two_writes_a_number_is_given_once_and_in_order() -> None:
    numbers = Numbers()
    numbers.begin()
    for plan in itertools.product(DOINGS, repeat=2):
        numbers.send(0, 0, 0, None, [])  # from now on, this process knows the counter
        numbers.send(0, 0, 0, None, [*plan])
        numbers.numbers_are_given_once_and_become_visible_in_order()
        numbers.edit(0, 0, 0, True, [*plan])
        numbers.numbers_are_given_once_and_become_visible_in_order()
        numbers.deliver_late(0)
    numbers.teardown()


def test_a_number_is_given_once_and_becomes_visible_in_order(kind: str) -> None:
    examples = {"sqlite": 40, "mongo": 25}[kind]
    quiet = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    bounds = settings(max_examples=examples, stateful_step_count=20, deadline=None, suppress_health_check=quiet)
    run_state_machine_as_test(Numbers, settings=bounds)
