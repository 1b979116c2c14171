"""A whole account: taking one's data along, and leaving for good."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from itertools import chain

import msgspec

from chat import answers, schemas
from chat.controllers import auth, changes, messages, rooms, sessions, views
from chat.controllers.auth import Login
from chat.current import bus, images, limits, slots, store
from chat.lib import logs
from chat.lib.archive import File
from chat.lib.threads import in_slices
from chat.models.conversation import Conversation, Room
from chat.models.message import Message
from chat.models.user import User
from chat.realtime.bus import ProfileChanged

PAGE = 100  # messages that are in memory, and erased in one write


def export(login: Login) -> Iterator[File]:
    """The files of everything that is mine, or that I can see. Raises `RateLimitedError`.

    ``profile.json``, ``sessions.ndjson``, ``conversations.ndjson``, ``messages.ndjson`` (the newest first in each
    conversation) and ``images/``; images that can't be loaded are named in ``missing-images.txt``.
    """
    limits.hit("exports", login.user.id)
    logs.security("exported", login.user.id)
    files = _one_at_a_time(login, slots.take("exports", login.user.id))
    return chain([next(files)], files)  # begun here, so that a refusal is an answer


def delete(me: User, body: schemas.Password) -> None:
    """Delete my account: my messages become tombstones, my images and reactions go, others own my rooms, my sessions end.

    If it is interrupted, doing it again does the rest. Raises `InvalidCredentialsError` or `RateLimitedError`.
    """
    auth.verify_password(me, body.password)
    erase(me)
    logs.security("account_deleted", me.id)


def erase(me: User) -> None:
    """Erase a user, as `delete` says."""
    _erase_messages(me)
    for conversation in store.conversations.of_member(me.id):
        if isinstance(conversation, Room):
            rooms.take_out(me, conversation, me.id)
    removed = store.users.remove(me.id) or me
    _erase_messages(me)  # what another device sent in the meantime
    changes.erase_reactions(me)
    if removed.profile_pic:
        images.remove(removed.profile_pic)
    bus.publish(ProfileChanged(me.id, "", "", deleted=True))
    sessions.announce_end(me.id, [session.id for session in removed.sessions])


def files_of(me: User, session_id: str = "") -> Iterator[File]:
    """The files of an export, as `export` says; ``session_id`` is the session that asks."""
    mine = store.conversations.of_member(me.id, unnumbered=True)
    pictures = {me.profile_pic}
    profile = msgspec.to_builtins(views.user(me)) | {"blocked": sorted(me.blocked)}
    yield "profile.json", [msgspec.json.encode(profile)]
    yield "sessions.ndjson", _lines(sessions.index(me, session_id))
    yield "conversations.ndjson", _lines(_about(conversation) for conversation in mine)
    yield (
        "messages.ndjson",
        in_slices(chain.from_iterable(_messages(me, session_id, conversation, pictures) for conversation in mine)),
    )
    missing = []
    for url in sorted(filter(None, pictures)):
        if content := images.load(url):
            yield f"images/{url.rpartition('/')[2]}", [content]
        else:
            missing.append(url)
    if missing:
        yield "missing-images.txt", ["\n".join(missing).encode()]


def _one_at_a_time(login: Login, slot: AbstractContextManager[None]) -> Iterator[File]:
    with slot:
        yield from files_of(login.user, login.session_id)


def _messages(me: User, session_id: str, conversation: Conversation, pictures: set[str]) -> Iterator[bytes]:
    """A conversation, one message per line; the addresses of its images are added to ``pictures``."""
    query = schemas.Page(limit=PAGE)
    while True:
        if session_id:
            auth.load_session_user(me.id, session_id)  # it may have ended since the last page
        page = messages.page(me, conversation, query)
        pictures.update(message.image for message in page.messages if isinstance(message.image, str))
        yield from _lines(reversed(page.messages))
        if page.older is None:
            return
        query = schemas.Page(limit=PAGE, before=page.older)


def _about(conversation: Conversation) -> answers.Room | dict[str, object]:
    if isinstance(conversation, Room):
        return views.room(conversation)
    return {"_id": conversation.id, "members": conversation.members}


def _lines(entries: Iterable[object]) -> Iterator[bytes]:
    return (msgspec.json.encode(entry) + b"\n" for entry in entries)


def _erase_messages(me: User) -> None:
    """Leave tombstones in the place of all my messages; notices about me belong to their room, and have no names."""
    for image in store.messages.erase_unnumbered(me.id):
        images.remove(image)
    after = ""
    while page := store.messages.of_sender(me.id, after, PAGE):
        mine = [message for message in page if isinstance(message, Message)]
        changes.erase([message for message in mine if not message.deleted_at and not message.system])
        after = page[-1].id
