"""The database's versions, as a list of numbered steps. The document ``schema`` in ``meta`` says how many it went through.

Several processes may take the same step at once, and a step that was cut off is taken again: each finds what is missing.
Never change a step that was released: add one.
"""

from collections.abc import Callable
from itertools import islice
from typing import Any

from pymongo import ASCENDING, DESCENDING, UpdateOne
from pymongo.collation import Collation
from pymongo.database import Database

from chat.errors import DatabaseTooNewError
from chat.lib.progress import progress_bar
from chat.models.folding import fold
from chat.models.message import renamed_to
from chat.store.mongo.documents import SEARCH_TEXT, Document

IGNORING_CASE = Collation(locale="en", strength=2)
LONG = 10_000  # conversations or messages: to change so many takes seconds
BATCH = 1000  # messages in one write


def migrate(database: Database[Document]) -> None:
    """Bring the database to the newest version. Raises `DatabaseTooNewError`."""
    schema = database.meta.find_one({"_id": "schema"}) or {"version": 0}
    if schema["version"] > len(STEPS):
        raise DatabaseTooNewError(schema["version"], len(STEPS))
    for step in STEPS[schema["version"] :]:
        step(database)
    database.meta.update_one({"_id": "schema"}, {"$max": {"version": len(STEPS)}}, upsert=True)


def _release_1_0(database: Database[Document]) -> None:
    """The indexes of release 1.0. A sparse index leaves out the messages that have no number yet."""
    # The Express backend makes this one itself, with this old option, before or after us: some servers compare it.
    if not any(
        index["key"] == [("email", 1)] and index.get("unique") and not index.get("collation")
        for index in database.users.index_information().values()
    ):
        database.users.create_index("email", unique=True, background=True)
    database.users.create_index("email", name="email_ignoring_case", collation=IGNORING_CASE)
    database.users.create_index("blocked", sparse=True)
    database.conversations.create_index("members")
    database.conversations.create_index("public", sparse=True)
    messages = database.messages
    messages.create_index([("conversation", ASCENDING), ("rev", ASCENDING)], unique=True, sparse=True)
    messages.create_index([("conversation", ASCENDING), ("seq", ASCENDING)], unique=True, sparse=True)
    messages.create_index([("senderId", ASCENDING), ("receiverId", ASCENDING), ("createdAt", ASCENDING)])
    messages.create_index(
        [("senderId", ASCENDING), ("clientId", ASCENDING)],
        unique=True,
        partialFilterExpression={"clientId": {"$exists": True}},
    )


def _counters(database: Database[Document]) -> None:
    """Each conversation gets a counter that only grows, and knows its last message."""
    database.users.create_index("sessions.id", sparse=True)
    database.messages.create_index("clientId", sparse=True)  # SecantusDB can't use the partial index for a look-up
    uncounted: Document = {"rev": {"$exists": False}}
    ids: list[Any] = [found["_id"] for found in database.conversations.find(uncounted, {"_id": 1})]
    with progress_bar("Numbering conversations", len(ids), hidden=len(ids) < LONG) as bar:
        for id in ids:
            said = {"conversation": str(id)}
            changed = database.messages.find_one(said, {"rev": 1}, sort=[("rev", DESCENDING)])
            last = database.messages.find_one(said, {"seq": 1}, sort=[("seq", DESCENDING)])
            if changed and last:
                counter = {"rev": changed["rev"], "last": {"id": last["_id"], "seq": last["seq"]}}
                database.conversations.update_one({"_id": id, **uncounted}, {"$set": counter})
            bar.update(1)


def _search_texts(database: Database[Document]) -> None:
    """Each message that has a number gets the text that a search reads."""
    missing: Document = {"conversation": {"$exists": True}, "text": {"$gt": ""}, SEARCH_TEXT: {"$exists": False}}
    messages = database.messages
    count = messages.count_documents(missing)
    found = iter(messages.find(missing, {"text": 1}))
    with progress_bar("Preparing search", count, hidden=count < LONG) as bar:
        while batch := list(islice(found, BATCH)):
            # The text is compared, since a server that runs already may change it meanwhile.
            messages.bulk_write(
                [UpdateOne(message, {"$set": {SEARCH_TEXT: fold(message["text"])}}) for message in batch], ordered=False
            )
            bar.update(len(batch))


def _pictures(database: Database[Document]) -> None:
    """Pictures are found by their address: who may see one is looked up each time."""
    database.messages.create_index("image", sparse=True)
    database.users.create_index("profilePic", sparse=True)


def _erasure(database: Database[Document]) -> None:
    """Notices keep no names of users, and messages with reactions are found."""
    reacted: Document = {"reactions": {"$exists": True}}
    database.messages.create_index([("_id", ASCENDING), ("rev", ASCENDING)], partialFilterExpression=reacted)
    without_name = {"system": {"$in": ["joined", "left", "added", "removed"]}}
    database.messages.update_many(without_name, {"$unset": {"text": "", SEARCH_TEXT: ""}})
    for found in database.messages.find({"system": "renamed"}, {"text": 1}):
        name = {"$set": {"text": renamed_to(found.get("text", ""))}, "$unset": {SEARCH_TEXT: ""}}
        database.messages.update_one({"_id": found["_id"]}, name)


def _room_settings(database: Database[Document]) -> None:
    """Rooms that set a time for their messages are found."""
    database.conversations.create_index("messageTtlDays", sparse=True)


STEPS: tuple[Callable[[Database[Document]], None], ...] = (
    _release_1_0,
    _counters,
    _search_texts,
    _pictures,
    _erasure,
    _room_settings,
)
