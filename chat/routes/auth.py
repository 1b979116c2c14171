"""/api/auth: accounts and logins."""

from typing import Any

from flask import Blueprint, Response, g, jsonify, request, stream_with_context

from chat import schemas
from chat.controllers import account, auth, sessions
from chat.lib.archive import zipped
from chat.middleware.auth import COOKIE, clear_cookie, protect_route, set_cookie
from chat.middleware.body import body, id_from
from chat.models.user import User

bp = Blueprint("auth", __name__, url_prefix="/api/auth")


@bp.post("/signup")
def signup() -> Response:
    fields = body(schemas.Signup)
    return _welcome(*auth.signup(fields.full_name, fields.email, fields.password, _visitor()))


@bp.post("/login")
def login() -> Response:
    fields = body(schemas.Credentials)
    return _welcome(*auth.login(fields.email, fields.password, _visitor()))


@bp.post("/logout")
def logout() -> Response:
    auth.logout(request.cookies.get(COOKIE))
    return clear_cookie(jsonify(message="logged out successfully"))


@bp.get("/check")
@protect_route
def check() -> dict[str, Any]:
    me: User = g.user
    return me.public()


@bp.put("/update-profile")
@protect_route
def update_profile() -> dict[str, Any]:
    fields = body(schemas.Profile)
    return auth.update_profile(g.user, fields.full_name, fields.profile_pic).public()


@bp.put("/password")
@protect_route
def change_password() -> dict[str, Any]:
    fields = body(schemas.PasswordChange)
    return auth.change_password(g.user, g.session_id, fields.current_password, fields.new_password).public()


@bp.get("/sessions")
@protect_route
def list_sessions() -> list[dict[str, Any]]:
    return sessions.index(g.user, g.session_id)


@bp.delete("/sessions/<session_id>")
@protect_route
def revoke_session(session_id: str) -> Response:
    sessions.revoke(g.user, id_from(session_id))
    return jsonify(message="this login has ended")


@bp.delete("/sessions")
@protect_route
def revoke_other_sessions() -> Response:
    sessions.revoke_others(g.user, g.session_id)
    return jsonify(message="all other logins have ended")


@bp.get("/export")
@protect_route
def export() -> Response:
    files = account.export(g.user, g.session_id)
    headers = {"Content-Disposition": "attachment; filename=chat-export.zip", "Cache-Control": "no-store"}
    return Response(stream_with_context(zipped(files)), mimetype="application/zip", headers=headers)


@bp.delete("/account")
@protect_route
def delete_account() -> Response:
    account.delete(g.user, body(schemas.Password).password)
    return clear_cookie(jsonify(message="your account is gone"))


def _welcome(user: User, token: str) -> Response:
    return set_cookie(jsonify(user.public()), token)


def _visitor() -> auth.Visitor:
    return auth.Visitor(request.headers.get("User-Agent", ""), request.remote_addr or "")
