"""`flask migrate`."""

import click
from flask import current_app
from flask.cli import with_appcontext

from chat.lib.progress import progress_bar
from chat.store.mongo import MongoStore


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say how many messages it would number.")
@with_appcontext
def migrate(dry_run: bool) -> None:
    """Number the messages that the Express backend wrote, so that they can be searched, edited and synced.

    Safe while the server runs, and safe to stop and to run again.
    """
    store = current_app.extensions["chat"].store
    count = store.legacy.count_unnumbered() if isinstance(store, MongoStore) else 0
    if not count:
        click.echo("All messages have numbers; there is nothing to do.")
        return
    if dry_run:
        click.echo(f"{count} messages would get their numbers. Nothing was changed.")
        return
    done = 0
    with progress_bar(f"Numbering {count} messages", count, hidden=False) as bar:
        for _ in store.legacy.number_messages():
            done += 1
            bar.update(1)
    click.echo(f"{done} messages have their numbers now.")
