"""Messages of both kinds of conversation: sending, changing, reading, finding."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from chat import answers, schemas
from chat.controllers import conversations, views
from chat.controllers.auth import save_image
from chat.current import config, images, limits, presence, store
from chat.errors import BadRequestError, ChatError, ClientIdReusedError, NotFoundError, NotMigratedError
from chat.models.conversation import Conversation, Room, direct
from chat.models.message import Draft, LegacyMessage, Message
from chat.models.user import User
from chat.schemas import MAX_EMOJI
from chat.store.port import Appended

MAX_REACTIONS = 50  # different ones on one message


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that was sent; not ``new`` if the same send was stored before."""

    message: answers.Message
    new: bool


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """A page of history, oldest first, and the ``before`` that asks for the next older page, if there is one."""

    messages: list[answers.Message]
    older: int | None


def history(me: User, other_id: str, query: schemas.Page) -> HistoryPage:
    """A page of my conversation with that user. Raises `NotFoundError`."""
    return page(me, direct(me.id, _find_user(other_id).id), query)


def page(me: User, conversation: Conversation, query: schemas.Page) -> HistoryPage:
    """A page of a conversation that I am in."""
    limit = query.limit or config.max_history_page
    found = store.messages.page(conversation, query.before, limit, skip=((query.page or 1) - 1) * limit)
    return HistoryPage([views.message(me, message) for message in found.messages], found.older)


def send(me: User, other_id: str, body: schemas.NewMessage, from_socket: str | None = None) -> Sent:
    """Store a message to a user, then show it on all devices of both.

    Raises `BadRequestError`, `BadImageError`, `NotFoundError`, `BlockedError`, `ClientIdReusedError` or
    `ImageStoreUnavailableError`.
    """
    return post(me, direct(me.id, _find_user(other_id).id), body, from_socket)


def post(me: User, conversation: Conversation, body: schemas.NewMessage, from_socket: str | None = None) -> Sent:
    """The same in any conversation that I am in. Also raises `NotAMemberError`."""
    limits.hit("sends", me.id)
    text = body.text if body.text and body.text.strip() else None
    _check_sendable(conversation, text, body)
    fingerprint = _fingerprint(conversation, text, body)
    if body.client_id and (sent := store.messages.find_sent(me.id, body.client_id)):
        return _repeated(conversation, sent, fingerprint)
    image = save_image(me, body.image) if body.image else None
    draft = Draft(
        conversation=conversation.id,
        sender_id=me.id,
        receiver_id=None if isinstance(conversation, Room) else conversation.other(me.id),
        text=text,
        image=image,
        client_id=body.client_id,
        fingerprint=fingerprint if body.client_id else None,
        reply_to=body.reply_to,
    )
    appended = _append(draft)
    if not appended.new:  # the same send arrived twice at once, and the other one was first
        return _repeated(conversation, appended.message, fingerprint)
    conversations.announce(conversation, appended.message, from_socket)
    return Sent(views.shared_message(appended.message), new=True)


def edit(me: User, message_id: str, body: schemas.Edit) -> answers.Message:
    """Change the text of a message of mine.

    Raises `NotFoundError`, `BadRequestError`, `BlockedError` or `NotMigratedError`.
    """
    if not body.text.strip():
        raise BadRequestError("a message needs a text; delete it instead")
    return _revise(me, message_id, lambda message: _alive(_own(me, message)).edited(body.text), author=me.id)


def delete(me: User, message_id: str) -> answers.Message:
    """Leave a tombstone in the place of a message of mine. Raises as `edit` does."""
    image = _find(me, message_id)[0].image
    tombstone = _revise(me, message_id, lambda message: _own(me, message).deleted(), author=None)
    if image:
        images.remove(image)
    return tombstone


def erase(message: Message) -> None:
    """Leave a tombstone in the place of a message whose sender deletes their account."""
    revision = store.messages.revise(message.id, Message.deleted, author=None)
    conversation = store.conversations.find(message.conversation)
    if revision and conversation:
        conversations.announce_change(conversation, revision.message)
    if message.image:
        images.remove(message.image)


def react(me: User, message_id: str, emoji: str, on: bool) -> answers.Message:
    """Add or remove my reaction to a message. Raises as `edit` does."""
    if not (0 < len(emoji) <= MAX_EMOJI and all(_is_emoji_part(char) for char in emoji) and not emoji.isascii()):
        raise BadRequestError("a reaction is one emoji")
    return _revise(me, message_id, partial(_reacted, me, emoji, on), author=me.id if on else None)


def search(me: User, query: schemas.Search) -> list[answers.Message]:
    """The newest messages of my conversations that contain a text. Raises `BadRequestError` or `RateLimitedError`."""
    if not query.q.strip():
        raise BadRequestError("q is missing: what to search for")
    limits.hit("searches", me.id)
    conversation_id: str | None = query.with_id
    if query.with_id and store.conversations.find(query.with_id) is None:
        conversation_id = direct(me.id, query.with_id).id
    found = store.messages.search(me.id, query.q, conversation_id, query.limit)
    return [views.message(me, message) for message in found]


def block(me: User, other_id: str, blocked: bool) -> answers.BlockAnswer:
    """Block or unblock a user: their messages and signs of presence. Raises `NotFoundError` or `BadRequestError`."""
    other = _find_user(other_id)
    if other.id == me.id:
        raise BadRequestError("you can't block yourself")
    store.users.set_blocked(me.id, other.id, blocked)
    presence.set_hidden(me.id, me.blocked | {other.id} if blocked else me.blocked - {other.id})
    return answers.BlockAnswer(blocked=blocked)


def _append(draft: Draft) -> Appended:
    """Store a message; if it isn't stored, its image isn't either."""
    try:
        appended = store.messages.append(draft)
    except ChatError:
        _remove_image(draft)
        raise
    if not appended.new:
        _remove_image(draft)
    return appended


def _remove_image(draft: Draft) -> None:
    if draft.image:
        images.remove(draft.image)


def _find(me: User, message_id: str) -> tuple[Message, Conversation]:
    """A message that I can see, and its conversation."""
    message = store.messages.find(message_id)
    if isinstance(message, LegacyMessage) and me.id in (message.sender_id, message.receiver_id):
        raise NotMigratedError
    conversation = conversations.find_mine(me, message.conversation) if isinstance(message, Message) else None
    if not isinstance(message, Message) or conversation is None:
        raise NotFoundError("no such message")
    return message, conversation


def _revise(
    me: User, message_id: str, change: Callable[[Message], Message | None], author: str | None
) -> answers.Message:
    limits.hit("sends", me.id)
    _, conversation = _find(me, message_id)
    revision = store.messages.revise(message_id, change, author=author)
    if revision is None:
        raise NotFoundError("no such message")
    if revision.changed:
        conversations.announce_change(conversation, revision.message)
    return views.message(me, revision.message)


def _repeated(conversation: Conversation, sent: Message, fingerprint: str) -> Sent:
    """The answer to a repeated send.

    It is announced again if nothing has come after it: the process may have died between storing and announcing it.
    Clients know a message by its id and ``rev``.
    """
    if sent.fingerprint != fingerprint:
        raise ClientIdReusedError
    if not store.messages.changes_since(conversation.id, sent.rev, 1):
        conversations.announce(conversation, sent)
    return Sent(views.shared_message(sent), new=False)


def _own(me: User, message: Message) -> Message:
    if message.sender_id != me.id or message.system:
        raise NotFoundError("no such message")
    return message


def _alive(message: Message) -> Message:
    if message.deleted_at:
        raise NotFoundError("no such message")
    return message


def _reacted(me: User, emoji: str, on: bool, message: Message) -> Message | None:
    if on and emoji not in message.reactions and len(message.reactions) >= MAX_REACTIONS:
        raise BadRequestError(f"a message has at most {MAX_REACTIONS} different reactions")
    return _alive(message).reacted(me.id, emoji, on)


def _is_emoji_part(char: str) -> bool:
    """Keycaps such as 1️⃣ are made of a digit and two invisible characters; no other emoji contains ASCII."""
    return char in "0123456789#*" or (not char.isascii() and not char.isspace() and not char.isalnum())


def _check_sendable(conversation: Conversation, text: str | None, body: schemas.NewMessage) -> None:
    if text is None and not body.image:
        raise BadRequestError("a message needs a text or an image")
    if body.reply_to:
        original = store.messages.find(body.reply_to)
        if not isinstance(original, Message) or original.conversation != conversation.id:
            raise BadRequestError("replyTo is not a message of this conversation")


def _fingerprint(conversation: Conversation, text: str | None, body: schemas.NewMessage) -> str:
    """What tells a repeated send from a different one under the same ``client_id``.

    It is stored, and compared after an upgrade too: the text that is hashed must never change.
    """
    sent = json.dumps([conversation.id, text, body.image, body.reply_to])
    return hashlib.sha256(sent.encode()).hexdigest()[:32]


def _find_user(user_id: str) -> User:
    user = store.users.find(user_id)
    if user is None:
        raise NotFoundError("no such user")
    return user
