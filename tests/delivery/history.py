"""What clients did and saw, and what is wrong with it.

The checker knows what the chat promises, and nothing of how it keeps that: it compares what clients sent, what they were
answered, and what they and the server have in the end.
"""

import threading
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

Message = dict[str, Any]
State = dict[str, Message]  # the messages of a conversation, by id
WRONG = (
    "lost",  # an acknowledged message that a member doesn't have in the end
    "edits lost",  # a message in an older state than the one that was acknowledged
    "repeated",  # the same send, stored as two messages
    "out of order",  # a message numbered before one that was acknowledged before it was sent, on any process
    "numbers given twice",  # two states under the same `rev`, two messages under one `seq`, or a message that moved
    "stale reads",  # a page without what was acknowledged before it was asked for
    "differing ends",  # a client, or a second process, that ends with other messages than the server
)


@dataclass(frozen=True)
class Write:
    """An acknowledged send or edit: the state that was answered, and when it was first tried and acknowledged."""

    message: Message
    begun: float
    ended: float

    @property
    def is_send(self) -> bool:
        """Whether it was a send: an edit moves `rev` past `seq`."""
        return bool(self.message["seq"] == self.message["rev"])


@dataclass(frozen=True)
class Read:
    """A page of a conversation, and how many of its writes were acknowledged before it was asked for."""

    page: list[Message]
    is_whole: bool
    acknowledged: int


@dataclass
class History:
    """All that happened, by conversation. Threads of all clients write it."""

    writes: defaultdict[str, list[Write]] = field(default_factory=lambda: defaultdict(list))  # as acknowledged
    reads: defaultdict[str, list[Read]] = field(default_factory=lambda: defaultdict(list))
    counts: Counter[str] = field(default_factory=Counter)
    _states: dict[tuple[str, int], Message] = field(default_factory=dict)  # by conversation and rev
    _seqs: dict[tuple[str, int], str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def see(self, message: Message) -> None:
        """Note a state of a message that a client was shown, in whatever way."""
        conversation, id = message["conversation"], message["_id"]
        with self._lock:
            same_state = self._states.setdefault((conversation, message["rev"]), message) == message
            same_place = self._seqs.setdefault((conversation, message["seq"]), id) == id
        if not (same_state and same_place):
            self.counts["numbers given twice"] += 1

    def acknowledge(self, write: Write) -> None:
        """Note that a write was acknowledged."""
        with self._lock:
            self.writes[write.message["conversation"]].append(write)

    def acknowledged(self, conversation: str) -> int:
        """How many writes were acknowledged so far."""
        return len(self.writes[conversation])


def check(history: History, server: dict[str, list[State]], clients: dict[str, list[State]]) -> Counter[str]:
    """Count what is wrong; the keys are those of `WRONG`, and "compared".

    By conversation, ``server`` has what each process serves in the end, and ``clients`` what each member has.
    """
    counts = Counter(history.counts)
    for conversation, (truth, *others) in server.items():
        writes, ends = history.writes[conversation], [*clients[conversation], *others]
        counts["differing ends"] += sum(end != truth for end in ends)
        counts["out of order"] += _out_of_order([write for write in writes if write.is_send])
        counts["out of order"] += _out_of_order(writes)
        counts["stale reads"] += sum(_is_stale(read, writes) for read in history.reads[conversation])
        for end in (truth, *ends):
            sent = Counter((message["senderId"], message["clientId"]) for message in end.values())
            counts["repeated"] += sent.total() - len(sent)
            for message in end.values():
                history.see(message)
            for write in _last(writes):
                counts["compared"] += 1
                found = end.get(write.message["_id"])
                counts["lost"] += found is None
                counts["edits lost"] += found is not None and _is_older(found, write.message)
    counts["numbers given twice"] = history.counts["numbers given twice"]
    return counts


def _out_of_order(writes: Iterable[Write]) -> int:
    """How many were acknowledged before one with a smaller number was begun."""
    count, latest_begin = 0, 0.0
    for write in sorted(writes, key=lambda write: write.message["rev"]):
        count += write.ended < latest_begin
        latest_begin = max(latest_begin, write.begun)
    return count


def _is_stale(read: Read, writes: list[Write]) -> bool:
    page = {message["_id"]: message for message in read.page}
    oldest = 0 if read.is_whole else min(message["seq"] for message in read.page)
    due = [write.message for write in writes[: read.acknowledged] if write.message["seq"] >= oldest]
    return any(message["_id"] not in page or _is_older(page[message["_id"]], message) for message in due)


def _is_older(found: Message, acknowledged: Message) -> bool:
    if found["rev"] == acknowledged["rev"]:
        return found != acknowledged
    return bool(found["rev"] < acknowledged["rev"])


def _last(writes: list[Write]) -> list[Write]:
    """The last acknowledged write of each message."""
    last: dict[str, Write] = {}
    for write in writes:
        known = last.setdefault(write.message["_id"], write)
        if write.message["rev"] > known.message["rev"]:
            last[write.message["_id"]] = write
    return list(last.values())
