"""Retention: messages that are older than ``MESSAGE_TTL_DAYS``, or than their room's own time, lose their content."""

from collections.abc import Iterator

from chat.controllers import changes
from chat.current import config, store
from chat.models.link import DAY
from chat.models.values import now

PAGE = 200  # messages that are in memory at once


def purge(days: int | None = None) -> Iterator[int]:
    """Leave a tombstone in the place of each message that is older than so many days; how many, page by page.

    By default it is the server's setting; 0 is never. The same for messages that are older than their room lets them be.
    Safe to stop, to run again, and while the server runs. Messages of the Express backend that have no number yet stay
    until `flask migrate` has run.
    """
    days = config.message_ttl_days if days is None else days
    before, after = now() - days * DAY, ""
    while days and (page := store.messages.older_than(before, after, PAGE)):
        changes.erase(page, by="retention")
        yield len(page)
        after = page[-1].id
    for room in store.conversations.rooms_with_ttl():
        before, seq = now() - room.message_ttl_days * DAY, 0
        while page := store.messages.older_in_room(room.id, before, seq, PAGE):
            changes.erase(page, by="retention")
            yield len(page)
            seq = page[-1].seq
