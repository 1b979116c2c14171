"""What was sent: JSON bodies, event payloads, ids and query strings, checked by type before anybody sees them."""

import re
from typing import Any, TypeVar

import msgspec
from flask import request

from chat.controllers.messages import Content
from chat.errors import BadRequest, UnsupportedMediaType
from chat.models.values import is_id
from chat.schemas import NewMessage

S = TypeVar("S", bound=msgspec.Struct)

_WRONG_TYPE = re.compile(r"Expected `(?P<wanted>[^`|]+)[^`]*`, got `(?P<got>\w+)`")
_WRONG_SIZE = re.compile(r"Expected `(?P<kind>\w+)` (?:of length )?(?P<bound><=|>=) (?P<number>\d+)")
_COUNTED = {"str": " characters long", "array": " entries long", "object": " entries long"}
_NAMES = {"str": "text", "int": "a whole number", "bool": "true or false", "object": "an object", "array": "a list"}


def body(kind: type[S]) -> S:
    """The request's body as a ``kind``. Raises `UnsupportedMediaType` or `BadRequest`, in words about the fields."""
    if not request.is_json:
        raise UnsupportedMediaType("send JSON with Content-Type: application/json")
    try:
        return _clean(msgspec.json.decode(request.get_data(), type=kind))
    except msgspec.ValidationError as error:
        raise _unfit(error) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise BadRequest("the body is not valid JSON") from None


def query(kind: type[S]) -> S:
    """The query string as a ``kind``. Raises `BadRequest`."""
    return payload(kind, request.args.to_dict(), strict=False)


def payload(kind: type[S], data: Any, strict: bool = True) -> S:
    """A Socket.IO event's data as a ``kind``; not ``strict``, numbers may be texts. Raises `BadRequest`."""
    try:
        return _clean(msgspec.convert(data, kind, strict=strict))
    except msgspec.ValidationError as error:
        raise _unfit(error) from None
    except UnicodeError:
        raise BadRequest("there are characters that no text has") from None


def message_content(fields: NewMessage) -> Content:
    """What a message is made of, however it came."""
    return Content(text=fields.text, image=fields.image, client_id=fields.client_id, reply_to=fields.reply_to)


def id_from(text: str) -> str:
    """An id out of an address. Raises `BadRequest` where it does not have the form of one."""
    if not is_id(text):
        raise BadRequest("this is not an id: ids are 24 hexadecimal digits")
    return text.lower()


def _clean(value: S) -> S:
    for name in value.__struct_fields__:
        content = getattr(value, name)
        for text in content if isinstance(content, dict | list) else [content]:
            if isinstance(text, str) and not _is_storable(text):
                raise BadRequest(f"{name} has characters that no text has")
    return value


def _is_storable(text: str) -> bool:
    """No NUL byte and no lone surrogate: the databases and UTF-8 cannot hold them."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


def _unfit(error: msgspec.ValidationError) -> BadRequest:
    """The library's words ("Expected `str`, got `int` - at `$.email`") in ours."""
    problem, _, path = str(error).partition(" - at ")
    field = path.strip("`").removeprefix("$.") or "the body"
    if missing := re.fullmatch(r"Object missing required field `(\w+)`", problem):
        return BadRequest(f"{missing[1]} is missing")
    if wrong := _WRONG_TYPE.fullmatch(problem):
        wanted = wrong["wanted"].strip()
        return BadRequest(f"{field} must be {_NAMES.get(wanted, wanted)}")
    if size := _WRONG_SIZE.fullmatch(problem):
        most = "at most" if size["bound"] == "<=" else "at least"
        return BadRequest(f"{field} must be {most} {size['number']}{_COUNTED.get(size['kind'], '')}")
    if "{24}" in problem:  # the pattern of ids
        return BadRequest(f"{field} must be an id: 24 hexadecimal digits")
    return BadRequest(f"{field} is not as it should be: {problem[0].lower()}{problem[1:]}")
