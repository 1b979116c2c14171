"""A whole account: taking one's data along, and going for good."""

from collections.abc import Iterable, Iterator
from itertools import chain

import orjson

from chat.controllers import auth, messages, rooms, sessions
from chat.errors import Conflict
from chat.lib import logs
from chat.lib.archive import File
from chat.lib.cluster import cluster
from chat.lib.images import images
from chat.lib.limits import limits
from chat.models.conversation import Conversation
from chat.models.user import User
from chat.store import store

PAGE = 500  # messages that are in memory at once


def export(me: User, current_id: str) -> Iterator[File]:
    """The files of everything that is mine, or that I can see because it was said to me. Raises `TooManyRequests`.

    ``profile.json``, ``sessions.ndjson``, ``conversations.ndjson``, ``messages.ndjson`` (the newest first in each
    conversation) and ``images/``; the images that could not be had are named in ``missing-images.txt``.
    """
    limits.take("exports", me.id)
    logs.security("exported", me.id)
    return _files(me, current_id)


def delete(me: User, password: str) -> None:
    """Remove my account: my messages become tombstones, my images go, others own my rooms, all my logins end.

    Where it breaks off half-way, doing it again does the rest. Raises `BadRequest` (``invalid_credentials``),
    `TooManyRequests`, or `Conflict` (``not_migrated``), which has changed nothing.
    """
    auth.confirm(me, password)
    _take_back_everything(me)
    for conversation in store.conversations_of(me.id):
        if conversation.is_room:
            rooms.remove(me, conversation.id, me.id)
    store.remove_user(me.id)
    _take_back_everything(me)  # what another device sent in the meantime
    if me.profile_pic:
        images.remove(me.profile_pic)
    for session in me.sessions:
        cluster.tell("session ended", session.id)
    logs.security("account_deleted", me.id)


def _files(me: User, current_id: str) -> Iterator[File]:
    mine = store.conversations_of(me.id)
    pictures = dict.fromkeys([me.profile_pic])
    yield "profile.json", [orjson.dumps(me.public() | {"blocked": sorted(me.blocked)})]
    yield "sessions.ndjson", _lines(sessions.index(me, current_id))
    yield "conversations.ndjson", _lines(_about(conversation) for conversation in mine)
    yield "messages.ndjson", chain.from_iterable(_messages(me, conversation, pictures) for conversation in mine)
    missing = []
    for url in filter(None, pictures):
        if content := images.load(url):
            yield f"images/{url.rpartition('/')[2]}", [content]
        else:
            missing.append(url)
    if missing:
        yield "missing-images.txt", ["\n".join(missing).encode()]


def _messages(me: User, conversation: Conversation, pictures: dict[str, None]) -> Iterator[bytes]:
    """A conversation, a message a line; the addresses of its images are added to ``pictures``."""
    before: int | None = None
    while before != 0:
        page, before = messages.page(me, conversation, before, PAGE)
        pictures.update(dict.fromkeys(message["image"] for message in page if "image" in message))
        yield from _lines(reversed(page))


def _about(conversation: Conversation) -> dict[str, object]:
    return conversation.room() if conversation.is_room else {"_id": conversation.id, "members": conversation.members}


def _lines(entries: Iterable[object]) -> Iterator[bytes]:
    return (orjson.dumps(entry, option=orjson.OPT_APPEND_NEWLINE) for entry in entries)


def _take_back_everything(me: User) -> None:
    """Leave tombstones in the place of all that I have said; what a room said of me is the room's."""
    after = ""
    while page := store.messages_of(me.id, after, PAGE):
        for message in page:
            if message.conversation is None:
                raise Conflict("your oldest messages have no numbers yet: ask the server's owner to run `flask migrate`",
                               "not_migrated")  # fmt: skip
            if not message.deleted_at and not message.system:
                messages.take_back(message)
        after = page[-1].id
