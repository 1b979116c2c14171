"""/api/rooms: rooms, their members, their messages."""

from flask import Blueprint

from chat import answers, schemas
from chat.controllers import rooms
from chat.errors import BlockedError, BusyError, NotAMemberError, NotFoundError, NotTheOwnerError
from chat.middleware.auth import protect_route
from chat.middleware.endpoint import endpoint
from chat.models.user import User
from chat.routes.pages import LINK, SENDING, Page, page, sent
from chat.schemas import Id

bp = Blueprint("rooms", __name__, url_prefix="/api/rooms")
OWNER_ONLY = (NotAMemberError, NotTheOwnerError)


@bp.post("")
@protect_route
@endpoint(201, fails=(NotFoundError, BlockedError))
def create(me: User, body: schemas.NewRoom) -> answers.Room:
    """Create a room of mine."""
    return rooms.create(me, body)


@bp.get("")
@protect_route
@endpoint()
def index(me: User) -> list[answers.RoomEntry]:
    """The rooms I am in, the newest conversation first, then those that I can join, by name."""
    return rooms.mine_and_public(me)


@bp.get("/<room_id>")
@protect_route
@endpoint()
def show(me: User, room_id: Id) -> answers.RoomEntry:
    """One room that I am in or can join."""
    return rooms.show(me, room_id)


@bp.put("/<room_id>")
@protect_route
@endpoint(fails=OWNER_ONLY)
def set_up(me: User, room_id: Id, body: schemas.RoomSettings) -> answers.Room:
    """Change the name or the settings of a room of mine."""
    return rooms.set_up(me, room_id, body)


@bp.put("/<room_id>/owners/<user_id>")
@protect_route
@endpoint(fails=OWNER_ONLY)
def add_owner(me: User, room_id: Id, user_id: Id) -> answers.Room:
    """Make a member of a room of mine an owner too."""
    return rooms.set_owner(me, room_id, user_id, True)


@bp.delete("/<room_id>/owners/<user_id>")
@protect_route
@endpoint(fails=OWNER_ONLY)
def remove_owner(me: User, room_id: Id, user_id: Id) -> answers.Room:
    """Make an owner of a room of mine an ordinary member; the last owner stays one."""
    return rooms.set_owner(me, room_id, user_id, False)


@bp.delete("/<room_id>")
@protect_route
@endpoint(fails=OWNER_ONLY)
def delete(me: User, room_id: Id) -> answers.Done:
    """Delete a room of mine with all its messages."""
    rooms.delete(me, room_id)
    return answers.Done(message="the room has been deleted")


@bp.post("/<room_id>/join")
@protect_route
@endpoint()
def join(me: User, room_id: Id) -> answers.Room:
    """Join a public room."""
    return rooms.join(me, room_id)


@bp.post("/<room_id>/members")
@protect_route
@endpoint(fails=(BlockedError, *OWNER_ONLY))
def add_member(me: User, room_id: Id, body: schemas.Member) -> answers.Room:
    """Add a user to a room of mine, or to one that lets its members add people."""
    return rooms.add(me, room_id, body.user_id)


@bp.delete("/<room_id>/members/<user_id>")
@protect_route
@endpoint(fails=OWNER_ONLY)
def remove_member(me: User, room_id: Id, user_id: Id) -> answers.Room:
    """Leave a room, or remove a member from a room of mine."""
    return rooms.remove(me, room_id, user_id)


@bp.get("/<room_id>/messages")
@protect_route
@endpoint(fails=(BusyError, NotAMemberError), headers=LINK)
def history(me: User, room_id: Id, query: schemas.Page) -> Page:
    """A page of the messages of a room that I am in, oldest first."""
    return page(rooms.history(me, room_id, query))


@bp.post("/<room_id>/messages")
@protect_route
@endpoint(201, 200, fails=(NotAMemberError, *SENDING))
def send(me: User, room_id: Id, body: schemas.NewMessage) -> tuple[answers.Message, int]:
    """Send a message to a room that I am in; 200 if this `clientId` was sent before."""
    return sent(rooms.send(me, room_id, body))
