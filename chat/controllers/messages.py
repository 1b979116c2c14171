"""Messages of both kinds of conversation: sending, changing, reading, finding."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from chat.config import settings
from chat.controllers import conversations
from chat.errors import BadRequest, Conflict, Forbidden, not_found
from chat.lib.images import clean, images
from chat.lib.limits import limits
from chat.lib.presence import presence
from chat.models.conversation import Conversation, direct
from chat.models.message import Message
from chat.models.user import User
from chat.schemas import MAX_EMOJI
from chat.store import store

MAX_REACTIONS = 50  # different ones on one message


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a client sends: ``image`` is a data URI, ``client_id`` makes the send idempotent."""

    text: str | None = None
    image: str | None = None
    client_id: str | None = None
    reply_to: str | None = None


def history(me: User, other_id: str, before: int | None, limit: int) -> tuple[list[dict[str, Any]], int]:
    """A page of the conversation with that user, oldest first, and the ``before`` of the next older page or 0."""
    return page(me, direct(me.id, _find_user(other_id).id), before, limit)


def page(me: User, conversation: Conversation, before: int | None, limit: int) -> tuple[list[dict[str, Any]], int]:
    """The same of any conversation that I am in."""
    found, older = store.messages_before(conversation, before, limit)
    return [conversations.view(me, message) for message in found], older


def send(me: User, other_id: str, content: Content, from_socket: str | None = None) -> tuple[dict[str, Any], bool]:
    """Store a message to a user, then show it on every open device of both: the message, and whether it is new.

    Raises `BadRequest`, `NotFound`, `Forbidden` (``blocked``), `Conflict` (``client_id_reused``) or `Unavailable`.
    """
    other = _find_user(other_id)
    _check_welcome(me, other)
    return post(me, direct(me.id, other.id), content, from_socket)


def post(
    me: User, conversation: Conversation, content: Content, from_socket: str | None = None
) -> tuple[dict[str, Any], bool]:
    """The same to any conversation that I am in."""
    limits.take("sends", me.id)
    content = _checked(conversation, content)
    fingerprint = _fingerprint(conversation, content)
    if content.client_id and (sent := store.find_sent(me.id, content.client_id)):
        return _same(sent, fingerprint).public(), False
    image = _save(me, content.image) if content.image else None
    message = Message(
        conversation=conversation.id,
        sender_id=me.id,
        receiver_id=None if conversation.is_room else conversation.other(me.id),
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
        return _same(stored, fingerprint).public(), False
    announce(conversation, stored, from_socket)
    return stored.public(), True


def announce(conversation: Conversation, message: Message, from_socket: str | None = None) -> None:
    """Show a new message to the conversation's members."""
    conversations.tell(conversation, "new_message" if conversation.is_room else "newMessage", message, from_socket)


def edit(me: User, message_id: str, text: str) -> dict[str, Any]:
    """Change the text of a message of mine.

    Raises `NotFound`, `BadRequest`, `Forbidden` (``blocked``) or `Conflict` (``not_migrated``).
    """
    if not text.strip():
        raise BadRequest("a message needs a text; delete it to take it back")
    _check_length(text)
    return _revise(me, message_id, lambda message: _alive(_own(me, message)).edited(text), says_something=True)


def delete(me: User, message_id: str) -> dict[str, Any]:
    """Leave a tombstone in the place of a message of mine. Raises as `edit` does."""
    image = _find(me, message_id)[0].image
    tombstone = _revise(me, message_id, lambda message: _own(me, message).deleted())
    if image:
        images.remove(image)
    return tombstone


def take_back(message: Message) -> None:
    """Leave a tombstone in the place of a message whose sender goes for good."""
    tombstone = store.revise_message(message.id, Message.deleted)
    conversation = store.find_conversation(message.conversation or "")
    if tombstone and conversation:
        conversations.tell(conversation, "messageUpdated", tombstone)
    if message.image:
        images.remove(message.image)


def react(me: User, message_id: str, emoji: str, on: bool) -> dict[str, Any]:
    """Add my reaction to a message, or take it back. Raises as `edit` does."""
    if not (0 < len(emoji) <= MAX_EMOJI and all(_is_emoji_part(char) for char in emoji) and not emoji.isascii()):
        raise BadRequest("a reaction is one emoji")
    return _revise(me, message_id, partial(_reacted, me, emoji, on), says_something=on)


def search(me: User, text: str, with_id: str | None, limit: int) -> list[dict[str, Any]]:
    """The newest messages of my conversations that contain the text; ``with_id`` is a user's or a room's id."""
    if not text.strip():
        raise BadRequest("q is missing: what to search for")
    limits.take("searches", me.id)
    conversation_id = with_id
    if with_id and store.find_conversation(with_id) is None:
        conversation_id = direct(me.id, with_id).id
    found = store.search_messages(me.id, text, conversation_id, limit)
    return [conversations.view(me, message) for message in found]


def block(me: User, other_id: str, blocked: bool) -> dict[str, bool]:
    """Take no more messages and signs of presence from a user, or take them again. Raises `NotFound` or `BadRequest`."""
    other = _find_user(other_id)
    if other.id == me.id:
        raise BadRequest("you cannot block yourself")
    store.set_blocked(me.id, other.id, blocked)
    presence.hide(me.id, me.blocked | {other.id} if blocked else me.blocked - {other.id})
    return {"blocked": blocked}


def _find(me: User, message_id: str) -> tuple[Message, Conversation]:
    """A message that I can see, and its conversation."""
    message = store.find_message(message_id) or not_found("message")
    if message.conversation is None:
        if me.id not in (message.sender_id, message.receiver_id):
            not_found("message")
        raise Conflict("this message has no number yet: the server's owner has to run `flask migrate`", "not_migrated")
    return message, conversations.mine(me, message.conversation) or not_found("message")


def _save(me: User, data_uri: str) -> str:
    limits.take("images", me.id)
    return images.save(clean(data_uri))


def _revise(
    me: User, message_id: str, change: Callable[[Message], Message], says_something: bool = False
) -> dict[str, Any]:
    limits.take("sends", me.id)
    before, conversation = _find(me, message_id)
    if says_something and not conversation.is_room and (other := store.find_user(conversation.other(me.id))):
        _check_welcome(me, other)
    after = store.revise_message(before.id, change) or not_found("message")
    if after.rev != before.rev:
        conversations.tell(conversation, "messageUpdated", after)
    return conversations.view(me, after)


def _check_welcome(me: User, other: User) -> None:
    if me.id in other.blocked:
        raise Forbidden("this person does not take messages from you", "blocked")


def _own(me: User, message: Message) -> Message:
    return message if message.sender_id == me.id and not message.system else not_found("message")


def _alive(message: Message) -> Message:
    return not_found("message") if message.deleted_at else message


def _reacted(me: User, emoji: str, on: bool, message: Message) -> Message:
    if on and emoji not in message.reactions and len(message.reactions) >= MAX_REACTIONS:
        raise BadRequest(f"a message has at most {MAX_REACTIONS} different reactions")
    return _alive(message).reacted(me.id, emoji, on)


def _is_emoji_part(char: str) -> bool:
    """Keycaps such as 1️⃣ are made of a digit and two invisible characters; other than those, no ASCII is in an emoji."""
    return char in "0123456789#*" or (not char.isascii() and not char.isspace() and not char.isalnum())


def _checked(conversation: Conversation, content: Content) -> Content:
    """The content with nothing where a text is blank. Raises `BadRequest` where it cannot be sent."""
    text = content.text if content.text and content.text.strip() else None
    if text is None and not content.image:
        raise BadRequest("a message needs a text or an image")
    _check_length(text or "")
    if content.reply_to:
        original = store.find_message(content.reply_to)
        if original is None or original.conversation != conversation.id:
            raise BadRequest("replyTo is not a message of this conversation")
    return replace(content, text=text)


def _check_length(text: str) -> None:
    if len(text) > settings.max_text_length:
        raise BadRequest(f"the text is over {settings.max_text_length} characters")


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
