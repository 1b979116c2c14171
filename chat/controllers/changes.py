"""Changes of messages: editing, deleting, reacting."""

from collections.abc import Callable, Sequence
from functools import partial

from chat import answers, schemas
from chat.answers import Deleter
from chat.controllers import conversations, seeing
from chat.controllers.messages import announce_change, is_unseen
from chat.current import images, limits, store
from chat.errors import BadRequestError, NotFoundError, NotMigratedError
from chat.lib import logs
from chat.lib.threads import in_slices
from chat.models.conversation import Conversation, Room
from chat.models.message import LegacyMessage, Message
from chat.models.user import User
from chat.schemas import MAX_EMOJI

MAX_REACTIONS = 50  # different ones on one message
PAGE = 500  # messages that are in memory at once


def edit(me: User, message_id: str, body: schemas.Edit) -> answers.Message:
    """Change the text of a message of mine.

    Raises `NotFoundError`, `BadRequestError`, `BlockedError` or `NotMigratedError`.
    """
    if not body.text.strip():
        raise BadRequestError("a message needs a text; delete it instead")
    return _revise(me, _find(me, message_id), lambda message: _alive(_own(me, message)).edited(body.text), author=me.id)


def delete(me: User, message_id: str) -> answers.Message:
    """Leave a tombstone in the place of a message of mine, or of any message in a room of mine. Raises as `edit` does."""
    found = _find(me, message_id)
    message, conversation = found
    as_owner = isinstance(conversation, Room) and me.id in conversation.owners and message.sender_id != me.id
    if as_owner and not message.system:
        logs.security("message_deleted_by_owner", message.sender_id, room=conversation.id, message=message.id, by=me.id)
        tombstone = _revise(me, found, lambda message: message.deleted("owner"), author=None)
    else:
        tombstone = _revise(me, found, lambda message: _own(me, message).deleted(), author=None)
    if image := found[0].image:
        images.remove(image)
    return tombstone


def erase(messages: Sequence[Message], by: Deleter | None = None) -> None:
    """Leave tombstones in the place of messages, whoever sent them."""
    for tombstone in in_slices(store.messages.erase([message.id for message in messages], by)):
        if conversation := store.conversations.find(tombstone.conversation):
            announce_change(conversation, tombstone)
    for message in messages:
        if message.image:
            images.remove(message.image)


def erase_reactions(me: User) -> None:
    """Remove all my reactions."""
    after = ""
    while found := store.messages.with_reactions_of(me.id, after, PAGE):
        for message in found:
            revision = store.messages.revise(
                message.id, lambda message: message.without_reactions_of(me.id), author=None
            )
            conversation = store.conversations.find(message.conversation)
            if revision and revision.changed and conversation:
                announce_change(conversation, revision.message)
        after = found[-1].id


def react(me: User, message_id: str, emoji: str, on: bool) -> answers.Message:
    """Add or remove my reaction to a message. Raises as `edit` does."""
    if not (0 < len(emoji) <= MAX_EMOJI and all(_is_emoji_part(char) for char in emoji) and not emoji.isascii()):
        raise BadRequestError("a reaction is one emoji")
    return _revise(me, _find(me, message_id), partial(_reacted, me, emoji, on), author=me.id if on else None)


def find_visible(me: User, message_id: str) -> Message:
    """A message that I can see. Raises `NotFoundError` or `NotMigratedError`."""
    return _find(me, message_id)[0]


def _find(me: User, message_id: str) -> tuple[Message, Conversation]:
    """A message that I can see and want to change, and its conversation."""
    limits.hit("sends", me.id)
    message = store.messages.find(message_id)
    if isinstance(message, LegacyMessage) and me.id in (message.sender_id, message.receiver_id):
        raise NotMigratedError
    conversation = conversations.find_mine(me, message.conversation) if isinstance(message, Message) else None
    if not isinstance(message, Message) or conversation is None:
        raise NotFoundError("no such message")
    return message, conversation


def _revise(
    me: User, found: tuple[Message, Conversation], change: Callable[[Message], Message | None], author: str | None
) -> answers.Message:
    message, conversation = found
    revision = store.messages.revise(message.id, change, author=author)
    if revision is None:
        raise NotFoundError("no such message")
    if revision.changed or is_unseen(revision.message):  # a repeated change may be the first that is answered
        announce_change(conversation, revision.message)
    return seeing.message(me, revision.message)


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
