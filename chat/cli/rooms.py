"""`flask room`: rooms, named by their id."""

import click

from chat import answers, schemas
from chat.cli.commands import Commands, actor, all_pages, as_json, reason, show
from chat.controllers import admin_rooms
from chat.errors import NotFoundError
from chat.models.values import is_id

COLUMNS = {"_id": "Id", "name": "Name", "public": "Public", "memberCount": "Members", "createdAt": "Created"}

room = Commands("room", help="List and delete rooms.")


@room.define("list")
@as_json
def list_rooms(as_json: bool) -> None:
    """List all rooms, the newest first."""
    found = all_pages(_page)
    show(found, COLUMNS, as_json)


@room.define("delete")
@click.argument("room_id", metavar="ID")
@reason
@click.confirmation_option("--yes", prompt="This deletes the room with all its messages for good. Go on?")
def delete(room_id: str, reason: str) -> None:
    """Delete a room with all its messages."""
    if not is_id(room_id.lower()):
        raise NotFoundError("ids are 24 hexadecimal digits: `flask room list` shows them")
    admin_rooms.delete(actor(), room_id.lower(), reason)
    click.echo("The room is deleted.")


def _page(query: schemas.Found) -> tuple[list[answers.AdminRoom], str | None]:
    page = admin_rooms.list_rooms(query)
    return page.rooms, page.older
