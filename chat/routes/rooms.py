"""/api/rooms: rooms, their members, their messages."""

from typing import Any

from flask import Blueprint, Response, g, jsonify

from chat import schemas
from chat.controllers import rooms
from chat.middleware.auth import protect_route
from chat.middleware.body import body, id_from
from chat.routes.pages import asked_page, content, page, sent

bp = Blueprint("rooms", __name__, url_prefix="/api/rooms")


@bp.post("")
@protect_route
def create() -> tuple[dict[str, Any], int]:
    fields = body(schemas.NewRoom)
    return rooms.create(g.user, fields.name, fields.public or False, fields.members or []), 201


@bp.get("")
@protect_route
def index() -> list[dict[str, Any]]:
    return rooms.mine_and_public(g.user)


@bp.get("/<room_id>")
@protect_route
def show(room_id: str) -> dict[str, Any]:
    return rooms.show(g.user, id_from(room_id))


@bp.put("/<room_id>")
@protect_route
def rename(room_id: str) -> dict[str, Any]:
    return rooms.rename(g.user, id_from(room_id), body(schemas.RoomName).name)


@bp.delete("/<room_id>")
@protect_route
def delete(room_id: str) -> Response:
    rooms.delete(g.user, id_from(room_id))
    return jsonify(message="the room is gone")


@bp.post("/<room_id>/join")
@protect_route
def join(room_id: str) -> dict[str, Any]:
    return rooms.join(g.user, id_from(room_id))


@bp.post("/<room_id>/members")
@protect_route
def add_member(room_id: str) -> dict[str, Any]:
    return rooms.add(g.user, id_from(room_id), body(schemas.Member).user_id.lower())


@bp.delete("/<room_id>/members/<user_id>")
@protect_route
def remove_member(room_id: str, user_id: str) -> dict[str, Any]:
    return rooms.remove(g.user, id_from(room_id), id_from(user_id))


@bp.get("/<room_id>/messages")
@protect_route
def history(room_id: str) -> Response:
    return page(*rooms.history(g.user, id_from(room_id), *asked_page()))


@bp.post("/<room_id>/messages")
@protect_route
def send(room_id: str) -> tuple[dict[str, Any], int]:
    return sent(*rooms.send(g.user, id_from(room_id), content()))
