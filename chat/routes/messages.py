"""/api/messages: people, and messages between two of them; what holds for rooms' messages too is here as well."""

from typing import Any

from flask import Blueprint, Response, g

from chat import answers, schemas
from chat.controllers import conversations, messages
from chat.middleware.auth import protect_route
from chat.middleware.body import message_content
from chat.middleware.operation import gives
from chat.routes.pages import LINK, SENDING, asked_page, page, sent
from chat.schemas import Emoji, Id

bp = Blueprint("messages", __name__, url_prefix="/api/messages")


@bp.get("/users")
@protect_route
@gives(answers.Sidebar)
def users() -> list[dict[str, Any]]:
    """Everybody else, and how we stand: the newest conversation first, then by name."""
    return conversations.sidebar(g.user)


@bp.get("/<id>")
@protect_route
@gives(list[answers.Message], headers=LINK)
def history(id: Id, query: schemas.Page) -> Response:
    """A page of the messages between a user and me, oldest first; the newest page unless `before` says otherwise."""
    return page(*messages.history(g.user, id, *asked_page(query)))


@bp.post("/send/<user_id>")
@protect_route
@gives(answers.Message, 201, 200, fails=("blocked", *SENDING))
def send(user_id: Id, body: schemas.NewMessage) -> tuple[dict[str, Any], int]:
    """Send a message to a user; 200 where this `clientId` has been sent before."""
    return sent(*messages.send(g.user, user_id, message_content(body)))


@bp.put("/<id>")
@protect_route
@gives(answers.Message, fails=("blocked", "not_migrated"))
def edit(id: Id, body: schemas.Edit) -> dict[str, Any]:
    """Change the text of a message of mine."""
    return messages.edit(g.user, id, body.text)


@bp.delete("/<id>")
@protect_route
@gives(answers.Message, fails=("not_migrated",))
def delete(id: Id) -> dict[str, Any]:
    """Take a message of mine back; its place stays."""
    return messages.delete(g.user, id)


@bp.put("/<message_id>/reactions/<emoji>")
@protect_route
@gives(answers.Message, fails=("blocked", "not_migrated"))
def react(message_id: Id, emoji: Emoji) -> dict[str, Any]:
    """React to a message."""
    return messages.react(g.user, message_id, emoji, on=True)


@bp.delete("/<message_id>/reactions/<emoji>")
@protect_route
@gives(answers.Message, fails=("not_migrated",))
def take_back_reaction(message_id: Id, emoji: Emoji) -> dict[str, Any]:
    """Take my reaction back."""
    return messages.react(g.user, message_id, emoji, on=False)


@bp.post("/read")
@protect_route
@gives(answers.ReadAnswer, fails=("not_found",))
def read(body: schemas.Read) -> dict[str, Any]:
    """Move my read cursor, never backwards."""
    return conversations.read(g.user, body.conversation, body.seq)


@bp.post("/sync")
@protect_route
@gives(answers.SyncAnswer)
def sync(body: schemas.Sync) -> dict[str, Any]:
    """All that is new or changed since the `rev` that I have of each conversation, others from their beginning."""
    return conversations.sync(g.user, body.cursors)


@bp.get("/search")
@protect_route
@gives(list[answers.Message])
def search(query: schemas.Search) -> list[dict[str, Any]]:
    """The newest messages of my conversations that contain a text."""
    return messages.search(g.user, query.q, query.with_id and query.with_id.lower(), query.limit)


@bp.post("/block/<user_id>")
@protect_route
@gives(answers.BlockAnswer)
def block(user_id: Id) -> dict[str, bool]:
    """Take no more messages and signs of presence from a user."""
    return messages.block(g.user, user_id, blocked=True)


@bp.delete("/block/<user_id>")
@protect_route
@gives(answers.BlockAnswer)
def unblock(user_id: Id) -> dict[str, bool]:
    """Take them again."""
    return messages.block(g.user, user_id, blocked=False)
