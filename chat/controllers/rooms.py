"""Rooms: conversations with a name, an owner, and members who come and go."""

from typing import Any

from chat.controllers import conversations, messages
from chat.controllers.auth import checked_name
from chat.errors import BadRequest, Forbidden, NotFound, not_found
from chat.lib import logs, realtime
from chat.lib.images import images
from chat.models.conversation import Conversation, Summary
from chat.models.message import Message
from chat.models.user import User
from chat.models.values import now
from chat.schemas import MAX_MEMBERS
from chat.store import store


def create(me: User, name: str, public: bool, member_ids: list[str]) -> dict[str, Any]:
    """Open a room of mine with those members. Raises `BadRequest` or `NotFound`."""
    members = tuple(dict.fromkeys([me.id, *(id.lower() for id in member_ids)]))
    if len(members) > MAX_MEMBERS:
        raise BadRequest(f"a room has at most {MAX_MEMBERS} members")
    for member in members:
        _check_user(member)
    room = Conversation(name=checked_name(name, "room's name"), public=public, owner_id=me.id, members=members)
    store.add_room(room)
    return _tell_members(room)


def mine_and_public(me: User) -> list[dict[str, Any]]:
    """The rooms I am in, the newest conversation first, and then those that I may join, by name."""
    rooms = [conversation for conversation in store.conversations_of(me.id) if conversation.is_room]
    summaries = store.summarize(me.id, rooms)
    mine = [(room, summaries[room.id]) for room in rooms]
    mine.sort(key=lambda entry: conversations.last_time(entry[1]), reverse=True)
    open_to_me = [(room, Summary()) for room in store.public_rooms() if me.id not in room.members]
    open_to_me.sort(key=lambda entry: (entry[0].name or "").casefold())
    return [_entry(me, *entry) for entry in mine + open_to_me]


def show(me: User, room_id: str) -> dict[str, Any]:
    """One room that I am in or may join. Raises `NotFound`."""
    room = _visible(me, room_id)
    member = me.id in room.members
    return _entry(me, room, store.summarize(me.id, [room])[room.id] if member else Summary())


def join(me: User, room_id: str) -> dict[str, Any]:
    """Become a member of a public room; being one already is fine. Raises `NotFound`."""
    return _enter(me, _visible(me, room_id), me, "joined", f"{me.full_name} joined")


def add(me: User, room_id: str, user_id: str) -> dict[str, Any]:
    """Make somebody a member of a room of mine. Raises `NotFound` or `Forbidden`."""
    room = _owned(me, room_id)
    user = _check_user(user_id)
    return _enter(me, room, user, "added", f"{me.full_name} added {user.full_name}")


def remove(me: User, room_id: str, user_id: str) -> dict[str, Any]:
    """Leave, or remove somebody from a room of mine. Raises `NotFound` or `Forbidden`.

    Where the owner leaves, the member of longest standing owns the room from then on; where nobody is left, it is gone.
    """
    room = _find(me, room_id) if user_id == me.id else _owned(me, room_id)
    if user_id not in room.members:
        not_found("member")
    left = store.remove_member(room.id, user_id) or not_found("room")
    logs.security("room_member_removed", user_id, room=room.id, by=me.id)
    realtime.tell_users([user_id], "roomUpdated", left.room())
    if not left.members:
        _erase(left)
        return left.room()
    if user_id == left.owner_id:
        left = store.update_room(room.id, owner_id=left.members[0]) or left
        logs.security("room_owner_changed", left.owner_id, room=room.id)
    user = store.find_user(user_id)
    name = user.full_name if user else "somebody"
    if user_id == me.id:
        _note(me, left, "left", user_id, f"{name} left")
    else:
        _note(me, left, "removed", user_id, f"{me.full_name} removed {name}")
    return _tell_members(left)


def rename(me: User, room_id: str, name: str) -> dict[str, Any]:
    """Give a room of mine another name. Raises `NotFound`, `Forbidden` or `BadRequest`."""
    room = _owned(me, room_id)
    name = checked_name(name, "room's name")
    renamed = store.update_room(room.id, name=name, updated_at=now()) or not_found("room")
    _note(me, renamed, "renamed", None, f"{me.full_name} named the room {name}")
    return _tell_members(renamed)


def delete(me: User, room_id: str) -> None:
    """Remove a room of mine, and all that was said in it. Raises `NotFound` or `Forbidden`."""
    room = _owned(me, room_id)
    _erase(room)
    realtime.tell_users(room.members, "roomUpdated", room.room() | {"deleted": True})


def history(me: User, room_id: str, before: int | None, limit: int) -> tuple[list[dict[str, Any]], int]:
    """A page of what was said in a room that I am in. Raises `NotFound`."""
    return messages.page(me, _find(me, room_id), before, limit)


def send(
    me: User, room_id: str, content: messages.Content, from_socket: str | None = None
) -> tuple[dict[str, Any], bool]:
    """Say something in a room that I am in. Raises as `messages.send` does."""
    return messages.post(me, _find(me, room_id), content, from_socket)


def _find(me: User, room_id: str) -> Conversation:
    """A room that I am in; a public one tells others that they have to join first."""
    room = _visible(me, room_id)
    if me.id not in room.members:
        raise Forbidden("join this room first", "not_a_member")
    return room


def _visible(me: User, room_id: str) -> Conversation:
    room = store.find_conversation(room_id)
    if room is None or not room.is_room or not (room.public or me.id in room.members):
        not_found("room")
    return room


def _owned(me: User, room_id: str) -> Conversation:
    room = _find(me, room_id)
    if room.owner_id != me.id:
        raise Forbidden("the owner of the room alone may do this", "not_the_owner")
    return room


def _check_user(user_id: str) -> User:
    return store.find_user(user_id) or not_found("user")


def _enter(me: User, room: Conversation, user: User, event: str, words: str) -> dict[str, Any]:
    if user.id in room.members:
        return room.room()
    if len(room.members) >= MAX_MEMBERS:
        raise BadRequest(f"a room has at most {MAX_MEMBERS} members")
    entered = store.add_member(room.id, user.id)
    if entered is None:
        raise NotFound("no such room")
    logs.security("room_member_added", user.id, room=room.id, by=me.id)
    _note(me, entered, event, user.id, words)
    return _tell_members(entered)


def _note(me: User, room: Conversation, event: str, user_id: str | None, words: str) -> None:
    """Put a notice of the room's own into its history."""
    note = Message(conversation=room.id, sender_id=me.id, receiver_id=None, system=event, user_id=user_id, text=words)
    messages.announce(room, store.append_message(room, note))


def _tell_members(room: Conversation) -> dict[str, Any]:
    realtime.tell_users(room.members, "roomUpdated", room.room())
    return room.room()


def _erase(room: Conversation) -> None:
    for url in store.remove_room(room.id):
        images.remove(url)


def _entry(me: User, room: Conversation, summary: Summary) -> dict[str, Any]:
    return room.room() | conversations.standing(me, room, summary)
