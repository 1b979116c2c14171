"""The one JSON encoder, orjson, in the forms that Flask and Socket.IO ask for."""

import json
from typing import Any, NoReturn

import orjson
from flask import Response
from flask.json.provider import JSONProvider


class ORJSONProvider(JSONProvider):
    """JSON for Flask's requests and responses."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        return dumps(obj)

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        return loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        return Response(orjson.dumps(self._prepare_response_obj(args, kwargs)), mimetype="application/json")


def dumps(value: Any, **_: Any) -> str:
    """``value`` as compact JSON text; the options of the standard library's function are accepted and not needed."""
    return orjson.dumps(value).decode()


def loads(text: str | bytes, **_: Any) -> Any:
    """What the JSON ``text`` says; raises ValueError where it is none.

    Half of a character (a lone surrogate) can be escaped in JSON, and orjson refuses it. It is let through: who sent it in
    an event is told by the checks at the door, which an event that cannot be read never reaches.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text, parse_constant=_refuse)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
