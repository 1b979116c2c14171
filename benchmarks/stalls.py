"""Measures how long others wait while someone asks for what is expensive: `.venv/bin/python -m benchmarks.stalls`.

Fills a new database, starts the server (`gunicorn wsgi:app`, one process, eventlet) and makes each request once. Meanwhile,
another client asks a small question again and again. Prints a table, and writes it into docs/performance.md with --write:

- took: how long the request took;
- others waited: the longest that the other client waited; whatever else the machine does adds to it;
- blocked: the most CPU time for which the event loop served no one else, as the server notices it from 10 ms on.
"""

import contextlib
import io
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import websocket
from PIL import Image
from requests import Response

from benchmarks.crowd import Crowd, make_crowd, write_mongo, write_sqlite
from benchmarks.probe import probing
from benchmarks.report import write
from chat.lib.progress import progress_bar
from chat.realtime import stalls
from tests.clients.http import Person
from tests.images import wrap
from tests.services import ChatServer, MongoServer

NOTICED_MS = 10
GOAL_MS = 50
BLOCKED = re.compile(rf"{stalls.WORD} for (\d+) ms")
Request = Callable[[], object]


def requests_of(crowd: Crowd, ann: Person, leaver: Person) -> dict[str, Request]:
    """What is expensive, by name. The last ones destroy what they are about."""
    bob, room = crowd.people[1].id, crowd.room.id

    def get(path: str) -> Request:
        return lambda: ann.ask("GET", path, timeout=300)

    searches = {
        "one letter": "h",
        "two letters": "ho",
        "a Chinese character": "京",
        "three letters": "hot",
        '"the"': "the",
    }
    mine = len(crowd.friends)
    return {
        f"sidebar of {len(crowd.people):,} people, {mine:,} conversations": get("/api/messages/users"),
        f"the {mine:,} conversations (`/chats`)": get("/api/messages/chats"),
        "list of rooms": get("/api/rooms"),
        "history, a page of 1,000": get(f"/api/messages/{bob}?limit=1000"),
        "sync from the beginning": lambda: ann.call("POST", "/api/messages/sync", {"cursors": {}}),
        **{f"search for {name}": get(f"/api/messages/search?q={text}&limit=100") for name, text in searches.items()},
        "search for what no message has": get("/api/messages/search?q=zebra"),
        "image of 4.9 MB over HTTP": lambda: ann.ask(
            "POST", f"/api/messages/send/{bob}", {"image": _large_image()}, timeout=60
        ).raise_for_status(),
        "image of 4.9 MB over the socket": lambda: _send_by_socket(ann, {"to": bob, "image": _large_image()}),
        "GIF of 20,000 frames": lambda: ann.ask(
            "POST", f"/api/messages/send/{bob}", {"image": _long_gif()}, timeout=60
        ),
        "60 unfinished messages of many fragments": lambda: _fragments(ann),
        f"export of {crowd.messages * 13 // 50:,} messages": lambda: _read_all(ann),
        f"deletion of a room of {crowd.messages // 20:,} messages": lambda: ann.ask(
            "DELETE", f"/api/rooms/{room}", timeout=600
        ).raise_for_status(),
        f"deletion of an account with {crowd.messages // 20:,} messages": lambda: leaver.ask(
            "DELETE", "/api/auth/account", {"password": leaver.password}, timeout=900
        ).raise_for_status(),
    }


@contextlib.contextmanager
def running(kind: str, crowd: Crowd) -> Iterator[ChatServer]:
    """The server on a store with that crowd."""
    with contextlib.ExitStack() as stack:
        settings = {"RATE_LIMITS": "off", "STALL_MS": str(NOTICED_MS)}
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        with progress_bar(f"Writing {crowd.messages:,} messages", crowd.messages, hidden=False) as bar:
            if kind == "sqlite":
                write_sqlite(crowd, folder, bar.update)
            else:
                settings["MONGO_URL"] = f"{stack.enter_context(MongoServer()).url}/crowd"
                write_mongo(crowd, settings["MONGO_URL"], bar.update)
        server = ChatServer("gunicorn", DATA_DIR=str(folder), **settings)
        server.may_stall = True
        yield stack.enter_context(server)


def measure(kind: str, messages: int, people: int, only: str) -> list[str]:
    """The rows of the table for one store."""
    crowd = make_crowd(messages, people)
    lines = []
    with running(kind, crowd) as server:
        logged_in = []
        for user in (crowd.people[0], crowd.people[2], crowd.people[-1]):
            logged_in.append(server.site.newcomer(user.full_name, user.email).log_in())
        ann, leaver, other = logged_in
        chosen = {name: request for name, request in requests_of(crowd, ann, leaver).items() if only in name}
        with progress_bar("Measuring", len(chosen), hidden=False) as bar:
            for name, request in chosen.items():
                read = len(server.log())
                with probing(server.url, other.token) as waits:
                    started = time.perf_counter()
                    answer = request()
                    took = time.perf_counter() - started
                status = f", {answer.status_code}" if isinstance(answer, Response) and not answer.ok else ""
                blocked = max(map(int, BLOCKED.findall(server.log()[read:])), default=0)
                lines.append(
                    f"| {name} | {_ms(took)}{status} | {_ms(max(waits))} | {f'{blocked} ms' if blocked else '–'} |"
                )
                bar.update(1)
    return lines


def _ms(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def _large_image() -> str:
    """A JPEG of 4.9 MB."""
    out = io.BytesIO()
    Image.effect_noise((2400, 1800), 120).convert("RGB").save(out, "jpeg", quality=95)
    content = out.getvalue()
    return wrap(content + b"\0" * (4_900_000 - len(content)), "jpeg")


def _long_gif() -> str:
    """A GIF of many tiny frames."""
    out, frame = io.BytesIO(), Image.new("P", (1, 1))
    frame.save(out, "gif", save_all=True, append_images=[Image.new("P", (1, 1), n % 200) for n in range(1, 20_000)])
    return wrap(out.getvalue(), "gif")


def _send_by_socket(person: Person, message: dict[str, Any]) -> None:
    with person.raw_socket() as socket:
        answer = socket.ask("send_message", message)
        if not answer["ok"]:
            raise RuntimeError(answer)


def _fragments(person: Person) -> None:
    """Many sockets that each send many small fragments of a message without its end."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(person.raw_socket()) for _ in range(60)]
        for round in range(20):
            for socket in sockets:
                opcode = websocket.ABNF.OPCODE_CONT if round else websocket.ABNF.OPCODE_TEXT
                frame = websocket.ABNF.create_frame("x" * 50, opcode, 0).format()
                connection = socket.plain.sock
                assert connection is not None
                connection.sendall(frame * 100 if round else frame)


def _read_all(person: Person) -> None:
    with person.ask("GET", "/api/auth/export", stream=True, timeout=300) as answer:
        answer.raise_for_status()
        for _ in answer.iter_content(2**16):
            pass


@click.command(help=__doc__)
@click.option("--store", "kinds", multiple=True, type=click.Choice(["sqlite", "mongo"]), default=["sqlite", "mongo"])
@click.option("--messages", default=1_000_000, show_default=True, help="On MongoDB a tenth of it.")
@click.option("--people", default=10_000, show_default=True)
@click.option("--only", default="", help="Only requests with this in their name.")
@click.option("--write", "save", is_flag=True, help="Write the tables into docs/performance.md.")
def main(kinds: tuple[str, ...], messages: int, people: int, only: str, save: bool) -> None:
    """Print a table for each store."""
    parts = []
    for kind in kinds:
        # The server of MongoDB's protocol out of pip would take hours for a million.
        size = messages if kind == "sqlite" else messages // 10
        name = "SQLite" if kind == "sqlite" else "MongoDB's protocol"
        lines = [
            f"{name}, {size:,} messages, {people:,} people:",
            "",
            "| | took | others waited | blocked |",
            "|-|-:|-:|-:|",
        ]
        parts.append("\n".join(lines + measure(kind, size, people, only)))
    click.echo("\n\n".join(parts))
    if save:
        write("\n\n".join(parts), section="stalls")


if __name__ == "__main__":
    sys.exit(main())
