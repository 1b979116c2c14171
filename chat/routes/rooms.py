"""/api/rooms: rooms, their members, their messages."""

from typing import Any

from flask import Blueprint, Response, g, jsonify

from chat import answers, schemas
from chat.controllers import rooms
from chat.middleware.auth import protect_route
from chat.middleware.body import message_content
from chat.middleware.operation import gives
from chat.routes.pages import LINK, SENDING, asked_page, page, sent
from chat.schemas import Id

bp = Blueprint("rooms", __name__, url_prefix="/api/rooms")
OWNER_ALONE = ("not_a_member", "not_the_owner")


@bp.post("")
@protect_route
@gives(answers.Room, 201, fails=("not_found",))
def create(body: schemas.NewRoom) -> tuple[dict[str, Any], int]:
    """Open a room of mine."""
    return rooms.create(g.user, body.name, body.public or False, body.members or []), 201


@bp.get("")
@protect_route
@gives(answers.RoomList)
def index() -> list[dict[str, Any]]:
    """The rooms I am in, the newest conversation first, and then those that I may join, by name."""
    return rooms.mine_and_public(g.user)


@bp.get("/<room_id>")
@protect_route
@gives(answers.RoomEntry)
def show(room_id: Id) -> dict[str, Any]:
    """One room that I am in or may join."""
    return rooms.show(g.user, room_id)


@bp.put("/<room_id>")
@protect_route
@gives(answers.Room, fails=OWNER_ALONE)
def rename(room_id: Id, body: schemas.RoomName) -> dict[str, Any]:
    """Give a room of mine another name."""
    return rooms.rename(g.user, room_id, body.name)


@bp.delete("/<room_id>")
@protect_route
@gives(answers.Done, fails=OWNER_ALONE)
def delete(room_id: Id) -> Response:
    """Remove a room of mine, and all that was said in it."""
    rooms.delete(g.user, room_id)
    return jsonify(message="the room is gone")


@bp.post("/<room_id>/join")
@protect_route
@gives(answers.Room)
def join(room_id: Id) -> dict[str, Any]:
    """Become a member of a public room."""
    return rooms.join(g.user, room_id)


@bp.post("/<room_id>/members")
@protect_route
@gives(answers.Room, fails=OWNER_ALONE)
def add_member(room_id: Id, body: schemas.Member) -> dict[str, Any]:
    """Make somebody a member of a room of mine."""
    return rooms.add(g.user, room_id, body.user_id.lower())


@bp.delete("/<room_id>/members/<user_id>")
@protect_route
@gives(answers.Room, fails=OWNER_ALONE)
def remove_member(room_id: Id, user_id: Id) -> dict[str, Any]:
    """Leave a room, or remove somebody from a room of mine."""
    return rooms.remove(g.user, room_id, user_id)


@bp.get("/<room_id>/messages")
@protect_route
@gives(list[answers.Message], fails=("not_a_member",), headers=LINK)
def history(room_id: Id, query: schemas.Page) -> Response:
    """A page of what was said in a room that I am in, oldest first."""
    return page(*rooms.history(g.user, room_id, *asked_page(query)))


@bp.post("/<room_id>/messages")
@protect_route
@gives(answers.Message, 201, 200, fails=("not_a_member", *SENDING))
def send(room_id: Id, body: schemas.NewMessage) -> tuple[dict[str, Any], int]:
    """Say something in a room that I am in; 200 where this `clientId` has been sent before."""
    return sent(*rooms.send(g.user, room_id, message_content(body)))
