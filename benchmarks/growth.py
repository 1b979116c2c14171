"""Measures whether reading stays as fast when the database grows: `.venv/bin/python -m benchmarks.growth`.

Fills a new database with messages between 200 users, 1,000 first and more later, and times what one user asks for at each
size: a page of history, what changed since, the sidebar with its unread counts. Prints medians in milliseconds, and the
ratio to the first size. With --own, one conversation of that user grows instead of the others.
"""

import collections
import contextlib
import itertools
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import click

from chat.models.conversation import direct
from chat.models.message import Draft
from chat.models.user import User
from chat.store import Store, open_store
from tests.services import MongoServer

PEOPLE = 200
REPEATS = 30
SENDERS = 64


@contextlib.contextmanager
def new_store(kind: str) -> Iterator[Store]:
    """An empty store, gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        if kind == "sqlite":
            store = open_store(None, Path(folder))
            yield store
            store.close()
        else:
            with MongoServer() as server:
                store = open_store(f"{server.url}/growth", Path(folder))
                yield store
                store.close()


def add_messages(store: Store, pairs: list[tuple[User, User]], texts: Iterator[str], count: int) -> None:
    """Send many messages in the pairs' conversations in turn, many at once: they share commits."""
    drafts = [_draft(a, b, next(texts)) for a, b in itertools.islice(itertools.cycle(pairs), count)]
    with ThreadPoolExecutor(SENDERS) as senders:
        collections.deque(senders.map(store.messages.append, drafts), maxlen=0)


def _draft(a: User, b: User, text: str) -> Draft:
    return Draft(conversation=direct(a.id, b.id).id, sender_id=a.id, receiver_id=b.id, text=text)


def median_ms(work: Callable[[], Any]) -> float:
    """The median time of many calls."""
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        work()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


@click.command()
@click.option("--store", "kind", type=click.Choice(["sqlite", "mongo"]), default="sqlite")
@click.option("--sizes", default="1000,20000,200000", show_default=True)
@click.option("--own", is_flag=True, help="Grow one conversation of the person who asks.")
def main(kind: str, sizes: str, own: bool) -> None:
    """Print one line for each size of the database."""
    with new_store(kind) as store:
        people = [User(email=f"p{n}@example.org", full_name=f"P{n}", password_hash="-") for n in range(PEOPLE)]
        for person in people:
            store.users.add(person)
        me, friends, others = people[0], people[1:11], people[11:]
        mine = [(friend, me) for friend in friends]
        texts = (f"message number {n} of ordinary length" for n in itertools.count())
        for a, b in [*mine, *zip(others[::2], others[1::2], strict=False)]:
            store.messages.append(_draft(a, b, "hi"))
        add_messages(store, mine, texts, 500)
        conversation = direct(me.id, friends[0].id)
        questions: dict[str, Callable[[], Any]] = {
            "history page of 50": lambda: store.messages.page(conversation, None, 50),
            "sync of 20": lambda: store.messages.changes_since(conversation.id, 20, 20),
            "sidebar, unread": lambda: store.conversations.summarize(me.id, store.conversations.of_member(me.id)),
            "unread of one": lambda: store.conversations.count_unread(conversation.id, me.id),
        }
        click.echo(f"{kind:>8}  " + "  ".join(f"{name:>24}" for name in questions))
        written = 605
        first: dict[str, float] = {}
        for size in map(int, sizes.split(",")):
            growing = mine[:1] if own else list(zip(others[::2], others[1::2], strict=False))
            add_messages(store, growing, texts, size - written)
            store.conversations.move_cursor(conversation.id, me.id, 10**9)
            written = size
            times = {name: median_ms(question) for name, question in questions.items()}
            first = first or times
            cells = (f"{times[name]:.2f} ms ({times[name] / first[name]:.1f}x)" for name in questions)
            click.echo(f"{size:>8}  " + "  ".join(f"{cell:>24}" for cell in cells))


if __name__ == "__main__":
    main()
