"""Messages of both kinds of conversation: sending, announcing, reading, finding."""

import hashlib
import json
from dataclasses import dataclass

from chat import answers, events, schemas
from chat.controllers import seeing, users, views
from chat.controllers.auth import save_image
from chat.controllers.views import Viewer
from chat.current import announced, config, emitter, images, limits, slots, store
from chat.errors import BadRequestError, ChatError, ClientIdReusedError
from chat.events import ServerEvent
from chat.lib import threads
from chat.models import folding
from chat.models.conversation import Conversation, Room, direct
from chat.models.message import Draft, Message
from chat.models.user import User
from chat.store.port import Appended, Page

PAGE_BYTES = 2**20  # of texts in one answer


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
    """A page of my conversation with that user, who may have deleted their account since. Raises `NotFoundError`."""
    conversation = direct(me.id, other_id)
    if store.conversations.find(conversation.id) is None:
        users.find(other_id)
    return page(me, conversation, query)


def page(me: User, conversation: Conversation, query: schemas.Page) -> HistoryPage:
    """A page of a conversation that I am in; shorter than its limit if the texts are long. Raises `BusyError`."""
    limit = query.limit or config.max_history_page
    with slots.take("pages", me.id):
        found = store.messages.page(conversation, query.before, limit, skip=((query.page or 1) - 1) * limit)
        if query.page is None:  # numbered pages are of one size
            found = _newest(found, PAGE_BYTES)
        return HistoryPage(seeing.messages(me, found.messages), found.older)


def send(me: User, other_id: str, body: schemas.NewMessage, from_socket: str | None = None) -> Sent:
    """Store a message to a user, then show it on all devices of both.

    Raises `BadRequestError`, `BadImageError`, `NotFoundError`, `BlockedError`, `ClientIdReusedError` or
    `ImageStoreUnavailableError`.
    """
    return post(me, direct(me.id, other_id), body, from_socket)


def post(me: User, conversation: Conversation, body: schemas.NewMessage, from_socket: str | None = None) -> Sent:
    """The same in any conversation that I am in. Also raises `NotAMemberError`."""
    limits.hit("sends", me.id)
    text = body.text if body.text and body.text.strip() else None
    _check_sendable(conversation, text, body)
    fingerprint = _fingerprint(conversation, text, body)
    image = None
    if body.image:  # which a repeated send has stored already
        if body.client_id and (sent := store.messages.find_sent(me.id, body.client_id)):
            return _repeated(me, conversation, sent, fingerprint)
        image = save_image(me, body.image)
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
    if not appended.new:
        return _repeated(me, conversation, appended.message, fingerprint)
    announce(conversation, appended.message, from_socket)
    return Sent(views.message(Viewer(), appended.message), new=True)


def announce(conversation: Conversation, message: Message, from_socket: str | None = None) -> None:
    """Show a new message on the members' devices, except on the socket that it came from."""
    if isinstance(conversation, Room):
        _announce_to_members(conversation, events.NEW_ROOM_MESSAGE, message, from_socket)
    else:
        receivers = [member for member in conversation.members if member != message.sender_id]
        view = views.message(Viewer(), message)
        emitter.to_users(receivers, events.NEW_MESSAGE, view, skip=from_socket, own=[message.sender_id])


def announce_change(conversation: Conversation, message: Message) -> None:
    """Show an edit, a deletion or a reaction on the members' devices."""
    announced.add(_state(message))
    _announce_to_members(conversation, events.MESSAGE_UPDATED, message)


def is_unseen(message: Message) -> bool:
    """Whether members may know nothing of this state of a message.

    The process that stored it may have died before it announced it, or may not know that it was stored: the database's
    answer was lost. If something came after it in the conversation, clients have noticed the gap.
    """
    return _state(message) not in announced and not store.messages.changes_since(message.conversation, message.rev, 1)


def search(me: User, query: schemas.Search) -> list[answers.Message]:
    """The newest messages of my conversations that contain all words of a query.

    Raises `BadRequestError`, `RateLimitedError` or `SearchTooLongError`.
    """
    words = folding.words(query.q)
    if not words:
        raise BadRequestError("q is missing: what to search for")
    limits.hit("searches", me.id)
    conversation_id: str | None = query.with_id
    if query.with_id and store.conversations.find(query.with_id) is None:
        conversation_id = direct(me.id, query.with_id).id
    with slots.take("searches", me.id):
        found = store.messages.search(me.id, words, conversation_id, query.limit)
    return seeing.messages(me, [*found])


def _append(draft: Draft) -> Appended:
    """Store a message, which this process then announces; if it isn't stored, its image isn't either."""
    announced.add(draft.id)
    try:
        appended = store.messages.append(draft)
    except ChatError:
        announced.discard(draft.id)
        _remove_image(draft)
        raise
    if not appended.new:
        _remove_image(draft)
    return appended


def _remove_image(draft: Draft) -> None:
    if draft.image:
        images.remove(draft.image)


def _repeated(me: User, conversation: Conversation, sent: Message, fingerprint: str) -> Sent:
    """The answer to a repeated send, which is announced again if need be. Clients know a message by its id and ``rev``."""
    if sent.fingerprint != fingerprint:
        raise ClientIdReusedError
    if is_unseen(sent):
        announced.add(_state(sent))
        announce(conversation, sent)
    return Sent(seeing.message(me, sent), new=False)


def _check_sendable(conversation: Conversation, text: str | None, body: schemas.NewMessage) -> None:
    if text is None and not body.image:
        raise BadRequestError("a message needs a text or an image")
    if body.reply_to:
        original = store.messages.find(body.reply_to)
        if not isinstance(original, Message) or original.conversation != conversation.id:
            raise BadRequestError("replyTo is not a message of this conversation")


def _state(message: Message) -> str:
    """A name for this state of a message."""
    return message.id if message.rev == message.seq else f"{message.id}:{message.rev}"


def _newest(page: Page, most: int) -> Page:
    """The newest messages of a page that fit into so many bytes of text, and at least one."""
    size = 0
    for index in range(len(page.messages) - 1, -1, -1):
        size += len((page.messages[index].text or "").encode())
        if size > most and index < len(page.messages) - 1:
            first = page.messages[index + 1]
            place = first.seq if isinstance(first, Message) else (page.older or 1) + index + 1
            return Page(page.messages[index + 1 :], place)
    return page


def _fingerprint(conversation: Conversation, text: str | None, body: schemas.NewMessage) -> str:
    """What tells a repeated send from a different one under the same ``client_id``.

    It is stored, and compared after an upgrade too: the text that is hashed must never change.
    """
    sent = json.dumps([conversation.id, text, body.image, body.reply_to])
    hashed = threads.run(hashlib.sha256, sent.encode()) if body.image else hashlib.sha256(sent.encode())
    return hashed.hexdigest()[:32]


def _announce_to_members(
    conversation: Conversation,
    event: ServerEvent[answers.Message],
    message: Message,
    from_socket: str | None = None,
) -> None:
    for members, view in seeing.by_members(conversation, message):
        emitter.to_users(members, event, view, skip=from_socket)
