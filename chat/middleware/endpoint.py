"""A route in one breath: what it takes and returns is its signature; its checks and its description come from there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from inspect import get_annotations
from typing import Any, get_args, get_origin

import msgspec
from flask import Response
from flask.typing import ResponseReturnValue

from chat.config import Config
from chat.controllers.auth import Login
from chat.errors import ChatError
from chat.middleware import binding
from chat.models.user import User

Errors = tuple[type[ChatError], ...]
View = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """One route, as the API's description needs it.

    ``takes`` are the parameters of the view that come from the request. ``answer`` is the type of the answer, or the media
    type of one that is not JSON. ``fails`` are the failures of its own; those that any guarded route or any body has are
    added where it is described. ``opened_by`` is the setting with a bearer token that opens it: without one it isn't there.
    """

    takes: Mapping[str, Any]
    answer: Any
    statuses: tuple[int, ...]
    fails: Errors
    headers: Mapping[str, str]
    opened_by: Callable[[Config], str | None] | None


def endpoint(
    *statuses: int,
    answer: Any = None,
    fails: Errors = (),
    headers: Mapping[str, str] | None = None,
    opened_by: Callable[[Config], str | None] | None = None,
) -> Callable[[View], View]:
    """Bind a view to the request, and encode what it returns.

    The view gets, by the names of its parameters: ``me`` (the logged-in user) or ``login`` (with the session), the
    variables of the address, and ``body`` and ``query`` as the Structs that they are annotated with. It returns a
    Struct or a list of them, or that with a status and headers, as in Flask. ``statuses`` (200) are those of success. A
    view that returns a `Response` declares its ``answer``: the type of the content, or a media type.
    """

    def bind(view: View) -> View:
        hints = get_annotations(view)
        returned = hints.pop("return")
        takes = {name: kind for name, kind in hints.items() if kind not in (User, Login)}
        given = answer or _answer_type(returned)
        operation = Operation(takes, given, statuses or (200,), fails, headers or {}, opened_by)

        @wraps(view)
        def bound(login: Login | None = None, **variables: str) -> ResponseReturnValue:
            arguments = {name: binding.variable(takes[name], text) for name, text in variables.items()}
            if login and "me" in hints:
                arguments["me"] = login.user
            if login and "login" in hints:
                arguments["login"] = login
            if "query" in takes:
                arguments["query"] = binding.query(takes["query"])
            if "body" in takes:
                arguments["body"] = binding.body(takes["body"])
            return _response(view(**arguments), operation.statuses[0])

        bound.__dict__["operation"] = operation
        return bound

    return bind


def _answer_type(returned: Any) -> Any:
    """The type of the answer in a return annotation such as ``tuple[answers.Message, int]``."""
    return get_args(returned)[0] if get_origin(returned) is tuple else returned


def encoded(answer: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """The response with that answer as JSON."""
    return Response(msgspec.json.encode(answer), status, headers, mimetype="application/json")


def _response(returned: Any, status: int) -> Response:
    if isinstance(returned, Response):
        return returned
    if isinstance(returned, tuple):
        return encoded(*returned)
    return encoded(returned, status)
