"""What admins do to rooms that they need not be in."""

from chat import answers, schemas
from chat.controllers import rooms, views
from chat.controllers.audit import recorded
from chat.current import store
from chat.errors import NotFoundError
from chat.models.audit import Actor
from chat.models.conversation import Room


def list_rooms(query: schemas.Found) -> answers.AdminRooms:
    """A page of the rooms whose name contains a text, the newest room first."""
    found = store.conversations.search_rooms(query.q.strip(), query.before, query.limit + 1)
    shown = found[: query.limit]
    older = shown[-1].id if len(found) > query.limit else None
    return answers.AdminRooms(rooms=[views.admin_room(room) for room in shown], older=older)


def delete(actor: Actor, room_id: str, reason: str) -> None:
    """Remove a room with all its messages. Raises `NotFoundError`."""
    room = store.conversations.find(room_id)
    if not isinstance(room, Room):
        raise NotFoundError("no such room")
    with recorded(actor, "room_deleted", room_id=room.id, reason=reason, details=room.name):
        rooms.erase(room)
