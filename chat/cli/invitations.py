"""`flask invite`: links with which people create an account."""

import click

from chat import schemas
from chat.cli.commands import Commands, actor, as_json, show
from chat.controllers import invitations
from chat.errors import NotFoundError
from chat.models.values import is_id

COLUMNS = {"_id": "Id", "usesLeft": "Uses left", "expiresAt": "Expires", "room": "Room", "note": "Note"}

invite = Commands("invite", help="Make, list and revoke invitations.")


@invite.define("create")
@click.option("--days", default=7, show_default=True, type=click.IntRange(1, schemas.MAX_DAYS), help="Ends after.")
@click.option(
    "--uses", default=1, show_default=True, type=click.IntRange(1, schemas.MAX_USES), help="How many can join."
)
@click.option("--room", metavar="ID", help="The room that they become a member of.")
@click.option("--note", default="", help="For whom it is; the list shows it.")
def create(days: int, uses: int, room: str | None, note: str) -> None:
    """Make an invitation, and print its link. The link can't be shown again."""
    if room is not None and not is_id(room.lower()):
        raise NotFoundError("ids are 24 hexadecimal digits: `flask room list` shows them")
    body = schemas.NewInvitation(days=days, uses=uses, room=room and room.lower(), note=note)
    made = invitations.create(actor(), body)
    click.echo(made.link)
    if made.link.startswith("/"):
        click.echo("Put the address of your server in front, or set PUBLIC_URL.", err=True)


@invite.define("list")
@as_json
def list_invitations(as_json: bool) -> None:
    """List invitations, the newest first."""
    show(invitations.index(), COLUMNS, as_json)


@invite.define("revoke")
@click.argument("id")
def revoke(id: str) -> None:
    """End an invitation."""
    invitations.revoke(actor(), id.lower())
    click.echo("The invitation is revoked.")
