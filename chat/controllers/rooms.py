"""Rooms: conversations with a name, an owner, and members who come and go."""

from collections.abc import Iterable

from chat import answers, events, schemas
from chat.answers import NoticeKind
from chat.controllers import conversations, messages, seeing, users, views
from chat.controllers.messages import HistoryPage, Sent
from chat.current import bus, config, emitter, images, limits, store
from chat.errors import BadRequestError, BlockedError, NotAMemberError, NotFoundError, NotTheOwnerError
from chat.lib import logs
from chat.lib.threads import in_slices
from chat.models.conversation import Room, Summary
from chat.models.message import Draft
from chat.models.user import User
from chat.models.values import clean_name
from chat.realtime.bus import PublicRoomChanged
from chat.schemas import MAX_MEMBERS

ERASED_AT_ONCE = 500  # messages that are removed in one write


def create(me: User, body: schemas.NewRoom) -> answers.Room:
    """Create a room of mine with those members.

    Raises `BadRequestError`, `NotFoundError`, `BlockedError` if one of them blocks me, or `RateLimitedError`.
    """
    members = tuple(dict.fromkeys([me.id, *(body.members or [])]))
    if len(members) > MAX_MEMBERS:
        raise _full()
    room = Room(name=clean_name(body.name, "room's name"), public=bool(body.public), owner_id=me.id, members=members)
    limits.hit("writes", me.id)
    for member in members:
        users.find(member)
    _require_no_block(me, members)
    with limits.reserving("rooms", me.id):
        if not store.conversations.add_room(room, most=config.max_rooms_per_user if config.rate_limits else None):
            raise BadRequestError(f"you own {config.max_rooms_per_user} rooms already: delete one first")
    _list(room)
    return _show_members(room)


def mine_and_public(me: User) -> list[answers.RoomEntry]:
    """The rooms I am in, the newest conversation first, then those that I can join, by name."""
    rooms = [found for found in store.conversations.of_member(me.id) if isinstance(found, Room)]
    summaries = store.conversations.summarize(me.id, rooms)
    rooms.sort(key=lambda room: conversations.last_time(summaries[room.id]), reverse=True)
    joinable = [room for room in store.conversations.public_rooms() if me.id not in room.members]
    joinable.sort(key=lambda room: room.name.casefold())
    seen_by = seeing.viewer(me, [summary.last_message for summary in summaries.values()])
    listed = in_slices(rooms + joinable)
    return [views.room_entry(seen_by, room, summaries.get(room.id, Summary())) for room in listed]


def show(me: User, room_id: str) -> answers.RoomEntry:
    """One room that I am in or can join. Raises `NotFoundError`."""
    room = _visible(me, room_id)
    summaries = store.conversations.summarize(me.id, [room]) if me.id in room.members else {}
    summary = summaries.get(room.id, Summary())
    return views.room_entry(seeing.viewer(me, [summary.last_message]), room, summary)


def join(me: User, room_id: str) -> answers.Room:
    """Become a member of a public room; being one already is fine. Raises `NotFoundError` or `BadRequestError`."""
    limits.hit("writes", me.id)
    return _add(me, _visible(me, room_id), me, "joined")


def join_invited(me: User, room_id: str) -> None:
    """Become a member of the room that an invitation is for, if it still exists and has a place."""
    room = store.conversations.find(room_id)
    if isinstance(room, Room) and len(room.members) < MAX_MEMBERS:
        _add(me, room, me, "joined")


def add(me: User, room_id: str, user_id: str) -> answers.Room:
    """Add a user to a room of mine.

    Raises `NotFoundError`, `NotTheOwnerError`, `BadRequestError`, or `BlockedError` if the user blocks me.
    """
    limits.hit("writes", me.id)
    room = _owned(me, room_id)
    user = users.find(user_id)
    _require_no_block(me, [user_id])
    return _add(me, room, user, "added")


def remove(me: User, room_id: str, user_id: str) -> answers.Room:
    """Leave a room, or remove a member from a room of mine. Raises `NotFoundError` or `NotTheOwnerError`.

    If the owner leaves, the longest member owns the room from then on, and a notice says so. If no one is left, the room is
    removed.
    """
    limits.hit("writes", me.id)
    return take_out(me, _find(me, room_id) if user_id == me.id else _owned(me, room_id), user_id)


def take_out(me: User, room: Room, user_id: str) -> answers.Room:
    """The same for a room that was found, without a limit. Raises `NotFoundError`."""
    change = store.conversations.remove_member(room.id, user_id)
    if change is None or not change.changed:
        raise NotFoundError("no such member")
    left = change.room
    logs.security("room_member_removed", user_id, room=room.id, by=me.id)
    emitter.to_users([user_id], events.ROOM_UPDATED, views.room_change(left))
    if not left.members:
        _erase(left, only_if_empty=True)
        return views.room(left)
    _post_notice(me, left, "left" if user_id == me.id else "removed", user_id)
    if left.owner_id != room.owner_id:
        logs.security("room_owner_changed", left.owner_id, room=room.id)
        _post_notice(me, left, "owner", left.owner_id)
    return _show_members(left)


def rename(me: User, room_id: str, body: schemas.RoomName) -> answers.Room:
    """Rename a room of mine. Raises `NotFoundError`, `NotTheOwnerError` or `BadRequestError`."""
    limits.hit("writes", me.id)
    room = _owned(me, room_id)
    name = clean_name(body.name, "room's name")
    renamed = store.conversations.rename(room.id, name)
    if renamed is None:
        raise _no_such_room()
    _post_notice(me, renamed, "renamed", text=name)
    _list(renamed)
    return _show_members(renamed)


def delete(me: User, room_id: str) -> None:
    """Remove a room of mine with all its messages. Raises `NotFoundError` or `NotTheOwnerError`."""
    limits.hit("writes", me.id)
    room = _owned(me, room_id)
    erase(room)


def erase(room: Room) -> None:
    """Remove a room with all its messages, and tell its members."""
    _erase(room)
    emitter.to_users(room.members, events.ROOM_UPDATED, views.room_change(room, deleted=True))


def history(me: User, room_id: str, query: schemas.Page) -> HistoryPage:
    """A page of the messages of a room that I am in. Raises `NotFoundError` or `NotAMemberError`."""
    return messages.page(me, _find(me, room_id), query)


def send(me: User, room_id: str, body: schemas.NewMessage, from_socket: str | None = None) -> Sent:
    """Send a message to a room that I am in. Raises as `messages.send` does, or `NotAMemberError`."""
    return messages.post(me, _find(me, room_id), body, from_socket)


def _find(me: User, room_id: str) -> Room:
    """A room that I am in; others learn of a public one that they have to join first."""
    room = _visible(me, room_id)
    if me.id not in room.members:
        raise NotAMemberError
    return room


def _visible(me: User, room_id: str) -> Room:
    room = store.conversations.find(room_id)
    if not isinstance(room, Room) or not (room.public or me.id in room.members):
        raise _no_such_room()
    return room


def _owned(me: User, room_id: str) -> Room:
    room = _find(me, room_id)
    if room.owner_id != me.id:
        raise NotTheOwnerError
    return room


def _add(me: User, room: Room, user: User, notice: NoticeKind) -> answers.Room:
    change = store.conversations.add_member(room.id, user.id, added_by=me.id, most=MAX_MEMBERS)
    if change is None:
        raise _no_such_room()
    if user.id not in change.room.members:
        raise _full()
    if not change.changed:
        return views.room(change.room)
    logs.security("room_member_added", user.id, room=room.id, by=me.id)
    _post_notice(me, change.room, notice, user.id)
    return _show_members(change.room)


def _post_notice(me: User, room: Room, kind: NoticeKind, user_id: str | None = None, text: str | None = None) -> None:
    """Put a notice about a change of the room into its history, without the names of users, which may change or go."""
    notice = Draft(conversation=room.id, sender_id=me.id, system=kind, user_id=user_id, text=text)
    messages.announce(room, store.messages.append(notice).message)


def _show_members(room: Room) -> answers.Room:
    """Show the room's members how it is now."""
    emitter.to_users(room.members, events.ROOM_UPDATED, views.room_change(room))
    return views.room(room)


def _list(room: Room, *, deleted: bool = False) -> None:
    """Tell all users that a public room is new, has another name, or is gone."""
    if room.public:
        bus.publish(PublicRoomChanged(room.id, room.name, room.owner_id, deleted))


def _erase(room: Room, *, only_if_empty: bool = False) -> None:
    """Remove a room. If it is interrupted, the room is still there with fewer messages, and can be removed again."""
    while found := store.conversations.remove_oldest(room.id, ERASED_AT_ONCE, only_if_empty=only_if_empty):
        for url in filter(None, found):
            images.remove(url)
    for url in store.conversations.remove_room(room.id, only_if_empty=only_if_empty):
        images.remove(url)
    if store.conversations.find(room.id) is None:
        _list(room, deleted=True)


def _require_no_block(me: User, user_ids: Iterable[str]) -> None:
    """Raise `BlockedError`, which names one of those who block me, if any do. The store decides it again when it writes."""
    for blocker in store.users.blockers_of(me.id).intersection(user_ids):
        raise BlockedError(f"{users.find(blocker).full_name} doesn't accept invitations from you")


def _full() -> BadRequestError:
    return BadRequestError(f"a room has at most {MAX_MEMBERS} members")


def _no_such_room() -> NotFoundError:
    return NotFoundError("no such room")
