"""How a message is appended or changed in MongoDB: what is asked first, and what happens when an answer is lost.

Appends and changes share the module, which makes it long: both need the same turns, refusals and repetitions.
"""

import sys
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from bson import ObjectId
from msgspec.structs import asdict, replace
from pymongo.errors import PyMongoError

from chat.errors import (
    BlockedError,
    ChatError,
    DatabaseUnavailableError,
    NotAMemberError,
    NotFoundError,
    NotMigratedError,
    UserNotFoundError,
)
from chat.models.conversation import direct
from chat.models.message import Draft, LegacyMessage, Message
from chat.store.mongo import documents
from chat.store.mongo.connection import TIMEOUT, Connection, answer_was_lost
from chat.store.mongo.ledger import Counter, Ledger
from chat.store.mongo.turns import Turn, Turns
from chat.store.port import Appended, Revision

T = TypeVar("T")

CLEARED_SECONDS = (
    30.0  # then users are read again: programs that don't know ``guard`` may have blocked or removed someone
)
BATCH = 100  # messages in one write: with the longest texts, far below the 16 MiB of a document


class _GoneError(Exception):
    """The message was removed with its room."""


class Job:
    """A message that waits to be appended, and what became of it."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.outcome: Appended | Exception | None = None


class Writing:
    """Appends and changes messages, one turn after another in each conversation."""

    def __init__(self, connection: Connection, ledger: Ledger) -> None:
        self._messages = connection.messages
        self._users = connection.users
        self._ledger = ledger
        self._turns: Turns[Job] = Turns(TIMEOUT)

    def append(self, draft: Draft) -> Appended:
        """See `chat.store.port.Messages.append`."""
        job = Job(draft)
        with self._turns.wait(draft.conversation, job) as turn:
            if turn is not None:
                self._append(draft.conversation, turn)
        if job.outcome is None:
            raise DatabaseUnavailableError  # the thread that took it was ended
        if isinstance(job.outcome, Exception):
            raise job.outcome
        return job.outcome

    def revise(
        self, message_id: str, change: Callable[[Message], Message | None], author: str | None
    ) -> Revision | None:
        """See `chat.store.port.Messages.revise`."""
        read_at, before = time.monotonic(), self._find(message_id)
        if before is None:
            return None
        conversation_id, attempted = before.conversation, None

        def revise(counter: Counter) -> Revision | None:
            nonlocal before, read_at, attempted
            if counter.known_since > read_at:  # else it is still in the state that we read, if the comparison succeeds
                read_at, before = time.monotonic(), self._find(message_id)
            if before is None:
                raise _GoneError
            if before == attempted:
                return Revision(before, True)  # only the answer was lost
            if author:
                counter, refusals = self._check(counter, [(before, author)])
                if refusals[0]:
                    raise refusals[0]
            after = change(before)
            if after is None:
                return Revision(before, False)
            attempted = replace(after, rev=counter.rev + 1)
            members = [author] if author and _needs_member(before) else []
            return (
                Revision(attempted, True)
                if self._ledger.commit(conversation_id, counter, [attempted], members)
                else None
            )

        with self._turns.wait(conversation_id):
            try:
                return self._repeat(conversation_id, revise)
            except _GoneError:
                return None

    def begin(self, conversation_id: str) -> int:
        """Begin a direct conversation of the Express backend, whose counter begins above its messages; the counter."""

        def begin(counter: Counter) -> Counter | None:
            return counter if counter.begun or self._ledger.commit(conversation_id, counter, []) else None

        with self._turns.wait(conversation_id):
            return self._repeat(conversation_id, begin).rev

    def number(self, conversation_id: str, message_id: str) -> None:
        """Give a message of the Express backend the next number, unless it has one."""

        def number(counter: Counter) -> bool | None:
            document = self._messages.find_one({"_id": ObjectId(message_id)})
            message = documents.message(document) if document else None
            if not isinstance(message, LegacyMessage):
                return True
            rev = counter.rev + 1
            numbered = Message(**asdict(message), conversation=conversation_id, seq=rev, rev=rev)
            return self._ledger.commit(conversation_id, counter, [numbered]) or None

        with self._turns.wait(conversation_id):
            self._repeat(conversation_id, number)

    def _append(self, conversation_id: str, turn: Turn[Job]) -> None:
        """Append all that wait with one write; each of them gets its outcome."""
        jobs = turn.take(BATCH)
        repeated = False

        def append(counter: Counter) -> bool | None:
            nonlocal repeated
            self._find_sent(jobs, by_id=repeated)
            repeated = True
            self._append_once(conversation_id, counter, [job for job in jobs if job.outcome is None])
            return all(job.outcome for job in jobs) or None

        try:
            self._repeat(conversation_id, append)
        except Exception as error:  # of any kind: each of those who wait raises it
            if isinstance(error, PyMongoError):
                jobs += turn.take(sys.maxsize)  # the database would not answer them either
            for job in jobs:
                job.outcome = job.outcome or error

    def _repeat(self, conversation_id: str, attempt: Callable[[Counter], T | None]) -> T:
        """Call ``attempt`` with the counter until it returns something. After a lost answer, it is called once more.

        Raises `NotFoundError` if there is no such room.
        """
        lost = False
        while True:
            try:
                counter = self._ledger.known(conversation_id) or self._ledger.load(conversation_id)
                if counter is None:
                    raise NotFoundError
                if outcome := attempt(counter):
                    return outcome
            except PyMongoError as error:
                if lost or not answer_was_lost(error):
                    raise
                lost = True
                self._ledger.forget(conversation_id)

    def _append_once(self, conversation_id: str, counter: Counter, jobs: list[Job]) -> None:
        """Append what may be appended. A message whose ``client_id`` is there twice is left for the next time."""
        writes = [(job.draft, job.draft.sender_id) for job in jobs]
        counter, refusals = self._check(counter, writes)
        for job, refusal in zip(jobs, refusals, strict=True):
            job.outcome = refusal
        first: dict[tuple[str, str], Job] = {}
        batch = [
            job
            for job in jobs
            if job.outcome is None
            and (not job.draft.client_id or first.setdefault((job.draft.sender_id, job.draft.client_id), job) is job)
        ]
        if not batch:
            return
        messages = [job.draft.numbered(number) for number, job in enumerate(batch, counter.rev + 1)]
        members = {message.sender_id for message in messages if _needs_member(message)}
        if self._ledger.commit(conversation_id, counter, messages, members):
            for job, message in zip(batch, messages, strict=True):
                job.outcome = Appended(message, True)

    def _find_sent(self, jobs: list[Job], *, by_id: bool) -> None:
        """Give their outcome to those whose ``client_id`` was used before, or which this call has stored already."""
        waiting = [job for job in jobs if job.outcome is None]
        if by_id:
            ids = {"_id": {"$in": [ObjectId(job.draft.id) for job in waiting]}}
            stored = {message.id: message for message in map(documents.numbered, self._messages.find(ids))}
            for job in waiting:
                if message := stored.get(job.draft.id):
                    job.outcome = Appended(message, True)
        drafts = {(job.draft.sender_id, job.draft.client_id): job for job in waiting if job.draft.client_id}
        if drafts:
            found = self._messages.find(documents.sent(drafts))
            sent = {(message.sender_id, message.client_id): message for message in map(documents.numbered, found)}
            for job in waiting:
                if job.outcome is None and (message := sent.get((job.draft.sender_id, job.draft.client_id))):
                    job.outcome = Appended(message, False)

    def _check(
        self, counter: Counter, writes: Sequence[tuple[Draft, str]]
    ) -> tuple[Counter, Sequence[ChatError | None]]:
        """For each draft or message and its author, why they can't write it, if so; and the counter that remembers who can.

        What the ledger's comparison decides by itself needs no query: whether an author is in the room, and whether an
        author who could write to the other a moment ago still can.
        """
        now = time.monotonic()
        if all(_is_decided(counter, what, author, now) for what, author in writes):
            return counter, [None] * len(writes)
        among = [*{ObjectId(id) for what, author in writes for id in (author, _other(what, author))}]
        found = self._users.find({"_id": {"$in": among}}, {"blocked": {"$elemMatch": {"$in": among}}})
        users = {str(user["_id"]): {str(id) for id in user.get("blocked", ())} for user in found}

        def refusal(what: Draft, author: str) -> ChatError | None:
            other = _other(what, author)
            if what.receiver_id is not None and other not in users:
                return NotFoundError("no such user")
            if author not in users:
                return UserNotFoundError()
            if _needs_member(what) and counter.members is not None and author not in counter.members:
                return NotAMemberError()
            return BlockedError() if what.receiver_id is not None and author in users[other] else None

        refusals = [refusal(*write) for write in writes]
        can = {author for (_, author), refusal in zip(writes, refusals, strict=True) if refusal is None}
        cleared = {**counter.cleared, **dict.fromkeys(can, now + CLEARED_SECONDS)}
        return replace(counter, cleared=cleared), refusals

    def _find(self, message_id: str) -> Message | None:
        document = self._messages.find_one({"_id": ObjectId(message_id)})
        message = documents.message(document) if document else None
        if isinstance(message, LegacyMessage):
            raise NotMigratedError
        return message


def _needs_member(what: Draft) -> bool:
    """Whether only members can write it: what is in a room, but not the room's notices."""
    return what.receiver_id is None and what.system is None


def _is_decided(counter: Counter, what: Draft, author: str, time: float) -> bool:
    """Whether the comparison decides at that time if the author can write this."""
    if what.receiver_id is not None:
        return counter.cleared.get(author, 0) > time
    return _needs_member(what) and (counter.members is None or author in counter.members)


def _other(what: Draft, author: str) -> str:
    return direct(what.sender_id, what.receiver_id or author).other(author)
