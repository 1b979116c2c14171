"""/api/auth: accounts and logins."""

from typing import Any

from flask import Blueprint, Response, g, jsonify, request, stream_with_context

from chat import answers, schemas
from chat.controllers import account, auth, sessions
from chat.lib.archive import zipped
from chat.middleware.auth import COOKIE, clear_cookie, protect_route, set_cookie
from chat.middleware.operation import gives
from chat.models.user import User
from chat.schemas import Id

bp = Blueprint("auth", __name__, url_prefix="/api/auth")
SETS_COOKIE = {"Set-Cookie": "The login, for seven days: HttpOnly, SameSite=Strict."}
CLEARS_COOKIE = {"Set-Cookie": "Takes the login away."}


@bp.post("/signup")
@gives(answers.User, fails=("user_exists",), headers=SETS_COOKIE)
def signup(body: schemas.Signup) -> Response:
    """Make an account and log in."""
    return _welcome(*auth.signup(body.full_name, body.email, body.password, _visitor()))


@bp.post("/login")
@gives(answers.User, fails=("invalid_credentials",), headers=SETS_COOKIE)
def login(body: schemas.Credentials) -> Response:
    """Log in."""
    return _welcome(*auth.login(body.email, body.password, _visitor()))


@bp.post("/logout")
@gives(answers.Done, fails=("database_unavailable",), headers=CLEARS_COOKIE)
def logout() -> Response:
    """Log out: the login is dead from then on, and its sockets are closed."""
    auth.logout(request.cookies.get(COOKIE))
    return clear_cookie(jsonify(message="logged out successfully"))


@bp.get("/check")
@protect_route
@gives(answers.User)
def check() -> dict[str, Any]:
    """Who am I?"""
    me: User = g.user
    return me.public()


@bp.put("/update-profile")
@protect_route
@gives(answers.User, fails=("bad_image", "image_store_unavailable"))
def update_profile(body: schemas.Profile) -> dict[str, Any]:
    """Set my name, my picture, or both."""
    return auth.update_profile(g.user, body.full_name, body.profile_pic).public()


@bp.put("/password")
@protect_route
@gives(answers.User, fails=("invalid_credentials",))
def change_password(body: schemas.PasswordChange) -> dict[str, Any]:
    """Set another password; all other logins end."""
    return auth.change_password(g.user, g.session_id, body.current_password, body.new_password).public()


@bp.get("/sessions")
@protect_route
@gives(list[answers.Session])
def list_sessions() -> list[dict[str, Any]]:
    """Where I am logged in, the newest login first."""
    return sessions.index(g.user, g.session_id)


@bp.delete("/sessions/<session_id>")
@protect_route
@gives(answers.Done)
def revoke_session(session_id: Id) -> Response:
    """End one of my logins; its sockets are closed."""
    sessions.revoke(g.user, session_id)
    return jsonify(message="this login has ended")


@bp.delete("/sessions")
@protect_route
@gives(answers.Done)
def revoke_other_sessions() -> Response:
    """End all my logins but this one."""
    sessions.revoke_others(g.user, g.session_id)
    return jsonify(message="all other logins have ended")


@bp.get("/export")
@protect_route
@gives("application/zip")
def export() -> Response:
    """All that is mine, or that was said to me: a zip of NDJSON files and images."""
    files = account.export(g.user, g.session_id)
    headers = {"Content-Disposition": "attachment; filename=chat-export.zip", "Cache-Control": "no-store"}
    return Response(stream_with_context(zipped(files)), mimetype="application/zip", headers=headers)


@bp.delete("/account")
@protect_route
@gives(answers.Done, fails=("invalid_credentials", "not_migrated"), headers=CLEARS_COOKIE)
def delete_account(body: schemas.Password) -> Response:
    """Remove my account: my messages become tombstones, my images go, all my logins end."""
    account.delete(g.user, body.password)
    return clear_cookie(jsonify(message="your account is gone"))


def _welcome(user: User, token: str) -> Response:
    return set_cookie(jsonify(user.public()), token)


def _visitor() -> auth.Visitor:
    return auth.Visitor(request.headers.get("User-Agent", ""), request.remote_addr or "")
