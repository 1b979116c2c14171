"""A whole account: taking one's data along, and leaving for good."""

from collections.abc import Iterable, Iterator
from itertools import chain

import msgspec

from chat import answers, schemas
from chat.controllers import auth, changes, messages, rooms, sessions, views
from chat.controllers.auth import Login
from chat.current import images, limits, store
from chat.errors import NotMigratedError
from chat.lib import logs
from chat.lib.archive import File
from chat.models.conversation import Conversation, Room
from chat.models.message import LegacyMessage
from chat.models.user import User

PAGE = 500  # messages that are in memory at once


def export(login: Login) -> Iterator[File]:
    """The files of everything that is mine, or that I can see. Raises `RateLimitedError`.

    ``profile.json``, ``sessions.ndjson``, ``conversations.ndjson``, ``messages.ndjson`` (the newest first in each
    conversation) and ``images/``; images that can't be loaded are named in ``missing-images.txt``.
    """
    limits.hit("exports", login.user.id)
    logs.security("exported", login.user.id)
    return files_of(login.user, login.session_id)


def delete(me: User, body: schemas.Password) -> None:
    """Delete my account: my messages become tombstones, my images go, others own my rooms, all my sessions end.

    If it is interrupted, doing it again does the rest. Raises `InvalidCredentialsError`, `RateLimitedError`, or
    `NotMigratedError`, which has changed nothing.
    """
    auth.verify_password(me, body.password)
    erase(me)
    logs.security("account_deleted", me.id)


def erase(me: User) -> None:
    """Erase a user, as `delete` says. Raises `NotMigratedError`, which has changed nothing."""
    _erase_messages(me)
    for conversation in store.conversations.of_member(me.id):
        if isinstance(conversation, Room):
            rooms.take_out(me, conversation, me.id)
    removed = store.users.remove(me.id) or me
    _erase_messages(me)  # what another device sent in the meantime
    if removed.profile_pic:
        images.remove(removed.profile_pic)
    sessions.announce_end(me.id, [session.id for session in removed.sessions])


def files_of(me: User, session_id: str = "") -> Iterator[File]:
    """The files of an export, as `export` says; ``session_id`` is the session that asks."""
    mine = store.conversations.of_member(me.id)
    pictures = {me.profile_pic}
    profile = msgspec.to_builtins(views.user(me)) | {"blocked": sorted(me.blocked)}
    yield "profile.json", [msgspec.json.encode(profile)]
    yield "sessions.ndjson", _lines(sessions.index(me, session_id))
    yield "conversations.ndjson", _lines(_about(conversation) for conversation in mine)
    yield "messages.ndjson", chain.from_iterable(_messages(me, conversation, pictures) for conversation in mine)
    missing = []
    for url in sorted(filter(None, pictures)):
        if content := images.load(url):
            yield f"images/{url.rpartition('/')[2]}", [content]
        else:
            missing.append(url)
    if missing:
        yield "missing-images.txt", ["\n".join(missing).encode()]


def _messages(me: User, conversation: Conversation, pictures: set[str]) -> Iterator[bytes]:
    """A conversation, one message per line; the addresses of its images are added to ``pictures``."""
    query = schemas.Page(limit=PAGE)
    while True:
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
    """Leave tombstones in the place of all my messages; notices about me belong to their room."""
    after = ""
    while page := store.messages.of_sender(me.id, after, PAGE):
        for message in page:
            if isinstance(message, LegacyMessage):
                raise NotMigratedError(
                    "your oldest messages have no numbers yet: ask the server's owner to run `flask migrate`"
                )
            if not message.deleted_at and not message.system:
                changes.erase(message)
        after = page[-1].id
