"""The one JSON encoder, orjson, in the forms that Flask and Socket.IO ask for."""

from typing import Any

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
    """What the JSON ``text`` says; raises ValueError where it is none."""
    return orjson.loads(text)
