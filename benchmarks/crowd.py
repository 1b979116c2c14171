"""A large database, written directly: many people, and what makes some requests expensive."""

import itertools
import random
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import bcrypt
from pymongo import MongoClient

from chat.models.conversation import Conversation, Room, direct
from chat.models.message import Draft, Message
from chat.models.user import User
from chat.models.values import now
from chat.store import open_store
from chat.store.mongo import documents
from chat.store.mongo.documents import CONVERSATION, USER, Document
from chat.store.sqlite import rows
from chat.store.sqlite.connection import connect
from tests.clients.http import PASSWORD

SLICE = 10_000  # messages written at once
WORDS = [
    *("the", "of", "and", "to", "in", "is", "it", "you", "that", "he", "was", "for", "on", "are", "with", "as", "his"),
    *("they", "be", "at", "one", "have", "this", "from", "by", "hot", "word"),
]


@dataclass(frozen=True, slots=True)
class Crowd:
    """How large it is, and the people in it by what they are good for.

    ``ann`` has a conversation with each of ``friends``, a long one with ``bob``, and ``room``; ``leaver`` wrote a lot.
    """

    messages: int
    people: list[User]
    room: Room
    friends: list[User] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "friends", self.people[4 : 4 + len(self.people) // 10])

    @property
    def ann(self) -> User:
        return self.people[0]

    @property
    def bob(self) -> User:
        return self.people[1]

    @property
    def leaver(self) -> User:
        return self.people[2]

    def conversations(self) -> Iterator[tuple[Conversation, int]]:
        """Each conversation, and how many messages it has."""
        ann, bob, leaver, prober, *_ = self.people
        yield direct(ann.id, bob.id), self.messages // 10
        yield direct(leaver.id, prober.id), self.messages // 20
        yield self.room, self.messages // 20
        for friend in self.friends:
            yield direct(ann.id, friend.id), max(1, self.messages // 10 // len(self.friends))
        others = self.people[4 + len(self.friends) :]
        for a, b in itertools.pairwise(others):
            yield direct(a.id, b.id), max(1, self.messages * 7 // 10 // len(others))


def make_crowd(messages: int, people: int) -> Crowd:
    """A crowd of that size, in memory. All have the password of the tests' people."""
    password_hash = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    users = [
        User(email=f"p{number}@example.org", full_name=f"Person {number}", password_hash=password_hash)
        for number in range(people)
    ]
    members = tuple(user.id for user in (users[0], *users[3:50]))
    return Crowd(messages, users, Room(name="Everyone", public=False, owner_id=members[0], members=members))


def write_sqlite(crowd: Crowd, folder: Path, progress: Callable[[int], object]) -> None:
    """Write it into the file of a new store."""
    folder.mkdir(parents=True, exist_ok=True)
    open_store(None, folder).close()
    with closing(connect(folder / "chat.db")) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("BEGIN")
        db.executemany(rows.insert("users", rows.USER), (rows.row(user, rows.USER) for user in crowd.people))
        for conversation, count in crowd.conversations():
            db.execute(f"{rows.insert('conversations', rows.CONVERSATION)}", rows.conversation_row(conversation))
            db.execute("UPDATE conversations SET rev = ? WHERE id = ?", [count, conversation.id])
            members = [(conversation.id, member) for member in conversation.members]
            db.executemany("INSERT INTO members (conversation, user_id) VALUES (?, ?)", members)
        insert = rows.insert("messages", rows.MESSAGE)
        for messages in _slices(crowd):
            db.executemany(insert, (rows.row(message, rows.MESSAGE) for message in messages))
            progress(len(messages))
        lowered = "SELECT conversation, number, lower(text) FROM messages ORDER BY conversation, number"
        db.execute(f"INSERT INTO search_texts {lowered}")
        db.execute("COMMIT")


def write_mongo(crowd: Crowd, url: str, progress: Callable[[int], object]) -> None:
    """Write it into the database at that address."""
    open_store(url, Path()).close()
    with MongoClient[Document](url) as client:
        database = client.get_default_database()
        database.users.insert_many([documents.document(user, USER) for user in crowd.people])
        last: dict[str, Message] = {}
        for messages in _slices(crowd):
            database.messages.insert_many(map(documents.message_document, messages))
            last |= {message.conversation: message for message in messages}
            progress(len(messages))
        database.conversations.insert_many(
            {
                **documents.document(conversation, CONVERSATION),
                "rev": count,
                "last": {"id": documents.object_id(last[conversation.id].id), "seq": count},
            }
            for conversation, count in crowd.conversations()
        )


def _slices(crowd: Crowd) -> Iterator[list[Message]]:
    messages = _messages(crowd)
    while found := list(itertools.islice(messages, SLICE)):
        yield found


def _messages(crowd: Crowd) -> Iterator[Message]:
    chosen = random.Random(1)
    time = now() - 86_400_000
    for conversation, count in crowd.conversations():
        writers = (crowd.leaver.id,) if crowd.leaver.id in conversation.members else conversation.members
        for number in range(1, count + 1):
            sender = writers[number % len(writers)]
            receiver = None if isinstance(conversation, Room) else conversation.other(sender)
            text = " ".join(chosen.choices(WORDS, k=10))
            draft = Draft(
                conversation=conversation.id, sender_id=sender, receiver_id=receiver, text=text, created_at=time
            )
            yield draft.numbered(number)
