"""Every Socket.IO event, in one table: the handlers, the emitter's types and `docs/events.md` all come from here."""

from dataclasses import dataclass
from typing import Literal

import msgspec

from chat import answers, schemas

ServerEventName = Literal[
    "getOnlineUsers",
    "presence",
    "newMessage",
    "new_message",
    "messageUpdated",
    "typing",
    "read",
    "joined",
    "roomUpdated",
    "sessionRevoked",
]


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """What the server tells: the type of the payload, and when and whom it tells."""

    payload: object
    when: str


@dataclass(frozen=True, slots=True)
class ClientEvent:
    """What a client may ask: the type of the payload, what it does, and what the acknowledgement has beside ``ok``."""

    payload: type[msgspec.Struct]
    does: str
    answer: str


FROM_SERVER: dict[ServerEventName, ServerEvent] = {
    "getOnlineUsers": ServerEvent(
        list[str],
        "The ids of everybody online: at once to a socket that connects, and to all when that changes, at most ten times"
        ' a second. Not to clients with `auth: {presence: "diff"}` after their first.',
    ),
    "presence": ServerEvent(
        answers.PresenceChange, 'Who came and who went, to clients that connected with `auth: {presence: "diff"}`.'
    ),
    "newMessage": ServerEvent(
        answers.Message,
        "A message between two people: to every socket of the receiver and of the sender, but the one it came from.",
    ),
    "new_message": ServerEvent(
        answers.Message, "A message in a room: to every socket of its members, but the one it came from."
    ),
    "messageUpdated": ServerEvent(
        answers.Message, "An edit, a deletion or a reaction: to every socket of the conversation's members."
    ),
    "typing": ServerEvent(
        answers.Typing, "Somebody is typing: to the others of the conversation. Show it for 4 seconds."
    ),
    "read": ServerEvent(
        answers.Receipt,
        "A read cursor moved: to the other side, and to the reader's other devices. In a room of over 50 members to the"
        " reader's alone.",
    ),
    "joined": ServerEvent(schemas.RoomId, "You are in the room: to the socket that asked by `join_room`."),
    "roomUpdated": ServerEvent(
        answers.RoomChange,
        "A room is new, renamed, gone, or has other members: to its members, and to one who was removed.",
    ),
    "sessionRevoked": ServerEvent(answers.Nothing, "This login has ended; the socket is closed right after."),
}

FROM_CLIENT: dict[str, ClientEvent] = {
    "send_message": ClientEvent(
        schemas.Send, "Send a message to a user (`to`) or in a `room`. The same as over HTTP.", "`message`"
    ),
    "join_room": ClientEvent(schemas.RoomId, "Become a member of a public room. Emits `joined` too.", "`room`"),
    "leave_room": ClientEvent(schemas.RoomId, "Leave a room.", "`room`"),
    "typing": ClientEvent(schemas.To, "Show the others that you are typing; once in 2 seconds is enough.", ""),
    "read": ClientEvent(
        schemas.Read, "Move your read cursor, never backwards.", "`conversation`, `seq` (where it is now), `unread`"
    ),
    "sync": ClientEvent(
        schemas.Sync,
        "All that is new or changed since the `rev` that you have of each conversation, others from their beginning.",
        "`conversations`: `[{id, messages, upTo, more}]`; where there is `more`, ask again from `upTo`",
    ),
}
