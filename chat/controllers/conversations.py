"""Conversations of both kinds: who can see one, lists of them, read cursors, typing, catching up."""

from collections.abc import Mapping

from chat import answers, events, schemas
from chat.controllers import seeing, views
from chat.current import emitter, limits, slots, store
from chat.errors import NotFoundError
from chat.lib.threads import in_slices
from chat.models.conversation import Conversation, Direct, Summary, direct, direct_from_id
from chat.models.message import Message
from chat.models.user import User, deleted_user, normal_email
from chat.models.values import is_id

SYNC_PAGE = 500  # messages of one conversation in one answer
SYNC_TOTAL = 2000  # messages in one answer
SYNC_BYTES = 2**20  # of their texts
RECEIPT_MEMBERS = 50  # above this a room's members don't see how far each other has read: that would be n² events


def find(me: User, conversation_id: str) -> Conversation:
    """The conversation with that id. Raises `NotFoundError` if it doesn't exist or I am not in it."""
    conversation = find_mine(me, conversation_id)
    if conversation is None:
        raise NotFoundError("no such conversation")
    return conversation


def find_mine(me: User, conversation_id: str) -> Conversation | None:
    """The conversation with that id, if I am in it. A direct one need not have begun."""
    conversation: Conversation | None = direct_from_id(conversation_id)
    if conversation is None and is_id(conversation_id):
        conversation = store.conversations.find(conversation_id)
    return conversation if conversation and me.id in conversation.members else None


def sidebar(me: User, *, begun_only: bool = False, deleted: bool = True) -> list[answers.SidebarEntry]:
    """All other users, and how our conversation stands: the newest conversation first, then by name.

    ``begun_only`` leaves out users with whom I have no conversation yet. Users who have deleted their accounts are in it if
    we have a conversation, which stays mine to read, unless ``deleted`` is false.
    """
    begun = {found.id: found for found in store.conversations.of_member(me.id) if isinstance(found, Direct)}
    summaries = store.conversations.summarize(me.id, list(begun.values()))

    def entry(other: User) -> tuple[User, Conversation, Summary]:
        conversation = direct(me.id, other.id)
        return other, begun.get(conversation.id, conversation), summaries.get(conversation.id, Summary())

    def newest_first(entry: tuple[User, Conversation, Summary]) -> tuple[int, str]:
        other, _, summary = entry
        return -last_time(summary), other.full_name.casefold()

    users = {user.id: user for user in in_slices(store.users.all())}
    others = [user for user in users.values() if user.id != me.id]
    if deleted:
        partners = [(conversation.other(me.id), conversation.created_at) for conversation in begun.values()]
        others += [deleted_user(id, since) for id, since in partners if id not in users]
    if begun_only:
        others = [other for other in in_slices(others) if direct(me.id, other.id).id in begun]
    entries = [(newest_first(found), found) for found in in_slices(map(entry, others))]
    entries.sort(key=lambda one: one[0])
    seen_by = seeing.viewer(me, [summary.last_message for summary in summaries.values()])
    return [views.sidebar_entry(seen_by, *found) for _, found in in_slices(entries)]


def with_email(me: User, email: str) -> list[answers.SidebarEntry]:
    """The other user with exactly that email, if there is one, as in `sidebar`. Raises `RateLimitedError`."""
    limits.hit("searches", me.id)
    other = store.users.find_by_email(normal_email(email))
    if other is None or other.id == me.id:
        return []
    conversation = direct(me.id, other.id)
    known = store.conversations.find(conversation.id)
    summaries = store.conversations.summarize(me.id, [known]) if known else {}
    summary = summaries.get(conversation.id, Summary())
    seen_by = seeing.viewer(me, [summary.last_message])
    return [views.sidebar_entry(seen_by, other, known or conversation, summary)]


def last_time(summary: Summary) -> int:
    """When the last message was sent; 0 if there is none."""
    return summary.last_message.created_at if summary.last_message else 0


def read(me: User, body: schemas.Read, from_socket: str | None = None) -> answers.ReadAnswer:
    """Move my read cursor, and tell my other devices and the other members who may see it. Raises `NotFoundError`."""
    limits.hit("writes", me.id)
    conversation = find(me, body.conversation)
    cursor = store.conversations.move_cursor(conversation.id, me.id, body.seq)
    if cursor.moved:
        few = len(conversation.members) <= RECEIPT_MEMBERS
        shown_to = set(conversation.members) - seeing.hidden_from(me) if few else {me.id}
        receipt = answers.Receipt(conversation=conversation.id, user_id=me.id, seq=cursor.seq)
        emitter.to_users(shown_to, events.READ, receipt, skip=from_socket)
    unread = store.conversations.count_unread(conversation.id, me.id)
    return answers.ReadAnswer(conversation=conversation.id, seq=cursor.seq, unread=unread)


def typing(me: User, body: schemas.TypingTarget) -> None:
    """Show the other members who may see it that I am typing. Nothing is stored. Raises `NotFoundError`."""
    conversation = direct(me.id, body.to) if body.to else find(me, body.room or "")
    shown_to = set(conversation.members) - seeing.hidden_from(me) - {me.id}
    emitter.to_users(shown_to, events.TYPING, answers.Typing(conversation=conversation.id, user_id=me.id))


def sync(me: User, body: schemas.Sync) -> answers.SyncAnswer:
    """Everything that is new or changed since the cursors that the client has, for each conversation of mine.

    Only conversations with changes are in the answer; those that the client did not name come from their beginning. If one
    has ``more``, ask again from its ``upTo``.
    """
    limits.hit("writes", me.id)  # it changes nothing, but is as much work
    with slots.take("pages", me.id):
        return _sync(me, body.cursors)


def _sync(me: User, cursors: Mapping[str, int]) -> answers.SyncAnswer:
    found: list[answers.Changes] = []
    left, left_bytes = SYNC_TOTAL, SYNC_BYTES
    for conversation in in_slices(store.conversations.of_member(me.id)):
        since = cursors.get(conversation.id, 0)
        changed = store.messages.changes_since(conversation.id, since, min(SYNC_PAGE, left) + 1)
        if not changed:
            continue
        shown: list[Message] = []
        for message in changed[: min(SYNC_PAGE, left)]:
            left_bytes -= len((message.text or "").encode())
            if left_bytes < 0 and (shown or found):
                break
            shown.append(message)
        more = len(changed) > len(shown)
        messages = seeing.messages(me, [*shown])
        up_to = shown[-1].rev if shown else since
        found.append(answers.Changes(id=conversation.id, messages=messages, up_to=up_to, more=more))
        left -= len(shown)
        if more and (not left or left_bytes < 0):
            break  # the client asks again, and gets the others then
    return answers.SyncAnswer(conversations=found)
