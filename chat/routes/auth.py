"""/api/auth: accounts and logins."""

from typing import Any

from flask import Blueprint, Response, g, jsonify, request

from chat import schemas
from chat.controllers import auth
from chat.middleware.auth import COOKIE, clear_cookie, protect_route, set_cookie
from chat.middleware.body import body
from chat.models.user import User

bp = Blueprint("auth", __name__, url_prefix="/api/auth")


@bp.post("/signup")
def signup() -> Response:
    fields = body(schemas.Signup)
    return _welcome(*auth.signup(fields.full_name, fields.email, fields.password, _user_agent()))


@bp.post("/login")
def login() -> Response:
    fields = body(schemas.Credentials)
    return _welcome(*auth.login(fields.email, fields.password, _user_agent()))


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


def _welcome(user: User, token: str) -> Response:
    return set_cookie(jsonify(user.public()), token)


def _user_agent() -> str:
    return request.headers.get("User-Agent", "")
