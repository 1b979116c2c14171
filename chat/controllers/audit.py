"""The audit log: everything that an admin does goes through `recorded`."""

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
from msgspec.structs import replace

from chat import answers, schemas
from chat.answers import AuditAction
from chat.controllers import views
from chat.current import store
from chat.lib import logs
from chat.models.audit import Actor, Entry
from chat.models.user import User
from chat.models.values import new_id, now

PAGE = 500  # entries that are in memory at once


def acting(me: User) -> Actor:
    """An admin as the log names them."""
    return Actor(me.id, me.full_name)


@contextmanager
def recorded(
    actor: Actor,
    action: AuditAction,
    *,
    user_id: str | None = None,
    room_id: str | None = None,
    message_id: str | None = None,
    reason: str = "",
    details: str = "",
) -> Iterator[None]:
    """Do something as an admin. It is in the log before it happens; if it then fails, a second entry says why."""
    entry = Entry(
        actor_id=actor.user_id,
        actor=actor.name,
        action=action,
        user_id=user_id,
        room_id=room_id,
        message_id=message_id,
        reason=reason.strip(),
        details=details,
    )
    store.audit.add(entry)
    logs.security(f"admin_{action}", user_id, by=actor.user_id or actor.name, room=room_id, message=message_id)
    try:
        yield
    except Exception as error:
        store.audit.add(replace(entry, id=new_id(), at=now(), failed=str(error) or type(error).__name__))
        raise


def page(query: schemas.LogPage) -> answers.AuditLog:
    """A page of the log, the newest entry first."""
    found = store.audit.page(query.before, query.limit + 1)
    entries = found[: query.limit]
    older = entries[-1].id if len(found) > query.limit else None
    return answers.AuditLog(entries=[views.audit_entry(entry) for entry in entries], older=older)


def export(actor: Actor) -> Iterator[bytes]:
    """The whole log, the newest entry first, one JSON object on each line."""
    with recorded(actor, "log_exported"):
        return _lines()


def _lines() -> Iterator[bytes]:
    before = None
    while found := store.audit.page(before, PAGE):
        for entry in found:
            yield msgspec.json.encode(views.audit_entry(entry)) + b"\n"
        before = found[-1].id
