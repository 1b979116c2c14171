"""Rooms: conversations with a name, owners, and members who come and go."""

from collections.abc import Callable, Iterable

from msgspec.structs import asdict, replace

from chat import answers, events, schemas
from chat.answers import NoticeKind
from chat.controllers import conversations, messages, seeing, users, views
from chat.controllers.messages import HistoryPage, Sent
from chat.current import bus, config, emitter, images, limits, store
from chat.errors import BadRequestError, BlockedError, NotAMemberError, NotFoundError
from chat.lib import logs
from chat.lib.threads import in_slices
from chat.models.conversation import Room, Summary
from chat.models.message import Draft
from chat.models.user import User
from chat.models.values import clean_name, now
from chat.realtime.bus import PublicRoomChanged
from chat.schemas import MAX_MEMBERS
from chat.store.port import RoomChange

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
    return _add(me, _visible(me, room_id), me, "joined", by=me.id)


def join_invited(me: User, room_id: str) -> None:
    """Become a member of the room that an invitation is for, if it still exists and has a place."""
    room = store.conversations.find(room_id)
    if isinstance(room, Room) and len(room.members) < MAX_MEMBERS:
        _add(me, room, me, "joined", by=None)


def add(me: User, room_id: str, user_id: str) -> answers.Room:
    """Add a user to a room of mine, or to one that lets its members add people.

    Raises `NotFoundError`, `NotTheOwnerError`, `BadRequestError`, or `BlockedError` if the user blocks me.
    """
    limits.hit("writes", me.id)
    room = _find(me, room_id)
    if not room.members_invite:
        room.owned_by(me.id)
    user = users.find(user_id)
    _require_no_block(me, [user_id])
    return _add(me, room, user, "added", by=me.id)


def remove(me: User, room_id: str, user_id: str) -> answers.Room:
    """Leave a room, or remove a member from a room of mine. Raises `NotFoundError` or `NotTheOwnerError`.

    If the last owner leaves, the longest member becomes one in the same write, and a notice says so. If no one is left, the
    room is removed.
    """
    limits.hit("writes", me.id)
    room = _find(me, room_id) if user_id == me.id else _owned(me, room_id)
    return take_out(me, room, user_id)


def take_out(me: User, room: Room, user_id: str) -> answers.Room:
    """The same for a room that was found, without a limit. Raises `NotFoundError` or `NotTheOwnerError`."""
    change = _change(
        room.id, lambda room: room.without(user_id) if user_id == me.id else room.owned_by(me.id).without(user_id)
    )
    if not change.changed:
        raise NotFoundError("no such member")
    left = change.room
    logs.security("room_member_removed", user_id, room=room.id, by=me.id)
    emitter.to_users([user_id], events.ROOM_UPDATED, views.room_change(left))
    if not left.members:
        _erase(left, only_if_empty=True)
        return views.room(left)
    _post_notice(me, left, "left" if user_id == me.id else "removed", user_id)
    for heir in set(left.owners) - set(change.before.owners):
        logs.security("room_owner_added", heir, room=room.id)
        _post_notice(me, left, "owner", heir)
    return _show_members(left)


def set_owner(me: User, room_id: str, user_id: str, owner: bool) -> answers.Room:
    """Make a member of a room of mine an owner too, or an owner an ordinary member.

    Raises `NotFoundError`, `NotTheOwnerError`, or `BadRequestError` for the last owner.
    """
    limits.hit("writes", me.id)
    _owned(me, room_id)

    def change(room: Room) -> Room:
        room.owned_by(me.id)
        return room.with_owner(user_id) if owner else room.without_owner(user_id)

    changed = _change(room_id, change)
    if user_id not in changed.room.members:
        raise NotFoundError("no such member")
    if owner != (user_id in changed.room.owners):
        raise BadRequestError("a room needs an owner: make another member one first")
    if changed.changed:
        logs.security("room_owner_added" if owner else "room_owner_removed", user_id, room=room_id, by=me.id)
        _post_notice(me, changed.room, "owner" if owner else "not_owner", user_id)
        return _show_members(changed.room)
    return views.room(changed.room)


def set_up(me: User, room_id: str, body: schemas.RoomSettings) -> answers.Room:
    """Change the name or settings of a room of mine. Raises `NotFoundError`, `NotTheOwnerError` or `BadRequestError`."""
    limits.hit("writes", me.id)
    _owned(me, room_id)
    given = {name: value for name, value in asdict(body).items() if value is not None}
    if not given:
        raise BadRequestError("say what to change: the room's name, its topic, or another setting")
    if body.name is not None:
        given["name"] = clean_name(body.name, "room's name")
    if body.topic is not None:
        given["topic"] = clean_name(body.topic, "topic") if body.topic.strip() else ""
    if body.message_ttl_days is not None:
        check_ttl(body.message_ttl_days)
    change = _change(room_id, lambda room: replace(room.owned_by(me.id), **given, updated_at=now()))
    was, room = change.before, change.room
    if body.name is not None:
        _post_notice(me, room, "renamed", text=room.name)
    if room.topic != was.topic:
        _post_notice(me, room, "topic", text=room.topic or None)
    if room.public != was.public:
        logs.security("room_made_public" if room.public else "room_made_private", me.id, room=room_id)
        _post_notice(me, room, "public" if room.public else "private")
    if room.message_ttl_days != was.message_ttl_days:
        logs.security("room_retention_set", me.id, room=room_id, days=room.message_ttl_days)
        _post_notice(me, room, "retention", text=str(room.message_ttl_days))
    _list(room if room.public else was, deleted=not room.public)
    return _show_members(room)


def check_ttl(days: int) -> None:
    """Raise `BadRequestError` if messages of a room can't get that old, because the server removes them earlier."""
    if config.message_ttl_days and days > config.message_ttl_days:
        raise BadRequestError(f"this server removes messages after {config.message_ttl_days} days: use at most that")


def set_ttl(room: Room, days: int, by: User | None) -> Room:
    """Set how old messages in a room may be, without asking its owners. Raises `NotFoundError` or `BadRequestError`."""
    check_ttl(days)
    change = _change(room.id, lambda room: replace(room, message_ttl_days=days, updated_at=now()))
    if by and change.room.message_ttl_days != change.before.message_ttl_days:
        _post_notice(by, change.room, "retention", text=str(days))
    _show_members(change.room)
    return change.room


def give_to(room: Room, user: User) -> Room:
    """Make a user an owner and a member of a room, without asking its owners. Raises as `add` does for a full room."""
    _add(user, room, user, "joined", by=None)
    change = _change(room.id, lambda room: room.with_owner(user.id))
    if change.changed:
        _post_notice(user, change.room, "owner", user.id)
        _show_members(change.room)
    return change.room


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
    return _find(me, room_id).owned_by(me.id)


def _change(room_id: str, change: Callable[[Room], Room]) -> RoomChange:
    changed = store.conversations.change_room(room_id, change)
    if changed is None:
        raise _no_such_room()
    return changed


def _add(me: User, room: Room, user: User, notice: NoticeKind, *, by: str | None) -> answers.Room:
    change = store.conversations.add_member(room.id, user.id, by=by, most=MAX_MEMBERS)
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
    """Tell all users that a public room is new, has another name, or is gone or no longer public."""
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
