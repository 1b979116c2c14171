"""Conversations of both kinds: who may see one, what lists show of it, reading, typing, catching up."""

from datetime import UTC, datetime
from typing import Any

from chat.errors import not_found
from chat.events import ServerEventName
from chat.lib import realtime
from chat.models.conversation import Conversation, Summary, direct, direct_from_id
from chat.models.message import Message
from chat.models.user import User
from chat.models.values import is_id, iso
from chat.store import store

SYNC_PAGE = 500  # messages of one conversation in one answer
SYNC_TOTAL = 2000  # messages in one answer
RECEIPT_MEMBERS = 50  # above this a room's members are not told how far each other has read: that would be n² events

_NEVER = datetime.min.replace(tzinfo=UTC)


def find(me: User, conversation_id: str) -> Conversation:
    """The conversation with that id. Raises `NotFound` where there is none, or I am not in it."""
    return mine(me, conversation_id) or not_found("conversation")


def mine(me: User, conversation_id: str) -> Conversation | None:
    """The conversation with that id, if there is one and I am in it."""
    conversation = direct_from_id(conversation_id)
    if conversation is None and is_id(conversation_id):
        conversation = store.find_conversation(conversation_id)
    return conversation if conversation and me.id in conversation.members else None


def sidebar(me: User) -> list[dict[str, Any]]:
    """Everybody but me, and how our conversation stands: the newest conversation first, then by name."""
    begun = {
        conversation.id: conversation for conversation in store.conversations_of(me.id) if not conversation.is_room
    }
    summaries = store.summarize(me.id, list(begun.values()))

    def entry(user: User) -> tuple[User, Conversation, Summary]:
        conversation = direct(me.id, user.id)
        return user, begun.get(conversation.id, conversation), summaries.get(conversation.id, Summary())

    def newest_first(entry: tuple[User, Conversation, Summary]) -> tuple[float, str]:
        user, _, summary = entry
        return -last_time(summary).timestamp(), user.full_name.casefold()

    entries = sorted((entry(user) for user in store.list_users() if user.id != me.id), key=newest_first)
    return [
        user.public()
        | standing(me, conversation, summary)
        | {"lastSeen": user.last_seen and iso(user.last_seen), "blocked": user.id in me.blocked}
        for user, conversation, summary in entries
    ]


def standing(me: User, conversation: Conversation, summary: Summary) -> dict[str, Any]:
    """How a conversation stands for me: what every list of them shows."""
    return {
        "conversation": conversation.id,
        "rev": summary.rev,
        "unread": summary.unread,
        "lastMessage": summary.last_message and view(me, summary.last_message),
        "cursors": conversation.read_cursors(),
    }


def last_time(summary: Summary) -> datetime:
    """When something was said last."""
    return summary.last_message.created_at if summary.last_message else _NEVER


def view(me: User, message: Message) -> dict[str, Any]:
    """A message as I see it: in a room, those of people I block are marked."""
    marked = message.receiver_id is None and message.sender_id in me.blocked
    return message.public() | ({"blocked": True} if marked else {})


def tell(
    conversation: Conversation, event: ServerEventName, message: Message, except_socket: str | None = None
) -> None:
    """Show a message on every open device of the members, but not on the socket that it came from."""
    blockers: set[str] = set()
    if conversation.is_room:
        blockers = store.blockers_of(message.sender_id).intersection(conversation.members)
    seen = message.public()
    others = [member for member in conversation.members if member not in blockers]
    realtime.tell_users(others, event, seen, except_socket)
    if blockers:
        realtime.tell_users(blockers, event, seen | {"blocked": True}, except_socket)


def read(me: User, conversation_id: str, seq: int, from_socket: str | None = None) -> dict[str, Any]:
    """Move my read cursor, and tell my other devices and the other side. Raises `NotFound`."""
    conversation = find(me, conversation_id)
    cursor, moved = store.move_read_cursor(conversation.id, me.id, seq)
    if moved:
        told = conversation.members if len(conversation.members) <= RECEIPT_MEMBERS else (me.id,)
        receipt = {"conversation": conversation.id, "userId": me.id, "seq": cursor}
        realtime.tell_users(told, "read", receipt, from_socket)
    return {"conversation": conversation.id, "seq": cursor, "unread": store.count_unread(conversation.id, me.id)}


def typing(me: User, conversation: Conversation) -> None:
    """Show the others that I am typing; those who block me don't see it. Nothing is stored."""
    deaf = store.blockers_of(me.id) | {me.id}
    told = [member for member in conversation.members if member not in deaf]
    realtime.tell_users(told, "typing", {"conversation": conversation.id, "userId": me.id})


def sync(me: User, cursors: dict[str, int]) -> dict[str, Any]:
    """All that is new or changed since ``cursors`` (conversation id → the ``rev`` that the client has).

    ``{"conversations": [{"id", "messages", "upTo", "more"}]}``: conversations with changes alone, those which the client
    did not name from their beginning. Where there is ``more``, ask again from ``upTo``.
    """
    left, answer = SYNC_TOTAL, []
    for conversation in store.conversations_of(me.id):
        since, page = cursors.get(conversation.id, 0), min(SYNC_PAGE, left)
        found = store.changes_since(conversation.id, since, page + 1)
        if not found:
            continue
        shown, more = found[:page], len(found) > page
        up_to = shown[-1].rev if shown else since
        messages = [view(me, message) for message in shown]
        answer.append({"id": conversation.id, "messages": messages, "upTo": up_to, "more": more})
        left -= len(shown)
        if more and not left:
            break  # the client asks again, and gets the others then
    return {"conversations": answer}
