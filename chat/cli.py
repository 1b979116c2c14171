"""What a server's owner runs by hand: `flask migrate`."""

import click
from flask.cli import with_appcontext

from chat.store import store


@click.command()
@with_appcontext
def migrate() -> None:
    """Number the messages that the Express backend wrote, so that they can be searched, edited and synced.

    Safe while the server runs, and safe to stop and to run again.
    """
    count = store.count_unnumbered()
    if not count:
        click.echo("Every message has its number; there is nothing to do.")
        return
    with click.progressbar(store.number_messages(), length=count, label=f"Numbering {count} messages") as numbered:
        done = sum(1 for _ in numbered)
    click.echo(f"{done} messages have their number now.")
