"""`flask room`: rooms, named by their id."""

import click

from chat import answers, schemas
from chat.cli.commands import Commands, actor, all_pages, as_json, reason, show
from chat.cli.users import find_user
from chat.controllers import admin, admin_rooms
from chat.errors import NotFoundError
from chat.models.values import is_id
from chat.schemas import MAX_TTL_DAYS

COLUMNS = {"_id": "Id", "name": "Name", "public": "Public", "memberCount": "Members", "createdAt": "Created"}
OWNERS = {"_id": "Id", "email": "Email", "fullName": "Owner", "deactivatedAt": "Deactivated"}

room = Commands("room", help="List, manage and delete rooms.")
which = click.argument("room_id", metavar="ID")


@room.define("list")
@as_json
def list_rooms(as_json: bool) -> None:
    """List all rooms, the newest first."""
    found = all_pages(_page)
    show(found, COLUMNS, as_json)


@room.define("show")
@which
@as_json
def show_room(room_id: str, as_json: bool) -> None:
    """Show one room and its owners."""
    found = admin_rooms.show(_id(room_id))
    show([found], COLUMNS | {"messageTtlDays": "Days"}, as_json)
    if not as_json:
        click.echo()
        show([admin.show(owner) for owner in found.owners], OWNERS, as_json)


@room.define("set")
@which
@click.option("--message-ttl-days", type=click.IntRange(0, MAX_TTL_DAYS), required=True)
@reason
def set_room(room_id: str, message_ttl_days: int, reason: str) -> None:
    """Set after how many days messages in a room lose their content; 0 is when MESSAGE_TTL_DAYS lets them."""
    changed = admin_rooms.set_ttl(actor(), _id(room_id), message_ttl_days, reason)
    days = changed.message_ttl_days
    click.echo(
        f"Messages lose their content after {days} days." if days else "Messages are kept as MESSAGE_TTL_DAYS says."
    )


@room.define("add-owner")
@which
@click.argument("who", metavar="EMAIL_OR_ID")
@reason
def add_owner(room_id: str, who: str, reason: str) -> None:
    """Make a user an owner of a room, for example because its owners are gone. They become a member."""
    admin_rooms.add_owner(actor(), _id(room_id), find_user(who), reason)
    click.echo("The room has one more owner.")


@room.define("delete")
@which
@reason
@click.confirmation_option("--yes", prompt="This deletes the room with all its messages for good. Go on?")
def delete(room_id: str, reason: str) -> None:
    """Delete a room with all its messages."""
    admin_rooms.delete(actor(), _id(room_id), reason)
    click.echo("The room is deleted.")


def _id(room_id: str) -> str:
    if not is_id(room_id.lower()):
        raise NotFoundError("ids are 24 hexadecimal digits: `flask room list` shows them")
    return room_id.lower()


def _page(query: schemas.Found) -> tuple[list[answers.AdminRoom], str | None]:
    page = admin_rooms.list_rooms(query)
    return page.rooms, page.older
