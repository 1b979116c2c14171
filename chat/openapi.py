"""The HTTP interface as an OpenAPI 3.1 document, made out of the routes and what each declares (`middleware.operation`)."""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from itertools import groupby
from typing import Any

import msgspec
from flask import Flask
from werkzeug.routing import Rule

from chat.answers import Failure
from chat.codes import ALWAYS, CHANGING, CODES, GUARDED, WITH_BODY, WITH_ID, WITH_QUERY, WITH_TOKEN
from chat.config import Config
from chat.middleware.auth import COOKIE
from chat.middleware.operation import Operation
from chat.middleware.origins import READING
from chat.schemas import Id

REFERENCES = "#/components/schemas/{name}"
ABOUT = """\
Ids are 24 hexadecimal digits. Times are ISO 8601 in UTC with milliseconds. A key that is not named is ignored, and `null`
is the same as absent. Every failure is `{message, code}`: words for people, and a code that stays as it is. An unknown
address is 404 `not_found`, a method that an address does not take 405 `method_not_allowed`.\
"""
KEPT = "chat.openapi"  # where an app keeps its document
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
SECURITY = {
    "login": {"type": "apiKey", "in": "cookie", "name": COOKIE},
    "token": {"type": "http", "scheme": "bearer"},
}
VARIABLE = re.compile(r"<(?:\w+:)?(\w+)>")
HEADERS = {429: {"Retry-After": "How many seconds to wait."}}


def document(app: Flask) -> dict[str, Any]:
    """The document of ``app``, with the bounds that its settings give. It is made once."""
    if KEPT not in app.extensions:
        app.extensions[KEPT] = settle(_describe(app), app.extensions["chat.config"])
    kept: dict[str, Any] = app.extensions[KEPT]
    return kept


def _describe(app: Flask) -> dict[str, Any]:
    components: dict[str, Any] = {}
    paths: dict[str, dict[str, Any]] = {}
    for rule, view in _declared(app):
        path = VARIABLE.sub(lambda variable: f"{{{_camel(variable[1])}}}", rule.rule)
        for method in METHODS:
            if method in (rule.methods or ()):
                paths.setdefault(path, {})[method.lower()] = _operation(rule, method, view, components)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Chat", "version": "1", "description": ABOUT},
        "tags": [{"name": name, "description": _about(bp.import_name)} for name, bp in app.blueprints.items()],
        "paths": paths,
        "components": {"schemas": dict(sorted(components.items())), "securitySchemes": SECURITY},
    }


def _declared(app: Flask) -> Iterator[tuple[Rule, Any]]:
    """The routes with a declaration, and their views; without those that a setting has to open and does not."""
    for rule in app.url_map.iter_rules():
        view: Any = app.view_functions[rule.endpoint]
        operation: Operation | None = getattr(view, "operation", None)
        if operation and (not operation.token or getattr(app.extensions["chat.config"], operation.token)):
            yield rule, view


def schema(kind: object, components: dict[str, Any]) -> Any:
    """The JSON Schema of a type; the Structs that it refers to are added to ``components``."""
    (found,), structs = msgspec.json.schema_components([kind], ref_template=REFERENCES)
    components |= structs
    return found


def settle(value: Any, config: Config | type[Config]) -> Any:
    """The same JSON Schema with the values of settings for their names, such as ``"maxLength": "max_text_length"``."""
    if isinstance(value, dict):
        bounds = {
            key: getattr(config, value[key]) for key in ("maxLength", "maximum") if isinstance(value.get(key), str)
        }
        return {key: settle(inner, config) for key, inner in value.items()} | bounds
    return [settle(inner, config) for inner in value] if isinstance(value, list) else value


def _operation(rule: Rule, method: str, view: Any, components: dict[str, Any]) -> dict[str, Any]:
    operation: Operation = view.operation
    guards = (["login"] if "guarded" in view.__dict__ else []) + (["token"] if operation.token else [])
    codes = {*operation.fails, *ALWAYS, *(CHANGING if method not in READING else ())}
    codes |= {code for guard in guards for code in (GUARDED if guard == "login" else WITH_TOKEN)}
    codes |= {code for name, kind in operation.takes.items() for code in _codes_with(name, kind)}
    described = {
        "operationId": rule.endpoint,
        "summary": view.__doc__,
        "tags": [rule.endpoint.partition(".")[0]],
        "parameters": list(_parameters(rule, operation, components)),
        "responses": {**_successes(operation, components), **_failures(codes, components)},
        "security": [{guard: []} for guard in guards],
    }
    if "body" in operation.takes:
        described["requestBody"] = {"required": True, "content": _content(operation.takes["body"], components)}
    return described


def _codes_with(name: str, kind: object) -> tuple[str, ...]:
    """The codes that come with a parameter of a view."""
    return {"body": WITH_BODY, "query": WITH_QUERY}.get(name, WITH_ID if kind == Id else WITH_QUERY)


def _parameters(rule: Rule, operation: Operation, components: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name in VARIABLE.findall(rule.rule):
        shape = schema(operation.takes[name], components)
        yield {"name": _camel(name), "in": "path", "required": True, "schema": shape}
    if "query" in operation.takes:
        structs: dict[str, Any] = {}
        schema(operation.takes["query"], structs)
        (query,) = structs.values()
        for name, shape in query["properties"].items():
            required = name in query["required"]
            yield {"name": name, "in": "query", "required": required, "schema": _not_null(shape)}


def _not_null(shape: dict[str, Any]) -> Any:
    """A field of a query string: there is no null in it."""
    return next((one for one in shape.get("anyOf", ()) if one != {"type": "null"}), shape)


def _successes(operation: Operation, components: dict[str, Any]) -> dict[str, Any]:
    content = _content(operation.answer, components)
    answer = {**_headers(operation.headers), "content": content}
    return {str(status): {"description": HTTPStatus(status).phrase, **answer} for status in operation.statuses}


def _failures(codes: Iterable[str], components: dict[str, Any]) -> dict[str, Any]:
    """One answer for each status, with its codes and what they mean."""
    found: dict[str, Any] = {}
    for status, group in groupby(sorted(codes, key=CODES.__getitem__), lambda code: CODES[code][0]):
        these = list(group)
        shape = {**schema(Failure, components), "properties": {"code": {"enum": these}}}
        found[str(status)] = {
            "description": "\n".join(f"- `{code}`: {CODES[code][1]}" for code in these),
            **_headers(HEADERS.get(status, {})),
            "content": {"application/json": {"schema": shape}},
        }
    return found


def _content(kind: object, components: dict[str, Any]) -> dict[str, Any]:
    return {kind: {}} if isinstance(kind, str) else {"application/json": {"schema": schema(kind, components)}}


def _headers(headers: Mapping[str, str]) -> dict[str, Any]:
    described = {name: {"description": about, "schema": {"type": "string"}} for name, about in headers.items()}
    return {"headers": described} if described else {}


def _camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda letter: letter[1].upper(), name)


def _about(module: str) -> str:
    return (sys.modules[module].__doc__ or "").strip()
