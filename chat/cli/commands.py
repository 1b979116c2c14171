"""What all commands share: failures in one line, who acts, and answers as a table or as JSON."""

import getpass
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar

import click
import msgspec
from flask.cli import AppGroup

from chat import schemas
from chat.answers import Answer
from chat.current import bus
from chat.errors import ChatError
from chat.models.audit import Actor
from chat.schemas import MAX_PAGE

T = TypeVar("T")
Function = Callable[..., Any]

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
reason = click.option("--reason", default="", help="Why; the audit log keeps it.")


@contextmanager
def failing_in_words() -> Iterator[None]:
    """End a command with one line and exit code 1 in place of a traceback, if what it does can't be done."""
    try:
        yield
    except ChatError as error:
        raise click.ClickException(error.message) from None


class Commands(AppGroup):
    """A group of commands. What a command raises is one line, and it ends when other processes have been told."""

    def define(self, name: str) -> Callable[[Function], click.Command]:
        """Decorate a function as the command ``name``, which runs within the app."""

        def bind(function: Function) -> click.Command:
            @wraps(function)
            def run(*given: Any, **named: Any) -> None:
                with failing_in_words():
                    function(*given, **named)
                bus.flush()

            command: click.Command = self.command(name)(run)
            return command

        return bind


def actor() -> Actor:
    """Who acts on the command line, as the audit log names them."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        name = f"user {os.getuid()}"
    return Actor(None, f"{name} on the command line")


def show(rows: Sequence[Answer], columns: dict[str, str], as_json: bool) -> None:
    """Print answers: all of their fields as JSON, or those that ``columns`` names, under its headings."""
    entries: list[dict[str, Any]] = msgspec.to_builtins(rows)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(entries)))
        return
    table = [list(columns.values()), *([_cell(entry.get(field)) for field in columns] for entry in entries)]
    widths = [max(len(row[column]) for row in table) for column in range(len(columns))]
    for row in table:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def all_pages(page: Callable[[schemas.Found], tuple[list[T], str | None]], search: str = "") -> list[T]:
    """The entries of all pages; ``page`` returns those of one, and where the next begins."""
    found: list[T] = []
    query = schemas.Found(q=search, limit=MAX_PAGE)
    while True:
        entries, older = page(query)
        found += entries
        if older is None:
            return found
        query = schemas.Found(q=search, before=older, limit=MAX_PAGE)


def _cell(value: Any) -> str:
    """A value for people. Control characters are escaped: a name must not write to the terminal."""
    text = {True: "yes", False: "", None: ""}.get(value, value) if value is None or isinstance(value, bool) else value
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in str(text))
