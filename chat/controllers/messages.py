"""Messages between two people."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chat.config import settings
from chat.errors import BadRequest, Conflict, Forbidden, not_found
from chat.lib import realtime
from chat.lib.images import clean, images
from chat.models.conversation import Conversation, Summary, direct
from chat.models.message import Message
from chat.models.user import User
from chat.models.values import iso
from chat.store import store

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a client sends: ``image`` is a data URI, ``client_id`` makes the send idempotent."""

    text: str | None = None
    image: str | None = None
    client_id: str | None = None
    reply_to: str | None = None


def sidebar(me: User) -> list[dict[str, Any]]:
    """Everybody but me, and how our conversation stands: the newest conversation first, then by name."""
    mine = store.conversations_of(me.id)

    def entry(user: User) -> tuple[User, Conversation, Summary]:
        conversation = direct(me.id, user.id)
        return user, *mine.get(conversation.id, (conversation, Summary()))

    def newest_first(entry: tuple[User, Conversation, Summary]) -> tuple[float, str]:
        user, _, summary = entry
        time = summary.last_message.created_at if summary.last_message else _NEVER
        return -time.timestamp(), user.full_name.casefold()

    entries = [entry(user) for user in store.list_users() if user.id != me.id]
    return [_sidebar_view(me, *entry) for entry in sorted(entries, key=newest_first)]


def history(me: User, other_id: str, before: int | None, limit: int) -> tuple[list[Message], int]:
    """A page of the conversation with that user, oldest first, and the ``before`` of the next older page or 0."""
    return store.messages_before(direct(me.id, _find_user(other_id).id), before, limit)


def send(me: User, other_id: str, content: Content, from_socket: str | None = None) -> tuple[Message, bool]:
    """Store a message to a user, then show it on every open device of both: the message, and whether it is new.

    Raises `BadRequest`, `NotFound`, `Forbidden` (``blocked``), `Conflict` (``client_id_reused``) or `Unavailable`.
    """
    other = _find_user(other_id)
    if me.id in other.blocked:
        raise Forbidden("this person does not take messages from you", "blocked")
    return _send(me, direct(me.id, other.id), other.id, content, from_socket)


def _send(
    me: User, conversation: Conversation, receiver_id: str | None, content: Content, from_socket: str | None
) -> tuple[Message, bool]:
    content = _checked(content)
    fingerprint = _fingerprint(conversation, content)
    if content.client_id and (sent := store.find_sent(me.id, content.client_id)):
        return _same(sent, fingerprint), False
    image = images.save(clean(content.image)) if content.image else None
    message = Message(
        conversation=conversation.id,
        sender_id=me.id,
        receiver_id=receiver_id,
        text=content.text,
        image=image,
        client_id=content.client_id,
        fingerprint=fingerprint if content.client_id else None,
        reply_to=content.reply_to,
    )
    stored = store.append_message(conversation, message)
    if stored.id != message.id:  # the same send arrived twice at once, and the other one was first
        if image:
            images.remove(image)
        return _same(stored, fingerprint), False
    realtime.tell_users(conversation.members, "newMessage", stored.public(), except_socket=from_socket)
    return stored, True


def _checked(content: Content) -> Content:
    """The content with nothing where a text is blank. Raises `BadRequest` where that leaves nothing to send."""
    text = content.text if content.text and content.text.strip() else None
    if text is None and not content.image:
        raise BadRequest("a message needs a text or an image")
    if text and len(text) > settings.max_text_length:
        raise BadRequest(f"the text is over {settings.max_text_length} characters")
    return Content(text=text, image=content.image, client_id=content.client_id, reply_to=content.reply_to)


def _fingerprint(conversation: Conversation, content: Content) -> str:
    """What tells a repeated send from a different one under the same ``client_id``."""
    sent = json.dumps([conversation.id, content.text, content.image, content.reply_to])
    return hashlib.sha256(sent.encode()).hexdigest()[:32]


def _same(sent: Message, fingerprint: str) -> Message:
    if sent.fingerprint != fingerprint:
        raise Conflict("this clientId was used for another message", "client_id_reused")
    return sent


def _find_user(user_id: str) -> User:
    return store.find_user(user_id) or not_found("user")


def _sidebar_view(me: User, user: User, conversation: Conversation, summary: Summary) -> dict[str, Any]:
    return user.public() | {
        "conversation": conversation.id,
        "unread": summary.unread,
        "lastMessage": summary.last_message and summary.last_message.public(),
        "lastSeen": user.last_seen and iso(user.last_seen),
        "cursors": conversation.read_cursors(),
        "blocked": user.id in me.blocked,
    }
