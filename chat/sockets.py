"""Socket.IO: each event is a payload, one call, an acknowledgement. No logic of its own."""

from collections.abc import Callable
from typing import Any

from flask import request
from flask_socketio import ConnectionRefusedError, emit, join_room

from chat import schemas
from chat.config import settings
from chat.controllers import auth, conversations, messages, presence, rooms
from chat.errors import BadRequest, ChatError, unexpected
from chat.events import FROM_CLIENT
from chat.lib import realtime
from chat.lib.limits import limits
from chat.lib.realtime import socketio
from chat.middleware.auth import COOKIE
from chat.middleware.body import message_content, payload
from chat.middleware.metrics import metrics
from chat.models.conversation import direct
from chat.models.user import User
from chat.models.values import is_id

USER, SESSION = "chat.user_id", "chat.session_id"  # where a connection's environ keeps who it is


@socketio.on("connect")
def connect(credentials: Any = None) -> None:
    asked = credentials if isinstance(credentials, dict) else {}
    try:
        me, session_id = _who(asked.get("token"))
        limits.enter(_socket_id(), me.id, request.remote_addr or "")
    except ChatError as error:
        raise ConnectionRefusedError(error.message, error.public()) from None
    request.environ[USER], request.environ[SESSION] = me.id, session_id
    join_room(realtime.user_room(me.id))
    if session_id:
        join_room(realtime.session_room(session_id))
    emit("getOnlineUsers", presence.arrive(me, _socket_id(), diff=asked.get("presence") == "diff"))


@socketio.on("disconnect")
def disconnect(reason: str) -> None:
    if USER in request.environ:
        limits.leave(_socket_id())
        presence.leave(request.environ[USER], _socket_id())


def event(name: str) -> Callable[[Callable[[User, Any], dict[str, Any]]], None]:
    """Handle an event of the table: its payload checked, its sender known anew, its outcome acknowledged.

    The acknowledgement is ``{"ok": true, …}`` with what the handler returns, or ``{"ok": false, "code", "message"}``.
    """
    kind = FROM_CLIENT[name].payload

    def register(handle: Callable[[User, Any], dict[str, Any]]) -> None:
        @socketio.on(name)
        def answer(data: Any = None, *_: Any) -> dict[str, Any]:
            metrics.count_event(name)
            limits.take("events", request.environ[USER])
            return {"ok": True, **handle(_me(), payload(kind, data))}

    return register


@event("send_message")
def send_message(me: User, fields: schemas.Send) -> dict[str, Any]:
    send, target = (messages.send, fields.to) if fields.to else (rooms.send, fields.room)
    message, _ = send(me, _target(target), message_content(fields), _socket_id())
    return {"message": message}


@event("join_room")
def join_room_(me: User, fields: schemas.RoomId) -> dict[str, Any]:
    room = rooms.join(me, fields.room.lower())
    emit("joined", {"room": room["_id"]})
    return {"room": room}


@event("leave_room")
def leave_room(me: User, fields: schemas.RoomId) -> dict[str, Any]:
    return {"room": rooms.remove(me, fields.room.lower(), me.id)}


@event("typing")
def typing(me: User, fields: schemas.To) -> dict[str, Any]:
    conversation_id = direct(me.id, fields.to.lower()).id if fields.to else _target(fields.room)
    conversations.typing(me, conversations.find(me, conversation_id))
    return {}


@event("read")
def read(me: User, fields: schemas.Read) -> dict[str, Any]:
    return conversations.read(me, fields.conversation, fields.seq, _socket_id())


@event("sync")
def sync(me: User, fields: schemas.Sync) -> dict[str, Any]:
    return conversations.sync(me, fields.cursors)


@socketio.on_error_default
def answer_failure(error: Exception) -> dict[str, Any]:
    """The acknowledgement of an event that failed; the socket lives on."""
    failure = error.public() if isinstance(error, ChatError) else unexpected(error)
    metrics.count_failure(failure["code"])
    return {"ok": False, **failure}


def _target(id: str | None) -> str:
    if id is None:
        raise BadRequest("say whom it is for: to (a user) or room")
    return id.lower()


def _me() -> User:
    return auth.still_there(request.environ[USER], request.environ[SESSION])


def _who(token: Any) -> tuple[User, str]:
    """The user and the session's id behind a new connection, by the token that it gives or its cookie."""
    if not isinstance(token, str):
        token = request.cookies.get(COOKIE)
    claimed = request.args.get("userId", "")
    if token is None and settings.allow_query_user_id and is_id(claimed):
        return auth.still_there(claimed, ""), ""
    login = auth.authenticate(token)
    return login.user, login.session_id


def _socket_id() -> str:
    socket_id: str = request.sid  # type: ignore[attr-defined]  # Flask-SocketIO puts it there
    return socket_id
