"""/api/messages: people, direct messages, and what applies to messages of both kinds."""

from flask import Blueprint

from chat import answers, schemas
from chat.controllers import changes, conversations, messages, moderation, users
from chat.errors import BlockedError, BusyError, NotFoundError, NotMigratedError, SearchTooLongError
from chat.middleware.auth import protect_route
from chat.middleware.endpoint import endpoint
from chat.models.user import User
from chat.routes.pages import LINK, SENDING, Page, page, sent
from chat.schemas import Emoji, Id

bp = Blueprint("messages", __name__, url_prefix="/api/messages")


@bp.get("/users")
@protect_route
@endpoint()
def list_users(me: User, query: schemas.People) -> list[answers.SidebarEntry]:
    """All other users, or the one with that `email`, and how our conversation stands: the newest first, then by name."""
    if query.email:
        return conversations.with_email(me, query.email)
    return conversations.sidebar(me)


@bp.get("/contacts")
@protect_route
@endpoint()
def contacts(me: User) -> list[answers.SidebarEntry]:
    """The users to whom I can write: `/api/messages/users` for newer clients of the Express backend."""
    return conversations.sidebar(me, deleted=False)


@bp.get("/chats")
@protect_route
@endpoint()
def chats(me: User) -> list[answers.SidebarEntry]:
    """The users with whom I have a conversation, the newest first."""
    return conversations.sidebar(me, begun_only=True)


@bp.get("/<id>")
@protect_route
@endpoint(fails=(BusyError,), headers=LINK)
def history(me: User, id: Id, query: schemas.Page) -> Page:
    """A page of the messages between a user and me, oldest first; the newest page by default."""
    return page(messages.history(me, id, query))


@bp.post("/send/<user_id>")
@protect_route
@endpoint(201, 200, fails=(BlockedError, *SENDING))
def send(me: User, user_id: Id, body: schemas.NewMessage) -> tuple[answers.Message, int]:
    """Send a message to a user; 200 if this `clientId` was sent before."""
    return sent(messages.send(me, user_id, body))


@bp.put("/<id>")
@protect_route
@endpoint(fails=(BlockedError, NotMigratedError))
def edit(me: User, id: Id, body: schemas.Edit) -> answers.Message:
    """Change the text of a message of mine."""
    return changes.edit(me, id, body)


@bp.delete("/<id>")
@protect_route
@endpoint(fails=(NotMigratedError,))
def delete(me: User, id: Id) -> answers.Message:
    """Delete a message of mine; a tombstone keeps its place."""
    return changes.delete(me, id)


@bp.put("/<message_id>/reactions/<emoji>")
@protect_route
@endpoint(fails=(BlockedError, NotMigratedError))
def react(me: User, message_id: Id, emoji: Emoji) -> answers.Message:
    """React to a message."""
    return changes.react(me, message_id, emoji, on=True)


@bp.delete("/<message_id>/reactions/<emoji>")
@protect_route
@endpoint(fails=(NotMigratedError,))
def remove_reaction(me: User, message_id: Id, emoji: Emoji) -> answers.Message:
    """Remove my reaction."""
    return changes.react(me, message_id, emoji, on=False)


@bp.post("/read")
@protect_route
@endpoint(fails=(NotFoundError,))
def read(me: User, body: schemas.Read) -> answers.ReadAnswer:
    """Move my read cursor, never backwards."""
    return conversations.read(me, body)


@bp.post("/sync")
@protect_route
@endpoint(fails=(BusyError,))
def sync(me: User, body: schemas.Sync) -> answers.SyncAnswer:
    """Everything new or changed since the `rev` that I have of each conversation; of others, everything."""
    return conversations.sync(me, body)


@bp.get("/search")
@protect_route
@endpoint(fails=(BusyError, SearchTooLongError))
def search(me: User, query: schemas.Search) -> list[answers.Message]:
    """The newest messages of my conversations that contain all words of a query, whatever their case and accents."""
    return messages.search(me, query)


@bp.post("/report")
@protect_route
@endpoint(201, fails=(NotFoundError, NotMigratedError))
def report(me: User, body: schemas.NewReport) -> answers.Done:
    """Report a message or a user to the admins of this server."""
    return moderation.report(me, body)


@bp.post("/block/<user_id>")
@protect_route
@endpoint()
def block(me: User, user_id: Id) -> answers.BlockAnswer:
    """Block a user: their messages and signs of presence."""
    return users.block(me, user_id, blocked=True)


@bp.delete("/block/<user_id>")
@protect_route
@endpoint()
def unblock(me: User, user_id: Id) -> answers.BlockAnswer:
    """Unblock a user."""
    return users.block(me, user_id, blocked=False)
