"""Who may write is decided at the moment of writing, on both stores; and what happens to writes that cross."""

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from chat.errors import BlockedError, NotAMemberError, NotFoundError, NotTheOwnerError, UserNotFoundError
from chat.models.conversation import Conversation, Room, direct
from chat.models.message import Draft, Message
from chat.models.user import User
from chat.models.values import new_id
from chat.store import Store, open_store
from chat.store.mongo import MongoStore, documents
from tests.store.conftest import OpenStore, add_user
from tests.store.faults import CRASH, Crash, Faults, open_faulty


def _draft(people: list[User], room: Room | None = None, **fields: Any) -> Draft:
    """A message of Ann to Bob, or to a room."""
    ann, bob = people[0].id, people[1].id
    if room:
        return Draft(conversation=room.id, sender_id=ann, text="text", **fields)
    return Draft(conversation=direct(ann, bob).id, sender_id=ann, receiver_id=bob, text="text", **fields)


def _leave(store: Store, room: Room, user: User) -> None:
    store.conversations.change_room(room.id, lambda room: room.without(user.id))


def _room(store: Store, people: list[User]) -> Room:
    room = Room(name="Room", public=True, owner_id=people[0].id, members=tuple(user.id for user in people))
    store.conversations.add_room(room)
    return room


def _seqs(store: Store, conversation: Conversation) -> list[int]:
    return [message.seq for message in store.messages.changes_since(conversation.id, 0, 100)]


def test_a_direct_conversation_begins_with_its_first_message(store: Store, people: list[User]) -> None:
    draft = _draft(people)
    assert store.conversations.find(draft.conversation) is None
    assert store.conversations.of_member(people[0].id) == []
    store.messages.append(draft)
    conversation = store.conversations.find(draft.conversation)
    assert conversation
    assert store.conversations.of_member(people[1].id) == [conversation]


def test_a_refused_first_message_begins_nothing(store: Store, people: list[User]) -> None:
    store.users.set_blocked(people[1].id, people[0].id, True)
    with pytest.raises(BlockedError):
        store.messages.append(_draft(people))
    assert store.conversations.of_member(people[0].id) == []


def test_a_message_to_a_removed_user_is_refused(store: Store, people: list[User]) -> None:
    message = store.messages.append(_draft(people)).message
    store.users.remove(people[1].id)
    with pytest.raises(NotFoundError):
        store.messages.append(_draft(people))
    with pytest.raises(NotFoundError):
        store.messages.revise(message.id, lambda now: now.edited("other"), author=people[0].id)
    assert store.messages.revise(message.id, lambda now: now.deleted(), author=None)


def test_a_message_of_a_removed_user_is_refused(store: Store, people: list[User]) -> None:
    room = _room(store, people)
    store.users.remove(people[0].id)
    for draft in (_draft(people), _draft(people, room)):
        with pytest.raises(UserNotFoundError):
            store.messages.append(draft)


def test_only_members_write_into_a_room_except_for_its_notices(store: Store, people: list[User]) -> None:
    room = _room(store, people)
    message = store.messages.append(_draft(people, room)).message
    _leave(store, room, people[0])
    with pytest.raises(NotAMemberError):
        store.messages.append(_draft(people, room))
    with pytest.raises(NotAMemberError):
        store.messages.revise(message.id, lambda now: now.edited("other"), author=people[0].id)
    assert store.messages.append(_draft(people, room, system="left", user_id=people[0].id)).new


def test_a_removed_room_takes_no_messages_and_does_not_come_back(store: Store, people: list[User]) -> None:
    room = _room(store, people)
    store.messages.append(Draft(conversation=room.id, sender_id=people[0].id, image="/uploads/a"))
    message = store.messages.append(_draft(people, room)).message
    assert store.conversations.remove_room(room.id) == ["/uploads/a"]
    with pytest.raises(NotFoundError):
        store.messages.append(_draft(people, room))
    assert store.messages.revise(message.id, lambda now: now.edited("other"), author=None) is None
    assert store.conversations.find(room.id) is None
    assert store.conversations.remove_room(room.id) == []


def test_only_an_empty_room_is_removed_if_asked_so(store: Store, people: list[User]) -> None:
    room = _room(store, people[:1])
    assert store.conversations.remove_room(room.id, only_if_empty=True) == []
    assert store.conversations.find(room.id)
    _leave(store, room, people[0])
    store.conversations.remove_room(room.id, only_if_empty=True)
    assert store.conversations.find(room.id) is None


def test_a_repeated_client_id_is_answered_before_any_refusal(store: Store, people: list[User]) -> None:
    first = store.messages.append(_draft(people, client_id="one"))
    store.users.set_blocked(people[1].id, people[0].id, True)
    again = store.messages.append(_draft(people, client_id="one"))
    assert (again.new, again.message) == (False, first.message)
    assert store.messages.find_sent(people[0].id, "one") == first.message


def test_a_room_takes_no_more_than_its_most_members(store: Store, people: list[User]) -> None:
    room = _room(store, people[:1])
    store.messages.append(_draft(people, room))
    second = store.conversations.add_member(room.id, people[1].id, by=people[0].id, most=2)
    third = store.conversations.add_member(room.id, people[2].id, by=people[0].id, most=2)
    again = store.conversations.add_member(room.id, people[1].id, by=people[0].id, most=2)
    assert second
    assert third
    assert again
    assert [change.changed for change in (second, third, again)] == [True, False, False]
    assert second.room.read_cursors()[people[1].id] == 1  # all so far counts as read
    assert store.conversations.count_unread(room.id, people[1].id) == 0
    assert store.conversations.add_member(new_id(), people[1].id, by=people[0].id, most=2) is None


def test_owner_and_heir_leave_together_and_the_third_owns_the_room(
    store: Store, another: OpenStore, people: list[User]
) -> None:
    stores = (store, another())
    for _ in range(10):
        room = _room(store, people)
        leaving = [threading.Thread(target=_leave, args=(stores[n], room, people[n])) for n in (0, 1)]
        for thread in leaving:
            thread.start()
        for thread in leaving:
            thread.join()
        left = store.conversations.find(room.id)
        assert isinstance(left, Room)
        assert (left.owner_id, left.members) == (people[2].id, (people[2].id,))


def test_owners_who_take_each_others_rights_at_once_leave_one(
    store: Store, another: OpenStore, people: list[User]
) -> None:
    stores = (store, another())
    for _ in range(10):
        room = _room(store, people)
        store.conversations.change_room(room.id, lambda room: room.with_owner(people[1].id))

        def take(n: int, room: Room = room) -> None:
            def change(room: Room) -> Room:
                return room.owned_by(people[n].id).without_owner(people[1 - n].id)

            with suppress(NotTheOwnerError):
                stores[n].conversations.change_room(room.id, change)

        threads = [threading.Thread(target=take, args=(n,)) for n in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        left = store.conversations.find(room.id)
        assert isinstance(left, Room)
        assert len(left.owners) == 1


def test_changes_of_a_room_cross_with_new_members_and_lose_none(
    store: Store, another: OpenStore, people: list[User]
) -> None:
    beside, room = another(), _room(store, people[:1])
    new = [new_id() for _ in range(20)]

    def join() -> None:
        for user in new:
            beside.conversations.add_member(room.id, user, by=people[0].id, most=100)

    joining = threading.Thread(target=join)
    joining.start()
    for _ in range(20):
        store.conversations.change_room(room.id, lambda room: replace(room, topic=room.topic + "x"))
    joining.join()
    found = store.conversations.find(room.id)
    assert isinstance(found, Room)
    assert (found.topic, found.members) == ("x" * 20, (people[0].id, *new))


def test_the_right_to_add_is_decided_by_the_store(store: Store, people: list[User]) -> None:
    ann, bob, carl = (user.id for user in people)
    room = _room(store, people[:2])

    def add(by: str | None) -> Any:
        return store.conversations.add_member(room.id, carl, by=by, most=9)

    def let(**settings: bool) -> None:
        store.conversations.change_room(room.id, lambda room: replace(room, **settings))

    let(public=False)
    for by, error in ((bob, NotTheOwnerError), (new_id(), NotTheOwnerError), (carl, NotFoundError)):
        with pytest.raises(error):
            add(by)
    let(members_invite=True)
    with pytest.raises(NotTheOwnerError):
        add(new_id())
    for allowed in (bob, ann, None):
        assert add(allowed).changed
        _leave(store, room, people[2])
        let(members_invite=False)
    let(public=True)
    assert add(carl).changed


def test_parallel_repeats_leave_one_message_and_no_gap(store: Store, another: OpenStore, people: list[User]) -> None:
    stores, draft = [store, another()], _draft(people)
    results: list[Message] = []

    def send(number: int) -> None:
        client_id = f"client-{number % 4}"
        results.append(stores[number % 2].messages.append(_draft(people, client_id=client_id)).message)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 24
    assert len({message.id for message in results}) == 4
    assert _seqs(store, direct(people[0].id, people[1].id)) == [1, 2, 3, 4]
    assert draft.conversation == results[0].conversation


def test_pages_skip_and_end_where_history_begins(store: Store, people: list[User]) -> None:
    for _ in range(5):
        store.messages.append(_draft(people))
    conversation = direct(people[0].id, people[1].id)

    def page(before: int | None, limit: int, skip: int = 0) -> tuple[list[int], int | None]:
        found = store.messages.page(conversation, before, limit, skip)
        return [message.seq for message in found.messages if isinstance(message, Message)], found.older

    assert page(None, 2) == ([4, 5], 4)
    assert page(4, 2) == ([2, 3], 2)
    assert page(2, 2) == ([1], None)
    assert page(None, 2, skip=2) == ([2, 3], 2)
    assert page(None, 2, skip=4) == ([1], None)
    assert page(None, 2, skip=9) == ([], None)


# What crosses a message that is being appended: on SQLite a write is one step, on MongoDB it is several.


@pytest.fixture
def mongo_place(mongo: str, tmp_path: Path) -> tuple[str, Path]:
    return f"{mongo}/chat_{uuid.uuid4().hex}", tmp_path


@pytest.fixture
def beside(mongo_place: tuple[str, Path]) -> Iterator[Store]:
    """The store of another process."""
    with closing(open_store(*mongo_place)) as store:
        yield store


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def crossed(mongo_place: tuple[str, Path], faults: Faults) -> Iterator[Store]:
    """A store whose writes the faults precede."""
    with closing(open_faulty(*mongo_place, faults)) as store:
        yield store


Crossing = Callable[[Store, list[User], Room], object]


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(
    ("to_room", "crossing", "error"),
    [
        (False, lambda beside, people, _: beside.users.set_blocked(people[1].id, people[0].id, True), BlockedError),
        (False, lambda beside, people, _: beside.users.remove(people[1].id), NotFoundError),
        (False, lambda beside, people, _: beside.users.remove(people[0].id), UserNotFoundError),
        (True, lambda beside, people, room: _leave(beside, room, people[0]), NotAMemberError),
        (True, lambda beside, people, _: beside.users.remove(people[0].id), UserNotFoundError),
        (True, lambda beside, _, room: beside.conversations.remove_room(room.id), NotFoundError),
    ],
    ids=["block", "receiver removed", "sender removed", "member removed", "member's account removed", "room removed"],
)
def test_what_ends_the_right_to_write_just_before_the_write_refuses_it(
    beside: Store,
    crossed: Store,
    faults: Faults,
    first: bool,
    to_room: bool,
    crossing: Crossing,
    error: type[Exception],
) -> None:
    people = [add_user(beside, name) for name in ("Ann", "Bob", "Carl")]
    room = _room(beside, people)
    target = room if to_room else None
    if not first:
        crossed.messages.append(_draft(people, target))
    before = _seqs(beside, room) or _seqs(beside, direct(people[0].id, people[1].id))
    begins = [None] if first and not to_room else []  # the write that makes the conversation known
    faults.plan([*begins, lambda: crossing(beside, people, room)])
    with pytest.raises(error):
        crossed.messages.append(_draft(people, target))
    after = _seqs(beside, room) or _seqs(beside, direct(people[0].id, people[1].id))
    assert after in (before, [])


def test_a_room_that_is_removed_between_the_two_steps_of_a_write_stays_empty(
    beside: Store, crossed: Store, faults: Faults
) -> None:
    people = [add_user(beside, name) for name in ("Ann", "Bob", "Carl")]
    room = _room(beside, people)
    draft = _draft(people, room)
    faults.plan([None, lambda: beside.conversations.remove_room(room.id)])
    with pytest.raises(NotFoundError):
        crossed.messages.append(draft)
    assert beside.messages.find(draft.id) is None


def test_a_message_whose_process_died_between_the_two_steps_is_found_by_the_next_who_asks(
    beside: Store, crossed: Store, faults: Faults
) -> None:
    people = [add_user(beside, name) for name in ("Ann", "Bob", "Carl")]
    beside.messages.append(_draft(people))
    crossed.messages.append(_draft(people))
    faults.plan([None, CRASH])
    with pytest.raises(Crash):
        crossed.messages.append(_draft(people))
    assert _seqs(beside, direct(people[0].id, people[1].id)) == [1, 2, 3]


def test_a_client_id_used_in_two_conversations_at_once_gives_one_message_and_blocks_neither(
    beside: Store, crossed: Store, faults: Faults
) -> None:
    people = [add_user(beside, name) for name in ("Ann", "Bob", "Carl")]
    room = _room(beside, people)
    faults.plan([None, None, lambda: beside.messages.append(_draft(people, room, client_id="one"))])
    appended = crossed.messages.append(_draft(people, client_id="one"))
    assert (appended.new, appended.message.conversation) == (False, room.id)
    assert crossed.messages.append(_draft(people)).new
    assert beside.messages.append(_draft(people)).new


def test_a_number_that_release_1_0_takes_meanwhile_is_given_up(
    beside: Store, crossed: Store, faults: Faults, mongo_place: tuple[str, Path]
) -> None:
    people = [add_user(beside, name) for name in ("Ann", "Bob", "Carl")]
    beside.messages.append(_draft(people))

    def release_1_0_sends() -> None:
        message = _draft(people).numbered(2)
        beside.messages._messages.insert_one(documents.document(message, documents.MESSAGE))  # type: ignore[attr-defined]

    faults.plan([release_1_0_sends])
    assert crossed.messages.append(_draft(people)).message.seq == 3
    assert beside.messages.append(_draft(people)).message.seq == 4
    assert _seqs(beside, direct(people[0].id, people[1].id)) == [1, 2, 3, 4]


def test_a_message_to_an_unknown_user_leaves_nothing(store: Store, people: list[User]) -> None:
    ann, unknown = people[0].id, new_id()
    with pytest.raises(NotFoundError, match="no such user"):
        store.messages.append(
            Draft(conversation=direct(ann, unknown).id, sender_id=ann, receiver_id=unknown, text="text")
        )
    if isinstance(store, MongoStore):
        assert store._connection.conversations.count_documents({}) == 0
    assert store.conversations.of_member(ann) == []


def test_a_block_by_another_process_holds_for_a_user_who_could_write_before(
    store: Store, another: OpenStore, people: list[User]
) -> None:
    store.messages.append(_draft(people))
    another().users.set_blocked(people[1].id, people[0].id, True)
    with pytest.raises(BlockedError):
        store.messages.append(_draft(people))


def test_a_removal_by_another_process_holds_for_a_user_who_could_write_before(
    store: Store, another: OpenStore, people: list[User]
) -> None:
    store.messages.append(_draft(people))
    another().users.remove(people[0].id)
    with pytest.raises(UserNotFoundError):
        store.messages.append(_draft(people))
