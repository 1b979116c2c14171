"""Measures whether reading stays as fast when the database grows: `.venv/bin/python -m benchmarks.growth`.

Fills a new database with messages between 200 users, 1,000 first and more later, and times what one user asks for at each
size: a page of history, what changed since, the sidebar with its unread counts. Prints medians in milliseconds, and how
many times the first size's that is. With --own, that user's one conversation grows instead of the others'.
"""

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
from chat.store import open_store
from chat.store.port import Store
from tests.services import MongoServer

USERS = 200
REPEATS = 30
WRITERS = 32  # at once, since messages that wait at the same moment share a write
CHUNK = 10_000


@contextlib.contextmanager
def new_store(kind: str) -> Iterator[Store]:
    """An empty store, gone afterwards."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = f"{stack.enter_context(MongoServer()).url}/growth" if kind == "mongo" else None
        store = open_store(url, folder)
        stack.callback(store.close)
        yield store


def drafts(pairs: list[tuple[User, User]]) -> Iterator[Draft]:
    """Messages in the pairs' conversations in turn, without end."""
    for number, (a, b) in enumerate(itertools.cycle(pairs)):
        text = f"message number {number} of ordinary length"
        yield Draft(conversation=direct(a.id, b.id).id, sender_id=a.id, receiver_id=b.id, text=text)


def add_messages(store: Store, pairs: list[tuple[User, User]], count: int) -> None:
    """Add so many messages to the pairs' conversations."""
    source = itertools.islice(drafts(pairs), count)
    with ThreadPoolExecutor(WRITERS) as pool:
        while chunk := list(itertools.islice(source, CHUNK)):
            list(pool.map(store.messages.append, chunk))


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
@click.option("--own", is_flag=True, help="Grow one conversation of the user who asks.")
def main(kind: str, sizes: str, own: bool) -> None:
    """Print one line for each size of the database."""
    with new_store(kind) as store:
        users = [User(email=f"p{n}@example.org", full_name=f"P{n}", password_hash="-") for n in range(USERS)]
        for user in users:
            store.users.add(user)
        me, friends, others = users[0], users[1:11], users[11:]
        mine = [(friend, me) for friend in friends]
        apart = list(zip(others[::2], others[1::2], strict=False))
        add_messages(store, mine, 510)
        add_messages(store, apart, len(apart))
        written = 510 + len(apart)
        conversation = direct(me.id, friends[0].id)
        questions: dict[str, Callable[[], Any]] = {
            "history page of 50": lambda: store.messages.page(conversation, None, 50),
            "sync of 20": lambda: store.messages.changes_since(conversation.id, 20, 20),
            "sidebar, unread": lambda: store.conversations.summarize(me.id, store.conversations.of_member(me.id)),
            "unread of one": lambda: store.conversations.count_unread(conversation.id, me.id),
        }
        click.echo(f"{kind:>8}  " + "  ".join(f"{name:>24}" for name in questions))
        first: dict[str, float] = {}
        for size in map(int, sizes.split(",")):
            add_messages(store, mine[:1] if own else apart, size - written)
            store.conversations.move_cursor(conversation.id, me.id, 10**9)
            written = size
            times = {name: median_ms(question) for name, question in questions.items()}
            first = first or times
            cells = (f"{times[name]:.2f} ms ({times[name] / first[name]:.1f}x)" for name in questions)
            click.echo(f"{size:>8}  " + "  ".join(f"{cell:>24}" for cell in cells))


if __name__ == "__main__":
    main()
