"""The HTTP interface as an OpenAPI 3.1 document, made from the routes and what each declares (`middleware.endpoint`)."""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from http import HTTPStatus
from itertools import groupby
from typing import Any

import msgspec
from flask import Flask
from werkzeug.routing import Rule

from chat import errors
from chat.answers import Failure
from chat.config import Config
from chat.errors import ChatError
from chat.middleware.auth import COOKIE
from chat.middleware.binding import bounds
from chat.middleware.endpoint import Operation
from chat.middleware.origins import READING
from chat.schemas import Id
from chat.version import VERSION

ABOUT = """\
Ids are 24 hexadecimal digits. Times are ISO 8601 in UTC with milliseconds. Unknown keys are ignored, and `null` is the
same as absent. Every failure is `{message, code, error}`: a message for people (`error` repeats it for older clients)
and a stable code. An unknown address is 404 `not_found`, a method that an address doesn't accept is 405
`method_not_allowed`.\
"""
# The failures of a route that come from what it is, besides those that it declares.
ALWAYS = (errors.InternalError,)
CHANGING = (errors.CrossSiteError,)
GUARDED = (
    errors.NoTokenError,
    errors.InvalidTokenError,
    errors.UserNotFoundError,
    errors.WrongUserError,
    errors.EmailNotVerifiedError,
    errors.RateLimitedError,
    errors.DatabaseUnavailableError,
    errors.DatabaseDamagedError,
    errors.DatabaseTooNewError,
)
WITH_ID = (errors.BadRequestError, errors.NotFoundError)
WITH_QUERY = (errors.BadRequestError,)
WITH_BODY = (
    errors.BadRequestError,
    errors.TooLargeError,
    errors.NotJsonError,
    errors.RateLimitedError,
    errors.DatabaseUnavailableError,
    errors.DatabaseDamagedError,
    errors.DatabaseTooNewError,
)
WITH_TOKEN = (errors.InvalidTokenError,)

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
SECURITY = {
    "cookie": {"type": "apiKey", "in": "cookie", "name": COOKIE},
    "bearer": {"type": "http", "scheme": "bearer", "description": "For clients without cookies; see `?token=1`."},
    "metrics": {"type": "http", "scheme": "bearer", "description": "The setting METRICS_TOKEN."},
}
LOGIN: list[dict[str, list[str]]] = [{"cookie": []}, {"bearer": []}]  # one of them
HEADERS = {429: {"Retry-After": "How many seconds to wait."}}
REFERENCES = "#/components/schemas/{name}"
VARIABLE = re.compile(r"<(?:\w+:)?(\w+)>")
ALIAS = "message"  # the blueprint that answers below the singular /api/message/ as /api/messages/ does


@lru_cache(maxsize=1)
def document(app: Flask, config: Config) -> dict[str, Any]:
    """The document of ``app``, with the bounds that its settings give."""
    components: dict[str, Any] = {}
    paths: dict[str, dict[str, Any]] = {}
    for rule, view in _declared(app, config):
        path = VARIABLE.sub(lambda variable: f"{{{_camel(variable[1])}}}", rule.rule)
        for method in METHODS:
            if method in (rule.methods or ()):
                described = _operation(rule, method, view, components, config)
                paths.setdefault(path, {})[method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {"title": "Chat", "version": VERSION, "description": ABOUT},
        "servers": [{"url": "/"}],
        "tags": [
            {"name": name, "description": _about(bp.import_name)}
            for name, bp in app.blueprints.items()
            if name != ALIAS
        ],
        "paths": paths,
        "components": {"schemas": dict(sorted(components.items())), "securitySchemes": SECURITY},
    }


def schema(kind: object, components: dict[str, Any], config: Config) -> Any:
    """The JSON Schema of a type. The Structs that it refers to are added to ``components``."""
    (found,), structs = msgspec.json.schema_components([kind], ref_template=REFERENCES)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        names = dict(zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True))
        for field, bound in bounds(kind).items():
            shape = _not_null(structs[kind.__name__]["properties"][names[field]])
            shape["maximum" if shape["type"] == "integer" else "maxLength"] = bound.setting(config)
    components |= structs
    return found


def _declared(app: Flask, config: Config) -> Iterator[tuple[Rule, Any]]:
    """The routes with a declaration, and their views; without those that need a setting that is not set."""
    for rule in app.url_map.iter_rules():
        view: Any = app.view_functions[rule.endpoint]
        operation: Operation | None = getattr(view, "operation", None)
        alias = rule.endpoint.startswith(f"{ALIAS}.")
        if operation and not alias and (operation.opened_by is None or operation.opened_by(config)):
            yield rule, view


def _operation(rule: Rule, method: str, view: Any, components: dict[str, Any], config: Config) -> dict[str, Any]:
    operation: Operation = view.operation
    guarded = "guarded" in view.__dict__
    failures = {*operation.fails, *view.__dict__.get("fails", ()), *ALWAYS}
    failures |= {*(CHANGING if method not in READING else ()), *(GUARDED if guarded else ())}
    failures |= {error for name, kind in operation.takes.items() for error in _failures_with(name, kind)}
    security = LOGIN if guarded else []
    if operation.opened_by:
        security = [{"metrics": []}]
        failures |= set(WITH_TOKEN)
    described = {
        "operationId": rule.endpoint,
        "summary": view.__doc__,
        "tags": [rule.endpoint.partition(".")[0]],
        "parameters": list(_parameters(rule, operation, components, config)),
        "responses": {**_successes(operation, components, config), **_failures(failures, components, config)},
        "security": security,
    }
    if "body" in operation.takes:
        content = _content(operation.takes["body"], components, config)
        described["requestBody"] = {"required": True, "content": content}
    return described


def _failures_with(name: str, kind: object) -> tuple[type[ChatError], ...]:
    """The failures that come with a parameter of a view."""
    return {"body": WITH_BODY, "query": WITH_QUERY}.get(name, WITH_ID if kind == Id else WITH_QUERY)


def _parameters(
    rule: Rule, operation: Operation, components: dict[str, Any], config: Config
) -> Iterator[dict[str, Any]]:
    for name in VARIABLE.findall(rule.rule):
        shape = schema(operation.takes[name], components, config)
        yield {"name": _camel(name), "in": "path", "required": True, "schema": shape}
    if "query" in operation.takes:
        structs: dict[str, Any] = {}
        schema(operation.takes["query"], structs, config)
        (query,) = structs.values()
        for name, shape in query["properties"].items():
            required = name in query["required"]
            yield {"name": name, "in": "query", "required": required, "schema": _not_null(shape)}


def _not_null(shape: dict[str, Any]) -> Any:
    """The schema of a value that is given: without the null of an optional field."""
    return next((one for one in shape.get("anyOf", ()) if one != {"type": "null"}), shape)


def _successes(operation: Operation, components: dict[str, Any], config: Config) -> dict[str, Any]:
    content = _content(operation.answer, components, config)
    answer = {**_headers(operation.headers), "content": content}
    return {str(status): {"description": HTTPStatus(status).phrase, **answer} for status in operation.statuses}


def _failures(failures: Iterable[type[ChatError]], components: dict[str, Any], config: Config) -> dict[str, Any]:
    """One response for each status, with its codes and what they mean."""
    found: dict[str, Any] = {}
    for status, group in groupby(sorted(failures, key=lambda error: (error.status, error.code)), lambda e: e.status):
        these = list(group)
        codes = {"properties": {"code": {"enum": [error.code for error in these]}}}
        found[str(status)] = {
            "description": "\n".join(f"- `{error.code}`: {error.__doc__}" for error in these),
            **_headers(HEADERS.get(status, {})),
            "content": {"application/json": {"schema": {**schema(Failure, components, config), **codes}}},
        }
    return found


def _content(kind: object, components: dict[str, Any], config: Config) -> dict[str, Any]:
    return {kind: {}} if isinstance(kind, str) else {"application/json": {"schema": schema(kind, components, config)}}


def _headers(headers: Mapping[str, str]) -> dict[str, Any]:
    described = {name: {"description": about, "schema": {"type": "string"}} for name, about in headers.items()}
    return {"headers": described} if described else {}


def _camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda letter: letter[1].upper(), name)


def _about(module: str) -> str:
    return (sys.modules[module].__doc__ or "").strip()
