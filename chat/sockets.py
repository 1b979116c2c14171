"""Socket.IO: each event is a payload, one call, an acknowledgement. No logic of its own."""

from typing import Any
from urllib.parse import parse_qs

from flask import request
from flask_socketio import ConnectionRefusedError, emit, join_room

from chat.config import settings
from chat.controllers import auth, presence
from chat.errors import ChatError, unexpected
from chat.lib import realtime
from chat.lib.realtime import socketio
from chat.middleware.auth import COOKIE
from chat.models.values import is_id

USER, SESSION = "chat.user_id", "chat.session_id"  # where a connection's environ keeps who it is


@socketio.on("connect")
def connect(credentials: Any = None) -> None:
    try:
        user_id, session_id = _who(credentials)
    except ChatError as error:
        raise ConnectionRefusedError(error.message, error.public()) from None
    request.environ[USER], request.environ[SESSION] = user_id, session_id
    join_room(realtime.user_room(user_id))
    if session_id:
        join_room(realtime.session_room(session_id))
    emit("getOnlineUsers", presence.arrive(user_id, _socket_id()))


@socketio.on("disconnect")
def disconnect(reason: str) -> None:
    if USER in request.environ:
        presence.leave(request.environ[USER], _socket_id())


@socketio.on_error_default
def answer_failure(error: Exception) -> dict[str, Any]:
    """The acknowledgement of an event that failed; the socket lives on."""
    return {"ok": False, **(error.public() if isinstance(error, ChatError) else unexpected(error))}


def _who(credentials: Any) -> tuple[str, str]:
    """The user's and the session's id behind a new connection, by its token or its cookie."""
    token = credentials.get("token") if isinstance(credentials, dict) else None
    if not isinstance(token, str):
        token = request.cookies.get(COOKIE)
    if token is None and settings.allow_query_user_id:
        claimed = request.args.get("userId", "")
        if is_id(claimed) and auth.exists(claimed):
            return claimed, ""
    login = auth.authenticate(token)
    return login.user.id, login.session_id


def _socket_id() -> str:
    socket_id: str = request.sid  # type: ignore[attr-defined]  # Flask-SocketIO puts it there
    return socket_id
