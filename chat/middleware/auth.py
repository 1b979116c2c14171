"""Who is asking: the guard of routes, and the cookie or header that carries the token."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any
from wsgiref.types import WSGIEnvironment

from flask import Response, request
from werkzeug.http import parse_cookie

from chat.controllers import auth
from chat.controllers.auth import Login
from chat.current import config
from chat.errors import NotAnAdminError, WrongUserError
from chat.lib import tokens

COOKIE = "jwt"
BROWSER_COOKIE = "browser-"  # and the id of a user who has logged in here
LOGIN_PATH = "/api/auth/login"  # the only one to which browsers send their marks
SENDER_HEADER = "X-Chat-User"  # optional: the id of the user in whose name a client believes that it acts
View = Callable[..., Any]


def protect_route(view: View) -> View:
    """Let only logged-in users through, whose email is confirmed if it has to be; the view gets them as ``login``."""

    @wraps(view)
    def guarded(login: Login, **arguments: Any) -> Any:
        auth.require_verified(login.user)
        return view(login=login, **arguments)

    return protect_unverified(guarded)


def protect_unverified(view: View) -> View:
    """Let only logged-in users through; the view gets who it is as ``login``."""

    @wraps(view)
    def guarded(**arguments: Any) -> Any:
        login = auth.authenticate(current_token())
        if request.headers.get(SENDER_HEADER, login.user.id).lower() != login.user.id:
            raise WrongUserError
        response: Response = view(login=login, **arguments)
        return _renewed(response, login)

    guarded.__dict__["guarded"] = True
    return guarded


def require_admin(view: View) -> View:
    """Let only admins through; the view gets who it is as ``login``."""

    @wraps(view)
    def guarded(login: Login, **arguments: Any) -> Any:
        if not login.user.admin:
            raise NotAnAdminError
        return view(login=login, **arguments)

    guarded.__dict__["fails"] = (NotAnAdminError,)
    return protect_route(guarded)


def credential(environ: WSGIEnvironment) -> str | None:
    """What shows who sends a request that Flask does not see: the token in its cookie, or else ``Authorization``."""
    return parse_cookie(environ).get(COOKIE) or environ.get("HTTP_AUTHORIZATION")


def set_cookie(response: Response, token: str, lifetime: timedelta | None = None) -> Response:
    """Log the browser in. Outside production this also works over plain HTTP."""
    lifetime = timedelta(days=config.session_idle_days) if lifetime is None else lifetime
    secure = config.production
    response.set_cookie(COOKIE, token, max_age=lifetime, path="/", httponly=True, samesite="Strict", secure=secure)
    return response


def clear_cookie(response: Response) -> Response:
    """Log the browser out."""
    return set_cookie(response, "", timedelta(0))


def _renewed(response: Response, login: Login) -> Response:
    """The response with a new token for a browser that has had its one for a while, unless the view has set the cookie."""
    if COOKIE not in request.cookies or any(cookie.startswith(f"{COOKIE}=") for cookie in _cookies(response)):
        return response
    token = auth.renew(login)
    return set_cookie(response, token) if token else response


def _cookies(response: Response) -> list[str]:
    return response.headers.getlist("Set-Cookie")


def browser_marks() -> dict[str, str]:
    """The marks that this browser has, by the ids of the users who have logged in here."""
    cookies = request.cookies.items()
    return {name[len(BROWSER_COOKIE) :]: mark for name, mark in cookies if name.startswith(BROWSER_COOKIE)}


def mark_browser(response: Response, user_id: str, mark: str) -> Response:
    """Let this browser be known when the user logs in again. The mark stays at a logout: it logs no one in."""
    flags: dict[str, Any] = {"httponly": True, "samesite": "Strict", "secure": config.production}
    response.set_cookie(BROWSER_COOKIE + user_id, mark, max_age=tokens.BROWSER_LIFETIME, path=LOGIN_PATH, **flags)
    return response


def current_token() -> str | None:
    """The token in the request's cookie; only without that cookie, the one in ``Authorization: Bearer <token>``.

    The header is for phones and programs that keep no cookies. A browser never adds it by itself, so it is of no use to a
    page of another site. If both are sent, the cookie decides: a request acts for one user, whatever else it carries.
    """
    if COOKIE in request.cookies:
        return request.cookies[COOKIE]
    authorization = request.authorization
    return authorization.token if authorization and authorization.type == "bearer" else None
