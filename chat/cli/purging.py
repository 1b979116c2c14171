"""`flask purge`."""

import click
from flask.cli import with_appcontext

from chat.cli.commands import actor
from chat.controllers import retention
from chat.controllers.audit import recorded
from chat.current import bus, config, store


@click.command()
@click.option("--days", type=click.IntRange(1), help="How old messages may be; by default MESSAGE_TTL_DAYS.")
@click.confirmation_option("--yes", prompt="This removes texts and images of old messages for good. Go on?")
@with_appcontext
def purge(days: int | None) -> None:
    """Remove the content of old messages, images too; in rooms that set a time, of those that are older than that.

    The server does it by itself each hour.
    """
    days = days or config.message_ttl_days
    if not days and not store.conversations.rooms_with_ttl():
        raise click.ClickException("set MESSAGE_TTL_DAYS, or give --days")
    details = f"older than {days} days" if days else "in rooms that set a time"
    with recorded(actor(), "messages_purged", details=details):
        count = sum(retention.purge(days))
    bus.flush()
    click.echo(f"{count} messages have lost their content.")
