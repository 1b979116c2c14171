"""/api/messages: people, and messages between two of them."""

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, g, jsonify, request

from chat import schemas
from chat.config import settings
from chat.controllers import messages
from chat.controllers.messages import Content
from chat.middleware.auth import protect_route
from chat.middleware.body import body, id_from, number_from_query
from chat.models.message import Message

bp = Blueprint("messages", __name__, url_prefix="/api/messages")
MAX_NUMBER = 2**53 - 1  # the largest whole number that JavaScript can hold


@bp.get("/users")
@protect_route
def users() -> list[dict[str, Any]]:
    return messages.sidebar(g.user)


@bp.get("/<user_id>")
@protect_route
def history(user_id: str) -> Response:
    return page(*messages.history(g.user, id_from(user_id), *asked_page()))


@bp.post("/send/<user_id>")
@protect_route
def send(user_id: str) -> tuple[dict[str, Any], int]:
    return sent(*messages.send(g.user, id_from(user_id), content()))


def content() -> Content:
    """The message in the request's body."""
    fields = body(schemas.NewMessage)
    return Content(text=fields.text, image=fields.image, client_id=fields.client_id, reply_to=fields.reply_to)


def sent(message: Message, new: bool) -> tuple[dict[str, Any], int]:
    """The answer to a send: 201, or 200 where it had been sent before."""
    return message.public(), 201 if new else 200


def asked_page() -> tuple[int | None, int]:
    """Which page of history the query string asks for: ``before`` and ``limit``."""
    most = settings.max_history_page
    limit = number_from_query("limit", 1, most, most)
    return number_from_query("before", 1, MAX_NUMBER), limit or most


def page(found: list[Message], older: int) -> Response:
    """The answer to a page of history, with the address of the next older one."""
    response = jsonify([message.public() for message in found])
    if older:
        query = urlencode({**request.args, "before": older})
        response.headers["Link"] = f'<{request.path}?{query}>; rel="prev"'
    return response
