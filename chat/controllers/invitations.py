"""Invitations: links with which people who have no account create one."""

from chat import answers, schemas
from chat.controllers import links, views
from chat.controllers.audit import recorded
from chat.current import store
from chat.errors import InvalidLinkError, NotFoundError
from chat.models.audit import Actor
from chat.models.conversation import Room
from chat.models.link import Link


def create(actor: Actor, body: schemas.NewInvitation) -> answers.NewInvitation:
    """Make an invitation; only this answer has its address. Raises `NotFoundError` if there is no such room."""
    if body.room:
        _room(body.room)
    link = links.draft(
        "invitation",
        body.days,
        uses_left=body.uses,
        created_by=actor.name,
        note=body.note.strip(),
        room_id=body.room,
    )
    details = f"{body.uses} uses, {body.days} days"
    with recorded(actor, "invitation_made", room_id=body.room, reason=link.note, details=details):
        address = links.make(link)
    return views.new_invitation(link, address)


def index() -> list[answers.Invitation]:
    """All invitations, the newest first; also those that ended a short while ago."""
    return [views.invitation(link) for link in store.links.of_purpose("invitation")]


def revoke(actor: Actor, invitation_id: str) -> None:
    """End an invitation. Raises `NotFoundError`."""
    known = next((link for link in store.links.of_purpose("invitation") if link.id == invitation_id), None)
    if known is None:
        raise NotFoundError("no such invitation")
    with recorded(actor, "invitation_revoked", reason=known.note):
        store.links.remove("invitation", invitation_id)


def offer(token: str) -> answers.Offer:
    """What an invitation offers to who has its token. Raises `InvalidLinkError`."""
    link = links.find("invitation", token)
    if link is None:
        raise InvalidLinkError
    room = store.conversations.find(link.room_id) if link.room_id else None
    return views.offer(link, room.name if isinstance(room, Room) else None)


def accept(token: str) -> Link:
    """Use an invitation once. Raises `InvalidLinkError`."""
    link = links.use("invitation", token)
    if link is None:
        raise InvalidLinkError
    return link


def _room(room_id: str) -> Room:
    room = store.conversations.find(room_id)
    if not isinstance(room, Room):
        raise NotFoundError("no such room")
    return room
