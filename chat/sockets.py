"""Socket.IO: each event is a payload, one call, an acknowledgement."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from inspect import get_annotations
from typing import Any, TypeVar

import msgspec
from flask import request
from flask_socketio import ConnectionRefusedError

from chat import answers, events, schemas
from chat.controllers import auth, conversations, messages, rooms, seeing
from chat.current import config, connections, emitter, limits, metrics, presence, store
from chat.errors import ChatError, WrongUserError
from chat.middleware import binding
from chat.middleware.auth import COOKIE
from chat.middleware.failures import refusal, unexpected
from chat.models.user import User
from chat.models.values import is_id, now
from chat.realtime.connections import Connection
from chat.realtime.server import socketio

Handler = Callable[..., answers.Answer]
H = TypeVar("H", bound=Handler)


@dataclass(frozen=True, slots=True)
class ClientEvent:
    """An event that clients send: the types of its payload and acknowledgement, and what it does."""

    payload: type[msgspec.Struct]
    answer: type[answers.Answer]
    does: str


CLIENT_EVENTS: dict[str, ClientEvent] = {}


def event(name: str) -> Callable[[H], H]:
    """Handle an event of clients: its payload checked, its sender loaded again, its outcome acknowledged.

    The acknowledgement is ``{"ok": true, …}`` with the fields of what the handler returns, or ``{"ok": false, …}`` with
    those of the failure. The socket stays open in either case.
    """

    def bind(handler: H) -> H:
        hints = get_annotations(handler)
        CLIENT_EVENTS[name] = ClientEvent(hints["body"], hints["return"], handler.__doc__ or "")

        @socketio.on(name)
        @wraps(handler)
        def handle(data: Any = None, *_: Any) -> dict[str, Any]:
            metrics.count_event(name)
            try:
                connection = _connection()
                limits.hit("events", connection.user_id)
                me = auth.load_session_user(connection.user_id, connection.session_id)
                answer = handler(me, binding.payload(hints["body"], data))
            except ChatError as error:
                return _refused(error)
            except Exception as error:  # a bug; the socket stays open
                return _refused(unexpected(error))
            return {"ok": True, **msgspec.to_builtins(answer)}

        return handler

    return bind


@socketio.on("connect")
def connect(credentials: Any = None) -> None:
    """Let a socket in, or refuse it with the failure as its data."""
    given = credentials if isinstance(credentials, dict) else {}
    try:
        me, connection = _authenticate(given)
        limits.hit("connects", me.id)
        online = presence.connect(connection, seeing.hidden_from(me))
        if connection.session_id is not None:  # it may have ended while the socket was let in
            auth.load_session_user(me.id, connection.session_id)
    except ChatError as error:
        presence.disconnect(_socket_id())
        if error.status == HTTPStatus.SERVICE_UNAVAILABLE:
            socketio.server.hang_up(_socket_id())  # so that it tries again: a client that is refused never does
        raise ConnectionRefusedError(error.message, msgspec.to_builtins(refusal(error))) from None
    emitter.to_socket(connection.socket_id, events.ONLINE_USERS, online)


@socketio.on("disconnect")
def disconnect(reason: str) -> None:
    """Forget a socket; a user's last one is when they were last seen."""
    if user_id := presence.disconnect(_socket_id()):
        store.users.set_last_seen(user_id, now())


@event("send_message")
def send_message(me: User, body: schemas.Send) -> answers.MessageAnswer:
    """Send a message to a user (`to`) or a `room`. The same as over HTTP."""
    if body.to:
        return answers.MessageAnswer(message=messages.send(me, body.to, body, _socket_id()).message)
    return answers.MessageAnswer(message=rooms.send(me, body.room or "", body, _socket_id()).message)


@event("join_room")
def join_room(me: User, body: schemas.RoomId) -> answers.RoomAnswer:
    """Join a public room. Also emits `joined`."""
    room = rooms.join(me, body.room)
    emitter.to_socket(_socket_id(), events.JOINED, answers.Joined(room=room.id))
    return answers.RoomAnswer(room=room)


@event("leave_room")
def leave_room(me: User, body: schemas.RoomId) -> answers.RoomAnswer:
    """Leave a room."""
    return answers.RoomAnswer(room=rooms.remove(me, body.room, me.id))


@event("typing")
def typing(me: User, body: schemas.TypingTarget) -> answers.Nothing:
    """Show the other members that you are typing; once in 2 seconds is enough."""
    conversations.typing(me, body)
    return answers.Nothing()


@event("stopTyping")
def stop_typing(me: User, body: schemas.TypingTarget) -> answers.Nothing:
    """Accepted for older clients; typing ends by itself after 4 seconds."""
    return answers.Nothing()


@event("read")
def read(me: User, body: schemas.Read) -> answers.ReadAnswer:
    """Move your read cursor, never backwards."""
    return conversations.read(me, body, _socket_id())


@event("sync")
def sync(me: User, body: schemas.Sync) -> answers.SyncAnswer:
    """Everything new or changed since the `rev` that you have of each conversation; of others, everything."""
    return conversations.sync(me, body)


def _refused(error: ChatError) -> dict[str, Any]:
    metrics.count_failure(error.code)
    return {"ok": False, **msgspec.to_builtins(refusal(error))}


def _connection() -> Connection:
    connection = connections.get(_socket_id())
    assert connection is not None  # python-socketio handles no event of a socket that is not connected
    return connection


def _authenticate(given: dict[str, Any]) -> tuple[User, Connection]:
    """The user of a new socket, from the token in ``auth`` or the cookie."""
    token = given["token"] if isinstance(given.get("token"), str) else request.cookies.get(COOKIE)
    claimed = request.args.get("userId", "").lower()
    if token is None and config.allow_query_user_id and is_id(claimed):
        me, session_id, expires_at = auth.load_session_user(claimed, None), None, None
    else:
        login = auth.authenticate(token)
        auth.require_verified(login.user)
        me, session_id, expires_at = login.user, login.session_id, login.expires_at
    if given.get("user", me.id) != me.id:  # optional, as the header X-Chat-User
        raise WrongUserError
    return me, Connection(
        socket_id=_socket_id(),
        user_id=me.id,
        session_id=session_id,
        address=request.remote_addr or "",
        diff=given.get("presence") == "diff",
        own=not claimed,  # the tutorial's clients send it, and show their own messages themselves
        expires_at=expires_at,
    )


def _socket_id() -> str:
    socket_id: str = request.sid  # type: ignore[attr-defined]  # Flask-SocketIO puts it there
    return socket_id
