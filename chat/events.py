"""The Socket.IO events that the server sends, each with the type of its payload; `docs/events.md` comes from here too.

The events that clients send are declared where they are handled: in `chat.sockets`.
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

from chat import answers

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ServerEvent(Generic[T]):
    """One event: its name, the type of its payload, and when and to whom it is sent."""

    name: str
    payload: type[T]
    when: str


ONLINE_USERS = ServerEvent(
    "getOnlineUsers",
    list[str],
    "The ids of all users who are online: at once to a socket that connects, and to all sockets when the set changes, at"
    " most ten times a second. Users who block the receiver, or whom the receiver blocks, are left out. Clients with"
    ' `auth: {presence: "diff"}` get only the first one.',
)
PRESENCE = ServerEvent(
    "presence",
    answers.PresenceChange,
    'Who came online and who went offline, to clients that connected with `auth: {presence: "diff"}`.',
)
NEW_MESSAGE = ServerEvent(
    "newMessage",
    answers.Message,
    "A direct message: to every socket of the receiver, and to those sockets of the sender that did not send"
    " `query.userId`, except the one that it came from.",
)
NEW_ROOM_MESSAGE = ServerEvent(
    "new_message",
    answers.Message,
    "A message in a room: to every socket of its members, except the one that it came from.",
)
MESSAGE_UPDATED = ServerEvent(
    "messageUpdated",
    answers.Message,
    "An edit, a deletion or a reaction: to every socket of the conversation's members. Each gets it without the reactions"
    " of users who block that member or whom that member blocks.",
)
TYPING = ServerEvent(
    "typing",
    answers.Typing,
    "A user is typing: to the other members of the conversation, unless one of the two blocks the other. Show it for 4"
    " seconds.",
)
READ = ServerEvent(
    "read",
    answers.Receipt,
    "A read cursor moved: to the members of the conversation, except the socket that moved it, and except those who block"
    " the reader or whom the reader blocks. In a room of over 50 members, only to the reader's own devices.",
)
JOINED = ServerEvent("joined", answers.Joined, "You are in the room: to the socket that sent `join_room`.")
ROOM_UPDATED = ServerEvent(
    "roomUpdated",
    answers.RoomChange,
    "A room was created, changed or deleted, or its members or owners changed: to its members, and to a member who was"
    " removed.",
)
LISTS_CHANGED = ServerEvent(
    "listsChanged",
    answers.ListChanges,
    "Users changed their names or pictures or deleted their accounts, or public rooms were created, renamed or deleted, or"
    " are no longer public: to every socket, at most once a second. Users who block the receiver, or whom the receiver"
    " blocks, are left out, and so are the rooms that they own. Load a room that is new to you from `GET /api/rooms/<id>`.",
)
SESSION_REVOKED = ServerEvent("sessionRevoked", answers.Nothing, "This login has ended; the socket is closed next.")

SERVER_EVENTS = {event.name: event for event in list(globals().values()) if isinstance(event, ServerEvent)}
