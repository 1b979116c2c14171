"""Who is asking: the guard of routes and sockets, and the cookie that carries the token."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import Response, current_app, g, request

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

    return guarded


def set_cookie(response: Response, token: str) -> Response:
    """Log the browser in."""
    response.set_cookie(COOKIE, token, max_age=tokens.LIFETIME, **_attributes())
    return response


def clear_cookie(response: Response) -> Response:
    """Log the browser out."""
    response.delete_cookie(COOKIE, **_attributes())
    return response


def _attributes() -> dict[str, object]:
    return {"path": "/", "httponly": True, "samesite": "Strict", "secure": current_app.extensions["chat.config"].production}
