"""What the routes of both kinds of conversation share: a message in, a message out, a page of history."""

from typing import Any
from urllib.parse import urlencode

from flask import Response, jsonify, request

from chat import schemas
from chat.config import settings
from chat.controllers.messages import Content
from chat.middleware.body import body, message_content, number_from_query


def content() -> Content:
    """The message in the request's body."""
    return message_content(body(schemas.NewMessage))


def sent(message: dict[str, Any], new: bool) -> tuple[dict[str, Any], int]:
    """The answer to a send: 201, or 200 where it had been sent before."""
    return message, 201 if new else 200


def asked_page() -> tuple[int | None, int]:
    """Which page of history the query string asks for: ``before`` and ``limit``."""
    most = settings.max_history_page
    return number_from_query("before", 1, schemas.MAX_NUMBER), number_from_query("limit", 1, most) or most


def page(messages: list[dict[str, Any]], older: int) -> Response:
    """The answer to a page of history, with the address of the next older one."""
    response = jsonify(messages)
    if older:
        query = urlencode({**request.args, "before": older})
        response.headers["Link"] = f'<{request.path}?{query}>; rel="prev"'
    return response
