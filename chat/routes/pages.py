"""What the routes of both kinds of conversation share: a message out, a page of history."""

from typing import Any
from urllib.parse import urlencode

from flask import Response, jsonify, request

from chat import schemas
from chat.config import settings
from chat.errors import BadRequest

SENDING = ("bad_image", "client_id_reused", "image_store_unavailable")  # the codes of what may go wrong with any send
LINK = {"Link": 'Where there are older messages, the address of the next page of them: `<…>; rel="prev"`.'}


def sent(message: dict[str, Any], new: bool) -> tuple[dict[str, Any], int]:
    """The answer to a send: 201, or 200 where it had been sent before."""
    return message, 201 if new else 200


def asked_page(query: schemas.Page) -> tuple[int | None, int]:
    """Which page of history is asked for: ``before`` and ``limit``. Raises `BadRequest` where that is too many."""
    most = settings.max_history_page
    if query.limit and query.limit > most:
        raise BadRequest(f"limit must be at most {most}")
    return query.before, query.limit or most


def page(messages: list[dict[str, Any]], older: int) -> Response:
    """The answer to a page of history, with the address of the next older one."""
    response = jsonify(messages)
    if older:
        query = urlencode({**request.args, "before": older})
        response.headers["Link"] = f'<{request.path}?{query}>; rel="prev"'
    return response
