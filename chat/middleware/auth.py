"""Who is asking: the guard of routes and sockets, and the cookie that carries the token."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import Response, g, request

from chat.config import settings
from chat.controllers import auth
from chat.lib import tokens

P = ParamSpec("P")
T = TypeVar("T")

COOKIE = "jwt"


def protect_route(view: Callable[P, T]) -> Callable[P, T]:
    """Let only logged-in users through; the view finds them as ``g.user`` and their session as ``g.session_id``."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        login = auth.authenticate(request.cookies.get(COOKIE))
        g.user, g.session_id = login.user, login.session_id
        return view(*args, **kwargs)

    guarded.__dict__["guarded"] = True
    return guarded


def set_cookie(response: Response, token: str, lifetime: timedelta = tokens.LIFETIME) -> Response:
    """Log the browser in; out of production also over plain HTTP."""
    secure = settings.production
    response.set_cookie(COOKIE, token, max_age=lifetime, path="/", httponly=True, samesite="Strict", secure=secure)
    return response


def clear_cookie(response: Response) -> Response:
    """Log the browser out."""
    return set_cookie(response, "", timedelta(0))
