"""Writes `docs/events.md` and `docs/asyncapi.json` from the events in `chat.events` and `chat.sockets`.

Run ``.venv/bin/python scripts/event_docs.py``. With ``--check`` it writes nothing, and fails if they are out of date.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from chat import openapi
from chat.config import Config
from chat.events import SERVER_EVENTS
from chat.sockets import CLIENT_EVENTS
from chat.version import VERSION

DEFAULTS = Config(jwt_secret="")
INTRODUCTION = """\
# Socket.IO events

Socket.IO protocol v5 on the server's own host and port, path `/socket.io/`, polling and WebSocket. A connection is let in
by the cookie `jwt` or by `auth: {token}`, from pages of the server's own origin and of `CLIENT_ORIGINS`.

Every event from a client is answered through its acknowledgement: `{ok: true, …}` with the fields of the type in the
table, or `{ok: false, code, message}` with the same codes as over HTTP. A refused event changes nothing, and the socket
stays open. A client's events are handled in their order. A message is stored, then emitted, then acknowledged. The same
for programs: [asyncapi.json](asyncapi.json).

This page is written by `scripts/event_docs.py` from `chat/events.py` and `chat/sockets.py`.
"""


def markdown() -> str:
    """The page for people."""
    lines = [INTRODUCTION, "## From clients\n", "| event | payload | what it does | acknowledgement |", "|-|-|-|-|"]
    for name, sent in CLIENT_EVENTS.items():
        lines.append(f"| `{name}` | {_link(sent.payload)} | {sent.does} | {_link(sent.answer)} |")
    lines += ["\n## From the server\n", "| event | payload | when, and to whom |", "|-|-|-|"]
    for name, event in SERVER_EVENTS.items():
        lines.append(f"| `{name}` | {_link(event.payload)} | {event.when} |")
    lines.append("\n## Types\n")
    for name, kind in _schemas().items():
        lines += [f"### {name}\n", f"{_one_line(kind.get('description', ''))}\n"]
        if kind.get("properties"):
            lines += ["| field | type | required |", "|-|-|-|", *_fields(kind), ""]
    return "\n".join(lines).rstrip() + "\n"


def asyncapi() -> dict[str, Any]:
    """The same as an AsyncAPI 3.0 document, from the server's point of view: it receives what clients send."""
    messages = dict(_messages())
    references = {key: {"$ref": f"#/components/messages/{key}"} for key in messages}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Chat",
            "version": VERSION,
            "description": "The Socket.IO events of the chat, namespace `/`.",
        },
        "channels": {"socket": {"address": "/socket.io/", "messages": references}},
        "operations": {key.replace(".", "_"): _operation(key) for key in messages if not key.startswith("ack.")},
        "components": {"messages": messages, "schemas": _schemas()},
    }


def _messages() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, sent in CLIENT_EVENTS.items():
        yield f"client.{name}", {"name": name, "summary": sent.does, "payload": _schema(sent.payload, {})}
        ok = {"type": "object", "properties": {"ok": {"const": True}}, "required": ["ok"]}
        yield f"ack.{name}", {"name": f"{name}, acknowledged", "payload": {**ok, **_schema(sent.answer, {})}}
    for name, event in SERVER_EVENTS.items():
        yield f"server.{name}", {"name": name, "summary": event.when, "payload": _schema(event.payload, {})}


def _operation(key: str) -> dict[str, Any]:
    way, _, name = key.partition(".")
    operation: dict[str, Any] = {
        "action": "receive" if way == "client" else "send",
        "channel": {"$ref": "#/channels/socket"},
        "messages": [{"$ref": f"#/channels/socket/messages/{key}"}],
    }
    if way == "client":
        acknowledgement = {"$ref": f"#/channels/socket/messages/ack.{name}"}
        operation["reply"] = {"channel": {"$ref": "#/channels/socket"}, "messages": [acknowledgement]}
    return operation


def _schema(kind: object, components: dict[str, Any]) -> Any:
    return openapi.schema(kind, components, DEFAULTS)


def _schemas() -> dict[str, Any]:
    sent = [kind for event in CLIENT_EVENTS.values() for kind in (event.payload, event.answer)]
    components: dict[str, Any] = {}
    for kind in [*sent, *(event.payload for event in SERVER_EVENTS.values())]:
        _schema(kind, components)
    return dict(sorted(components.items()))


def _link(kind: Any) -> str:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return f"[{kind.__name__}](#{kind.__name__.lower()})"
    return "a list of ids"


def _fields(schema: dict[str, Any]) -> Iterator[str]:
    for name, field in schema["properties"].items():
        required = "yes" if name in schema.get("required", ()) else ""
        yield f"| `{name}` | {_type(field)} | {required} |"


def _type(field: dict[str, Any]) -> str:
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in field:
        return " or ".join(_type(one) for one in field["anyOf"] if one.get("type") != "null")
    if "enum" in field:
        return " or ".join(f"`{value}`" for value in field["enum"])
    if field["type"] == "array":
        return f"list of {_type(field['items'])}"
    if field["type"] == "object":
        return f"object of {_type(field['additionalProperties'])}"
    bounds = [f"{word} {field[key]}" for key, word in (("minLength", "from"), ("maxLength", "up to")) if key in field]
    detail = f" ({', '.join(bounds)} characters)" if bounds and field.get("title") != "id" else ""
    return str(field.get("title", field["type"])) + detail


def _one_line(text: str) -> str:
    return " ".join(text.replace("``", "`").split())


def files() -> dict[Path, str]:
    """What to write where."""
    return {
        ROOT / "docs" / "events.md": markdown(),
        ROOT / "docs" / "asyncapi.json": json.dumps(asyncapi(), indent=2, ensure_ascii=False) + "\n",
    }


def main() -> None:
    """Write the files, or with --check, exit with the names of those that are out of date."""
    if "--check" in sys.argv:
        sys.exit(" ".join(str(path) for path, content in files().items() if path.read_text() != content) or None)
    for path, content in files().items():
        path.write_text(content)


if __name__ == "__main__":
    main()
