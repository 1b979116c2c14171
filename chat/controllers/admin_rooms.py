"""What admins do to rooms that they need not be in."""

from chat import answers, schemas
from chat.controllers import rooms, users, views
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


def show(room_id: str) -> answers.AdminRoom:
    """One room. Raises `NotFoundError`."""
    return views.admin_room(_find(room_id))


def set_ttl(actor: Actor, room_id: str, days: int, reason: str) -> answers.AdminRoom:
    """Set after how many days messages in a room lose their content. Raises `NotFoundError` or `BadRequestError`."""
    room = _find(room_id)
    rooms.check_ttl(days)
    by = users.find(actor.user_id) if actor.user_id else None
    with recorded(actor, "room_retention_set", room_id=room.id, reason=reason, details=f"{days} days"):
        return views.admin_room(rooms.set_ttl(room, days, by))


def add_owner(actor: Actor, room_id: str, user_id: str, reason: str) -> answers.AdminRoom:
    """Make a user an owner of a room whose owners are gone, and a member. Raises `NotFoundError` or `BadRequestError`."""
    room, user = _find(room_id), users.find(user_id)
    with recorded(actor, "room_owner_added", user_id=user.id, room_id=room.id, reason=reason):
        return views.admin_room(rooms.give_to(room, user))


def delete(actor: Actor, room_id: str, reason: str) -> None:
    """Remove a room with all its messages. Raises `NotFoundError`."""
    room = _find(room_id)
    with recorded(actor, "room_deleted", room_id=room.id, reason=reason, details=room.name):
        rooms.erase(room)


def _find(room_id: str) -> Room:
    room = store.conversations.find(room_id)
    if not isinstance(room, Room):
        raise NotFoundError("no such room")
    return room
