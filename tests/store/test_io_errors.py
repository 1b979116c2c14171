"""Each write of the SQLite store fails, alone or with all after it: what was acknowledged is kept, the rest undone."""

import copy
import errno
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from chat.errors import DatabaseUnavailableError, ImageStoreUnavailableError
from chat.lib.image_stores import CleanImage, LocalImages
from chat.models.conversation import Room, direct
from chat.models.folding import fold
from chat.models.message import Draft, Message
from chat.store import Store, open_store
from tests.store.bad_disk import Disk, bad_disk
from tests.store.conftest import add_user

LONG_TEXT = "long " * 800


@pytest.fixture
def disk() -> Iterator[Disk]:
    with bad_disk() as disk:
        yield disk


class Workload:
    """What two people do, and what of it was acknowledged."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.people = [add_user(store, name) for name in ("Ann", "Bob")]
        ids = tuple(person.id for person in self.people)
        self.room = Room(name="Garden", public=False, owner_id=ids[0], members=ids)
        store.conversations.add_room(self.room)
        self.kept: dict[str, Message] = {}
        self.in_doubt: set[str] = set()  # messages of which a change failed: they are in the state of before or after
        self.errors: list[Exception] = []
        for number in range(3):
            self.send(f"first {number}")

    def on(self, store: Store) -> "Workload":
        """The same on a copy of the store."""
        workload = copy.copy(self)
        workload.store, workload.kept, workload.in_doubt, workload.errors = store, dict(self.kept), set(), []
        return workload

    def run(self) -> None:
        """Send, edit, delete and erase; each step may fail."""
        ids = list(self.kept)
        steps: list[Callable[[], object]] = [
            lambda: self.send("Café"),
            lambda: self.send(LONG_TEXT),
            lambda: self.revise(ids[0], lambda message: message.edited("edited")),
            lambda: self.revise(ids[1], Message.deleted),
            lambda: self.erase(ids[2]),
            lambda: self.store.conversations.change_room(self.room.id, lambda room: replace(room, name="Kitchen")),
            lambda: self.send("last"),
        ]
        for step in steps:
            try:
                step()
            except DatabaseUnavailableError as error:
                self.errors.append(error)

    def send(self, text: str) -> None:
        draft = Draft(conversation=self.room.id, sender_id=self.people[0].id, text=text)
        self.in_doubt.add(draft.id)
        self.kept[draft.id] = self.store.messages.append(draft).message
        self.in_doubt.discard(draft.id)

    def revise(self, id: str, change: Callable[[Message], Message | None]) -> None:
        self.in_doubt.add(id)
        revision = self.store.messages.revise(id, change, author=None)
        assert revision
        self.kept[id] = revision.message
        self.in_doubt.discard(id)

    def erase(self, id: str) -> None:
        self.in_doubt.add(id)
        (self.kept[id],) = self.store.messages.erase([id])
        self.in_doubt.discard(id)

    def check(self, store: Store) -> None:
        """Compare what a store has with what was acknowledged."""
        found = {message.id: message for message in store.messages.changes_since(self.room.id, 0, 100)}
        for id, message in self.kept.items():
            assert id in found
            assert found[id] == message or id in self.in_doubt
        assert found.keys() <= self.kept.keys() | self.in_doubt
        revs = [message.rev for message in found.values()]
        assert len(set(revs)) == len(revs)
        (conversation,) = store.conversations.of_member(self.people[0].id)
        assert store.conversations.summarize(self.people[0].id, [conversation])[conversation.id].rev >= max(revs)
        for message in found.values():
            words = fold(message.text or "").split()[:1]
            matches = store.messages.search(self.people[0].id, words or ["first"], None, 100)
            assert (message.id in [match.id for match in matches]) == bool(words)


@pytest.mark.parametrize(("code", "lasting"), [(errno.EIO, False), (errno.ENOSPC, True)], ids=["EIO once", "full disk"])
def test_a_write_that_fails_loses_nothing_and_leaves_nothing_half_done(
    tmp_path: Path, disk: Disk, code: int, lasting: bool
) -> None:
    with closing(open_store(None, tmp_path / "prepared")) as store:
        prepared = Workload(store)
    number, failures, was_reached = 0, 0, True
    while was_reached:
        number += 1
        folder = Path(shutil.copytree(tmp_path / "prepared", tmp_path / str(number)))
        with closing(open_store(None, folder)) as store:
            workload = prepared.on(store)
            disk.arm(number, code, lasting=lasting)
            workload.run()
            was_reached, failures = disk.failed, failures + len(workload.errors)
            disk.disarm()
            workload.send("the disk is well again")
            workload.check(store)
        with closing(open_store(None, folder)) as store:
            workload.check(store)
    assert number > 10
    assert failures >= number - 1  # each failure was told, the last round had none
    assert not workload.errors


def test_an_image_that_cannot_be_written_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = LocalImages(tmp_path, "")

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    for name in ("os.fsync", "pathlib.Path.open", "pathlib.Path.rename"):
        with monkeypatch.context() as failing:
            failing.setattr(name, fail)
            with pytest.raises(ImageStoreUnavailableError):
                images.save(CleanImage("png", b"content", b"small"))
        assert list(tmp_path.iterdir()) == []
    assert images.load(images.save(CleanImage("png", b"content", b"small"))) == b"content"


def test_messages_between_two_people_are_kept_too(tmp_path: Path, disk: Disk) -> None:
    with closing(open_store(None, tmp_path)) as store:
        ann, bob = (add_user(store, name) for name in ("Ann", "Bob"))
        disk.arm(1, errno.EIO, lasting=True)
        draft = Draft(conversation=direct(ann.id, bob.id).id, sender_id=ann.id, receiver_id=bob.id, text="hello")
        with pytest.raises(DatabaseUnavailableError):
            store.messages.append(draft)
        disk.disarm()
        assert store.conversations.of_member(ann.id) == []
        assert store.messages.append(draft).message.seq == 1
