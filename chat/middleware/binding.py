"""What was sent, as typed values: bodies, query strings, variables of an address, and event payloads.

All of them are checked here, by type and bounds, before any other code sees them.
"""

import re
from collections.abc import Collection, Mapping
from functools import cache
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from flask import request

from chat.current import config
from chat.errors import BadRequestError, NotJsonError
from chat.schemas import AtMost, LowerCase

S = TypeVar("S", bound=msgspec.Struct)

_WRONG_TYPE = re.compile(r"Expected `(?P<wanted>[^`|]+)[^`]*`, got `(?P<got>\w+)`")
_WRONG_SIZE = re.compile(r"Expected `(?P<kind>\w+)` (?:of length )?(?P<bound><=|>=) (?P<number>\d+)")
_COUNTED = {"str": " characters long", "array": " entries long", "object": " entries long"}
_NAMES = {"str": "text", "int": "a whole number", "bool": "true or false", "object": "an object", "array": "a list"}


def body(kind: type[S]) -> S:
    """The request's body as a ``kind``. Raises `NotJsonError` or `BadRequestError`, which names the field."""
    if not request.is_json:
        raise NotJsonError
    try:
        decoded: S = _decoder(kind).decode(request.get_data())
        return _checked(decoded)
    except msgspec.ValidationError as error:
        raise _explained(error) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise BadRequestError("the body is not valid JSON") from None


def query(kind: type[S]) -> S:
    """The query string as a ``kind``. Raises `BadRequestError`."""
    return _converted(kind, request.args.to_dict(), strict=False)


def payload(kind: type[S], data: Any) -> S:
    """The data of a Socket.IO event as a ``kind``. Raises `BadRequestError`."""
    return _converted(kind, data, strict=True)


def variable(kind: Any, text: str) -> Any:
    """A variable of the address. Raises `BadRequestError` if it should be an id and isn't one."""
    try:
        checked = msgspec.convert(text, kind)
    except msgspec.ValidationError:
        raise BadRequestError("this is not an id: ids are 24 hexadecimal digits") from None
    return checked.lower() if LowerCase() in _notes_in(kind) else checked


@cache
def bounds(kind: type[msgspec.Struct]) -> Mapping[str, AtMost]:
    """The fields of a Struct that a setting bounds."""
    found = ((name, note) for name, notes in _notes(kind).items() for note in notes)
    return {name: note for name, note in found if isinstance(note, AtMost)}


@cache
def _notes(kind: type[msgspec.Struct]) -> Mapping[str, Collection[object]]:
    """What `chat.schemas` says of each field in its annotation, besides what msgspec checks."""
    return {name: _notes_in(hint) for name, hint in get_type_hints(kind, include_extras=True).items()}


def _notes_in(hint: Any) -> Collection[object]:
    own = hint.__metadata__ if get_origin(hint) is Annotated else ()
    return (*own, *(note for inner in get_args(hint) for note in _notes_in(inner)))


@cache
def _decoder(kind: type[S]) -> msgspec.json.Decoder[S]:
    return msgspec.json.Decoder(kind)


def _converted(kind: type[S], data: Any, strict: bool) -> S:
    try:
        return _checked(msgspec.convert(data, kind, strict=strict))
    except msgspec.ValidationError as error:
        raise _explained(error) from None
    except UnicodeError:
        raise BadRequestError("invalid Unicode") from None


def _checked(value: S) -> S:
    """The value with its ids normalised, if its texts can be stored and its fields keep the bounds that are settings."""
    notes, limits = _notes(type(value)), bounds(type(value))
    for field, name in zip(value.__struct_fields__, value.__struct_encode_fields__, strict=True):
        content = getattr(value, field)
        if LowerCase() in notes[field] and content is not None:
            content = [text.lower() for text in content] if isinstance(content, list) else content.lower()
            setattr(value, field, content)
        for text in content if isinstance(content, dict | list) else [content]:
            if isinstance(text, str) and not _is_storable(text):
                raise BadRequestError(f"{name} has invalid Unicode")
        if content is not None and field in limits:
            _check_size(name, content, limits[field].setting(config))
    return value


def _check_size(name: str, content: str | int, most: int) -> None:
    if isinstance(content, str) and len(content) > most:
        raise BadRequestError(f"{name} must be at most {most} characters long")
    if isinstance(content, int) and content > most:
        raise BadRequestError(f"{name} must be at most {most}")


def _is_storable(text: str) -> bool:
    """Whether it has no NUL and no lone surrogate: databases and UTF-8 can't hold them."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


def _explained(error: msgspec.ValidationError) -> BadRequestError:
    """The library's message (``Expected `str`, got `int` - at `$.email` ``) in ours."""
    problem, _, path = str(error).partition(" - at ")
    field = path.strip("`").removeprefix("$.").removeprefix("$") or "the body"
    if missing := re.fullmatch(r"Object missing required field `(\w+)`", problem):
        return BadRequestError(f"{missing[1]} is missing")
    if wrong := _WRONG_TYPE.fullmatch(problem):
        wanted = wrong["wanted"].strip()
        return BadRequestError(f"{field} must be {_NAMES.get(wanted, wanted)}")
    if size := _WRONG_SIZE.fullmatch(problem):
        most = "at most" if size["bound"] == "<=" else "at least"
        return BadRequestError(f"{field} must be {most} {size['number']}{_COUNTED.get(size['kind'], '')}")
    if "{24}" in problem:  # the pattern of ids
        return BadRequestError(f"{field} must be an id: 24 hexadecimal digits")
    return BadRequestError(f"{field} is invalid: {problem[0].lower()}{problem[1:]}" if path else problem)
