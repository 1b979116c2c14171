"""A small app around `chat.realtime`, served by real servers in these tests: `gunicorn tests.realtime.app:app`.

A client connects with the token ``<user id>.<session id>`` or ``<user id>.<session id>.<expiry>``, as `auth.token` or as
the cookie ``jwt``. What happens in a chat otherwise, tests cause over HTTP.
"""

import os
import time
from collections.abc import Iterable, Set
from pathlib import Path
from typing import Any

from flask import Flask, request
from flask_socketio import ConnectionRefusedError, emit

from chat import events
from chat.config import Config
from chat.errors import ChatError, InvalidTokenError
from chat.realtime import engine, remote, server, sessions, stalls, timelimits
from chat.realtime.bus import Bus, SessionEnded
from chat.realtime.connections import Connection, Connections
from chat.realtime.emitter import Emitter
from chat.realtime.presence import Presence
from chat.realtime.server import socketio
from chat.realtime.sessions import Sessions

# Limits in seconds that tests make smaller, to reach them.
engine.STRANGER_SECONDS = float(os.environ.get("STRANGER_SECONDS", engine.STRANGER_SECONDS))
timelimits.PIECE_SECONDS = float(os.environ.get("PIECE_SECONDS", timelimits.PIECE_SECONDS))
sessions.SWEEP_SECONDS = float(os.environ.get("SWEEP_SECONDS", sessions.SWEEP_SECONDS))
remote.BEAT_SECONDS, remote.ALIVE_SECONDS = 1.0, 3.0

ENDED = Path(os.environ["ENDED"])  # a folder with a file for each login that the store no longer has

config = Config(
    jwt_secret="x" * 48,
    redis_url=os.environ.get("REDIS_URL"),
    max_request_bytes=2 * 2**20,
    max_sockets_per_user=5,
    max_sockets_per_address=int(os.environ.get("MAX_SOCKETS_PER_ADDRESS", "100")),
)
app = Flask(__name__)
bus = Bus(config.redis_url)
connections = Connections(config)
emitter = Emitter(connections)
presence = Presence(connections, bus, emitter)


def _alive(session_ids: Set[str]) -> Iterable[str]:
    return [session_id for session_id in session_ids if not (ENDED / session_id).exists()]


def _cookie(environ: dict[str, Any]) -> str | None:
    cookie: str | None = environ.get("HTTP_COOKIE")
    return cookie


server.init_app(
    app,
    config,
    bus,
    known_events=["echo", "fail"],
    may_connect=lambda origin, environ: origin != "https://evil.example",
    credential=_cookie,
)
Sessions(connections, emitter, bus, _alive, endings=lambda: 0)
noticed: list[None] = []
stalls.watch(int(os.environ["STALL_MS"]) / 1000, lambda: noticed.append(None))


@socketio.on("connect")
def connect(auth: Any = None) -> None:
    token = auth.get("token") if isinstance(auth, dict) else request.cookies.get("jwt")
    if not isinstance(token, str) or "." not in token:
        raise ConnectionRefusedError("log in first", {"code": "no_token"})
    user_id, session_id, expires_at = [*token.split("."), ""][:3]
    if user_id == "bug":
        raise KeyError("a bug")
    if user_id == "down":  # as while the store can't be used: the client has to try again
        socketio.server.hang_up(request.sid)  # type: ignore[attr-defined]
        raise ConnectionRefusedError("try again soon")
    if user_id == "slow":
        time.sleep(1)
    socket_id: str = request.sid  # type: ignore[attr-defined]
    connection = Connection(
        socket_id,
        user_id,
        session_id,
        request.remote_addr or "",
        diff=isinstance(auth, dict) and auth.get("presence") == "diff",
        own="userId" not in request.args,
        expires_at=int(expires_at) if expires_at else None,
    )
    try:
        emit("getOnlineUsers", presence.connect(connection, frozenset()))
        if user_id == "late":
            time.sleep(1)
        if not _alive({session_id}):
            raise InvalidTokenError
    except ChatError as error:
        presence.disconnect(socket_id)
        raise ConnectionRefusedError(error.message, {"code": error.code}) from None


@socketio.on("disconnect")
def disconnect(reason: str) -> None:
    presence.disconnect(request.sid)  # type: ignore[attr-defined]


@socketio.on("echo")
def echo(data: Any = None) -> dict[str, Any]:
    return {"ok": True, "data": data}


@socketio.on("fail")
def fail(data: Any = None) -> None:
    raise KeyError("a bug")


@socketio.on_error_default
def failed(error: Exception) -> dict[str, Any]:
    return {"ok": False}


@app.get("/healthz")
def health() -> dict[str, str]:
    return {"status": "alive"}


@app.get("/state")
def state() -> dict[str, Any]:
    """What the server keeps about connections."""
    socket_server = socketio.server
    return {
        "connections": connections.count(),
        "online": sorted(presence.online()),
        "sessions": len(socket_server.eio.sockets),
        "rooms": sorted(str(room) for room in socket_server.manager.rooms.get("/", {})),
        "environs": len(socket_server.environ),
        "stalls": len(noticed),
        "strangers": sum(socket_server.eio.strangers._counts.values()),
    }


@app.post("/emit/<user_id>")
def emit_to(user_id: str) -> dict[str, str]:
    """Emit a typing event to a user, with the request's JSON as the conversation; ``own`` in the query: another user."""
    from chat import answers

    typing = answers.Typing(conversation=(request.json or {})["text"], user_id="f" * 24)
    emitter.to_users([user_id], events.TYPING, typing, own=request.args.getlist("own"), skip=request.args.get("skip"))
    return {}


@app.post("/end/<session_id>")
def end(session_id: str) -> dict[str, str]:
    """End a login, as a logout does."""
    (ENDED / session_id).touch()
    bus.publish(SessionEnded(session_id))
    return {}


@app.post("/hide/<user_id>")
def hide(user_id: str) -> dict[str, str]:
    """Hide the users of the request's JSON from a user."""
    presence.set_hidden(user_id, frozenset(request.json or []))
    return {}


@app.post("/compute/<int:ms>")
def compute(ms: int) -> dict[str, str]:
    """Keep the event loop from serving others for so many milliseconds of CPU time."""
    end = time.thread_time() + ms / 1000
    while time.thread_time() < end:
        pass
    return {}


@app.post("/body")
def body() -> dict[str, int]:
    """How many bytes came."""
    return {"bytes": len(request.get_data())}


@app.get("/large")
def large() -> bytes:
    """More than fits into the buffers on the way."""
    return b"x" * 64 * 2**20
