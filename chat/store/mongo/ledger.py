"""The numbers of conversations in MongoDB: who gives them, and how a message gets stored under its number.

A conversation's document has the counter ``rev`` and, in ``head``, the next states of the messages that the last write
changed. A write compares and swaps both at once: ``rev`` was n, and now it is n+k with a head of k states. This gives the
numbers once, for ever, in all processes, and it is the moment at which a write counts. Then the states of the head are
copied to the collection ``messages``, in their order. A write that follows first makes sure that the head before it was
copied, also if the process that wrote it has died; so in ``messages`` a number appears after all numbers before it.

What else decides whether a message can be written is compared in the same step: the members of a room, and ``guard``, which
grows when a member of a direct conversation blocks the other or is removed.

``last`` has the id and the ``seq`` of the newest message. It can be absent if release 1.0 wrote the conversation.

The module is long because the comparison, the copy and the repair of an interrupted copy keep one invariant together.
"""

import time
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence

from bson import ObjectId
from bson.datetime_ms import DatetimeMS
from msgspec import Struct
from msgspec.structs import replace
from pymongo import DESCENDING, InsertOne, UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError

from chat.errors import NotFoundError
from chat.models.conversation import direct_from_id
from chat.models.message import Message
from chat.models.values import now
from chat.store.mongo import documents, unnumbered
from chat.store.mongo.connection import Connection
from chat.store.mongo.documents import Document, object_id

_REMEMBERED = 10_000  # conversations
_DUPLICATE_KEY = 11000  # MongoDB's code for what a unique index refuses
_COUNTER = {"rev": 1, "guard": 1, "last": 1, "createdAt": 1, "members": 1, "head": 1}


class Counter(Struct, frozen=True):
    """A conversation's counter, whose head is in ``messages``.

    ``rev`` is the last number that was given. ``opened`` tells whether there is a document, ``stored`` whether ``rev`` is
    in it, and ``begun`` whether the conversation has a message. ``members`` is only known of a counter that was just read.
    ``cleared`` has the users who can write to the other member while ``guard`` is the same, and until when (of
    `time.monotonic`) they are not looked up again.
    """

    rev: int
    opened: bool
    stored: bool
    begun: bool
    guard: int | None
    last: ObjectId | None
    last_seq: int
    known_since: float  # of `time.monotonic`: what is read after that is at least as new
    members: frozenset[str] | None = None
    cleared: Mapping[str, float] = {}


class Ledger:
    """Gives numbers, and stores messages under them.

    It remembers counters, so that a write need not read first. A counter that is out of date does no harm: the comparison
    fails.
    """

    def __init__(self, connection: Connection) -> None:
        self._conversations = connection.conversations
        self._messages = connection.messages
        self._known: OrderedDict[str, Counter] = OrderedDict()

    def known(self, conversation_id: str) -> Counter | None:
        """The counter as this process last saw it."""
        return self._known.get(conversation_id)

    def forget(self, conversation_id: str) -> None:
        """Read the counter again before the next write."""
        self._known.pop(conversation_id, None)

    def load(self, conversation_id: str) -> Counter | None:
        """Read a counter. Return None if there is no such room; a direct conversation can always be begun."""
        document = self._settle(conversation_id)
        if document is None and direct_from_id(conversation_id) is None:
            return None
        return self._counter(conversation_id, document)

    def commit(
        self, conversation_id: str, counter: Counter, messages: Sequence[Message], members: Collection[str] = ()
    ) -> bool:
        """Store the next states of messages, whose numbers follow the counter, if all of ``members`` are members.

        Return False if that did not happen, or only in part: then load the counter again, and look. Raises
        `NotFoundError` if the room was removed.
        """
        self.forget(conversation_id)
        if not counter.opened:
            self._open(conversation_id)
            return False
        head = [documents.message_document(message) for message in messages]
        after = _after(counter, head)
        changes: Document = {"rev": after.rev, "head": head}
        if after.last:
            changes["last"] = {"id": after.last, "seq": after.last_seq}
        if not counter.begun:
            changes |= {"createdAt": DatetimeMS(now()), "updatedAt": DatetimeMS(now())}
        condition: Document = {
            "_id": object_id(conversation_id),
            "rev": counter.rev if counter.stored else {"$exists": False},
            "guard": {"$exists": False} if counter.guard is None else counter.guard,
        }
        if members:
            condition["members"] = {"$all": [ObjectId(member) for member in members]}
        if not self._conversations.update_one(condition, {"$set": changes}).matched_count:
            return False
        if not self._copy_at_once(head):
            self._settle(conversation_id)
            return False
        if self._is_removed(conversation_id, head):
            raise NotFoundError
        # Only now: a message that was read while it was being changed must be read again before the next change.
        self._known[conversation_id] = replace(after, known_since=time.monotonic())
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return True

    def peek(self, conversation_id: str) -> tuple[int, dict[str, int]]:
        """The last number that was given, 0 if none is known, and the ids and numbers of the head."""
        fields = {"rev": 1, "head._id": 1, "head.rev": 1}
        document = self._conversations.find_one({"_id": object_id(conversation_id)}, fields) or {}
        return document.get("rev", 0), {str(message["_id"]): message["rev"] for message in document.get("head", ())}

    def settle(self, conversation_id: str) -> None:
        """Copy the head of a conversation to the messages, if the process that wrote it has not."""
        self._settle(conversation_id)

    def newest(self, conversation_ids: Sequence[str]) -> dict[str, tuple[int, Message]]:
        """By conversation, the last number that was given and the newest message, if there is one."""
        fields = {"rev": 1, "last": 1, "head._id": 1, "head.rev": 1}
        ids = [object_id(id) for id in conversation_ids]
        conversations = list(self._conversations.find({"_id": {"$in": ids}}, fields))
        wanted = {document["last"]["id"] for document in conversations if "last" in document}
        wanted |= {document["head"][-1]["_id"] for document in conversations if document.get("head")}
        messages = {message["_id"]: message for message in self._messages.find({"_id": {"$in": [*wanted]}})}
        found: dict[str, tuple[int, Message]] = {}
        for document in conversations:
            id, last = str(document["_id"]), messages.get(document.get("last", {}).get("id"))
            head = document.get("head")
            if head and messages.get(head[-1]["_id"], {}).get("rev", 0) < head[-1]["rev"]:
                self._settle(id)
                last = None
            if last is None and document.get("rev") != 0:
                last = self._messages.find_one({"conversation": id}, sort=[("seq", DESCENDING)])
            if last is not None:
                message = documents.numbered(last)
                found[id] = (document.get("rev", message.rev), message)
        return found

    def _open(self, conversation_id: str) -> None:
        """Make the document of a direct conversation: from then on, who is about to write sees a block or a removal."""
        conversation = direct_from_id(conversation_id)
        members = [ObjectId(member) for member in conversation.members] if conversation else []
        self._conversations.update_one({"_id": conversation_id}, {"$setOnInsert": {"members": members}}, upsert=True)

    def _settle(self, conversation_id: str) -> Document | None:
        """Make sure that the head is in the messages; the conversation's document, if it exists."""
        while document := self._conversations.find_one({"_id": object_id(conversation_id)}, _COUNTER):
            head = document.get("head")
            if not head or self._is_copied(head[-1]):
                return document
            for number, message in enumerate(head):
                if not self._copy(message):
                    self._replace_head(document, number)
                    break
            else:
                return None if self._is_removed(conversation_id, head) else document
        return None

    def _copy_at_once(self, head: list[Document]) -> bool:
        """Copy a head that this process has just written; False if another was faster, or a number is taken."""
        copies = [
            InsertOne(message)
            if message["seq"] == message["rev"]
            else UpdateOne(_older(message), documents.message_update(message))
            for message in head
        ]
        if not copies:
            return True
        try:
            self._messages.bulk_write(copies, ordered=True)
        except BulkWriteError as error:
            if all(refused["code"] == _DUPLICATE_KEY for refused in error.details["writeErrors"]):
                return False
            raise
        return True

    def _copy(self, message: Document) -> bool:
        """Copy one state of a head, unless it or a later one is there; False if its number or client id is taken."""
        try:
            update = documents.message_update(message)
            if (
                not self._messages.update_one(_older(message), update).matched_count
                and message["seq"] == message["rev"]
            ):
                new = {name: value for name, value in message.items() if name != "_id"}
                self._messages.update_one({"_id": message["_id"]}, {"$setOnInsert": new}, upsert=True)
        except DuplicateKeyError:
            return self._is_copied(message)
        return True

    def _is_copied(self, message: Document) -> bool:
        query = {"_id": message["_id"], "rev": {"$gte": message["rev"]}}
        return self._messages.find_one(query, {"_id": 1}) is not None

    def _replace_head(self, document: Document, start: int) -> None:
        """Resolve a conflict: the state at ``start`` of the head can't be copied. The states before it are copied.

        Its sender used the client id in another conversation at the same moment: then that message counts, and this one
        is dropped. Or release 1.0, which keeps no counter, took the number while this version was being installed: then
        this state and those after it, which no one has seen, get new numbers.
        """
        conversation = {"_id": document["_id"], "rev": document["rev"]}
        message, *rest = document["head"][start:]
        sent = {"senderId": message["senderId"], "clientId": message.get("clientId"), "_id": {"$ne": message["_id"]}}
        if "clientId" in message and self._messages.find_one(sent, {"_id": 1}):
            self._conversations.update_one(conversation, {"$pull": {"head": {"_id": message["_id"]}}})
            return
        said = {"conversation": str(document["_id"])}
        taken = self._messages.find_one(said, {"rev": 1}, sort=[("rev", DESCENDING)]) or {"rev": 0}
        number = max(taken["rev"], document["rev"])
        changes: Document = {"head": [message, *rest]}
        for state in changes["head"]:
            number += 1
            if state["seq"] == state["rev"]:
                state["seq"] = number
                changes["last"] = {"id": state["_id"], "seq": number}
            state["rev"] = changes["rev"] = number
        self._conversations.update_one(conversation, {"$set": changes})

    def _is_removed(self, conversation_id: str, head: list[Document]) -> bool:
        """Whether the room has been removed meanwhile; then what was copied after that is removed as well."""
        if direct_from_id(conversation_id) or self._conversations.find_one(
            {"_id": ObjectId(conversation_id)}, {"_id": 1}
        ):
            return False
        self._messages.delete_many({"_id": {"$in": [message["_id"] for message in head]}})
        return True

    def _counter(self, conversation_id: str, found: Document | None) -> Counter:
        """The counter in a document. Release 1.0 and the Express backend kept none: then what they wrote counts."""
        document = found or {}
        last, rev = document.get("last"), document.get("rev")
        if last is None and rev != 0:
            said = {"conversation": conversation_id}
            if newest := self._messages.find_one(said, {"seq": 1}, sort=[("seq", DESCENDING)]):
                last = {"id": newest["_id"], "seq": newest["seq"]}
        if rev is None and last is not None:
            changed = self._messages.find_one({"conversation": conversation_id}, {"rev": 1}, sort=[("rev", DESCENDING)])
            rev = changed["rev"] if changed else None
        return Counter(
            rev=unnumbered.count(self._messages, conversation_id) if rev is None else rev,
            opened=found is not None,
            stored="rev" in document,
            begun="createdAt" in document,
            guard=document.get("guard"),
            last=last["id"] if last else None,
            last_seq=last["seq"] if last else 0,
            known_since=time.monotonic(),
            members=frozenset(map(str, document.get("members", ()))),
        )


def _older(message: Document) -> Document:
    """The query for an earlier state of a message; one of the Express backend has no ``rev``."""
    return {"_id": message["_id"], "rev": {"$not": {"$gte": message["rev"]}}}


def _after(counter: Counter, head: list[Document]) -> Counter:
    """The counter after a head was written."""
    after = replace(counter, rev=counter.rev + len(head), stored=True, begun=True, members=None)
    for message in head:
        if message["seq"] == message["rev"]:
            after = replace(after, last=message["_id"], last_seq=message["seq"])
    return after
