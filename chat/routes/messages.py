"""/api/messages: people, and messages between two of them; what holds for rooms' messages too is here as well."""

from typing import Any

from flask import Blueprint, Response, g, request

from chat import schemas
from chat.controllers import conversations, messages
from chat.middleware.auth import protect_route
from chat.middleware.body import body, id_from, number_from_query
from chat.routes.pages import asked_page, content, page, sent

bp = Blueprint("messages", __name__, url_prefix="/api/messages")
MAX_FOUND = 100  # messages that a search finds


@bp.get("/users")
@protect_route
def users() -> list[dict[str, Any]]:
    return conversations.sidebar(g.user)


@bp.get("/<user_id>")
@protect_route
def history(user_id: str) -> Response:
    return page(*messages.history(g.user, id_from(user_id), *asked_page()))


@bp.post("/send/<user_id>")
@protect_route
def send(user_id: str) -> tuple[dict[str, Any], int]:
    return sent(*messages.send(g.user, id_from(user_id), content()))


@bp.put("/<message_id>")
@protect_route
def edit(message_id: str) -> dict[str, Any]:
    return messages.edit(g.user, id_from(message_id), body(schemas.Edit).text)


@bp.delete("/<message_id>")
@protect_route
def delete(message_id: str) -> dict[str, Any]:
    return messages.delete(g.user, id_from(message_id))


@bp.put("/<message_id>/reactions/<emoji>")
@protect_route
def react(message_id: str, emoji: str) -> dict[str, Any]:
    return messages.react(g.user, id_from(message_id), emoji, on=True)


@bp.delete("/<message_id>/reactions/<emoji>")
@protect_route
def take_back_reaction(message_id: str, emoji: str) -> dict[str, Any]:
    return messages.react(g.user, id_from(message_id), emoji, on=False)


@bp.post("/read")
@protect_route
def read() -> dict[str, Any]:
    fields = body(schemas.Read)
    return conversations.read(g.user, fields.conversation, fields.seq)


@bp.post("/sync")
@protect_route
def sync() -> dict[str, Any]:
    return conversations.sync(g.user, body(schemas.Sync).cursors)


@bp.get("/search")
@protect_route
def search() -> list[dict[str, Any]]:
    with_id = request.args.get("with")
    limit = number_from_query("limit", 1, MAX_FOUND) or MAX_FOUND // 2
    return messages.search(g.user, request.args.get("q", ""), with_id and id_from(with_id), limit)


@bp.post("/block/<user_id>")
@protect_route
def block(user_id: str) -> dict[str, bool]:
    return messages.block(g.user, id_from(user_id), blocked=True)


@bp.delete("/block/<user_id>")
@protect_route
def unblock(user_id: str) -> dict[str, bool]:
    return messages.block(g.user, id_from(user_id), blocked=False)
