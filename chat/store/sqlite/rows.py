"""How the models become rows and back. A column is named as the field of the model; times are whole milliseconds."""

import json
from collections.abc import Mapping
from typing import Any

from chat.models.audit import Entry
from chat.models.conversation import Conversation, Direct, Room
from chat.models.link import Link
from chat.models.mail import Mail
from chat.models.message import Message
from chat.models.report import Report
from chat.models.user import Session, User

USER = tuple(name for name in User.__struct_fields__ if name not in ("sessions", "blocked"))
SESSION = Session.__struct_fields__
CONVERSATION = tuple(name for name in Room.__struct_fields__ if name not in ("members", "cursors", "co_owners"))
ROOM = ("name", "public", "owner_id", "topic", "members_invite", "message_ttl_days")  # what direct conversations lack
MESSAGE = Message.__struct_fields__
ENTRY = Entry.__struct_fields__
LINK = Link.__struct_fields__
MAIL = Mail.__struct_fields__
REPORT = Report.__struct_fields__


def columns(names: tuple[str, ...], table: str = "") -> str:
    """The columns of a query, for example ``id, email``."""
    return ", ".join(f"{table}{name}" for name in names)


def insert(table: str, names: tuple[str, ...]) -> str:
    """The statement that inserts a row."""
    return f"INSERT INTO {table} ({columns(names)}) VALUES ({', '.join('?' * len(names))})"


def row(model: object, names: tuple[str, ...]) -> list[Any]:
    """The values of a model's fields, as SQLite stores them."""
    values = (getattr(model, name) for name in names)
    return [json.dumps(value) if isinstance(value, Mapping) else value for value in values]


def conversation_row(conversation: Conversation) -> list[Any]:
    """The values of `CONVERSATION`. A direct conversation has no name and no owner, and is not public."""
    absent = {"public": False, "topic": "", "members_invite": False, "message_ttl_days": 0}
    return [getattr(conversation, name, absent.get(name)) for name in CONVERSATION]


def user(row: Any, sessions: tuple[Session, ...] = (), blocked: frozenset[str] = frozenset()) -> User:
    """A row of the columns `USER`."""
    fields = dict(zip(USER, row, strict=True))
    for flag in ("admin", "verified"):
        fields[flag] = bool(fields[flag])
    return User(**fields, sessions=sessions, blocked=blocked)


def session(row: Any) -> Session:
    """A row of the columns `SESSION`."""
    return Session(**dict(zip(SESSION, row, strict=True)))


def conversation(row: Any, cursors: dict[str, int], co_owners: tuple[str, ...]) -> Conversation:
    """A row of the columns `CONVERSATION`, the members with their read cursors, and the owners beside the first."""
    fields = {**dict(zip(CONVERSATION, row, strict=True)), "members": tuple(cursors), "cursors": cursors}
    of_room = {name: fields.pop(name) for name in ROOM}
    if of_room["owner_id"] is None:
        return Direct(**fields)
    for flag in ("public", "members_invite"):
        of_room[flag] = bool(of_room[flag])
    return Room(**fields, **of_room, co_owners=co_owners)


def link(row: Any) -> Link:
    """A row of the columns `LINK`."""
    return Link(**dict(zip(LINK, row, strict=True)))


def report(row: Any) -> Report:
    """A row of the columns `REPORT`."""
    return Report(**dict(zip(REPORT, row, strict=True)))


def mail(row: Any) -> Mail:
    """A row of the columns `MAIL`."""
    return Mail(**dict(zip(MAIL, row, strict=True)))


def message(row: Any) -> Message:
    """A row of the columns `MESSAGE`."""
    fields = dict(zip(MESSAGE, row, strict=True))
    fields["reactions"] = {} if fields["reactions"] == "{}" else json.loads(fields["reactions"])
    return Message(**fields)
