"""Writes `docs/events.md` and `docs/asyncapi.json` out of the table in `chat/events.py`.

`.venv/bin/python scripts/event_docs.py`. With --check it writes nothing, and fails if they are out of date.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from chat.config import Config
from chat.events import FROM_CLIENT, FROM_SERVER
from chat.openapi import schema, settle

INTRODUCTION = """\
# Socket.IO events

Socket.IO protocol v5 on the server's own host and port, path `/socket.io/`, polling and WebSocket. A connection is let in
by the cookie `jwt` or by `auth: {token}`, from pages of the server's own origin and of `CLIENT_ORIGINS`.

Every event from a client is answered through its acknowledgement: `{ok: true, …}`, or `{ok: false, code, message}` with the
same codes as over HTTP; a refused event does no harm. A client's events are handled in their order. A message is stored
before anybody hears of it. The same in a form for programs: [asyncapi.json](asyncapi.json).

This page is written by `scripts/event_docs.py` out of `chat/events.py`.
"""


def markdown() -> str:
    """The page for people."""
    payloads = _schemas()
    lines = [INTRODUCTION, "## From clients\n", "| event | payload | what it does | acknowledgement has |", "|-|-|-|-|"]
    for name, asked in FROM_CLIENT.items():
        lines.append(f"| `{name}` | {_link(asked.payload)} | {asked.does} | {asked.answer} |")
    lines += ["\n## From the server\n", "| event | payload | when, and to whom |", "|-|-|-|"]
    for told_name, told in FROM_SERVER.items():
        lines.append(f"| `{told_name}` | {_link(told.payload)} | {told.when} |")
    lines.append("\n## Payloads\n")
    for name, payload in payloads.items():
        lines += [f"### {name}\n", f"{_one_line(payload.get('description', ''))}\n"]
        if payload.get("properties"):
            lines += ["| field | type | required |", "|-|-|-|", *_fields(payload), ""]
    return "\n".join(lines).rstrip() + "\n"


def asyncapi() -> dict[str, Any]:
    """The same as an AsyncAPI 3.0 document; the server's own view: it receives what clients ask, and sends the rest."""
    asked = {
        name: (event.payload, f"{event.does} Acknowledged with `ok` and {event.answer or 'nothing else'}.")
        for name, event in FROM_CLIENT.items()
    }
    told = {name: (event.payload, event.when) for name, event in FROM_SERVER.items()}
    messages = {
        f"{way}.{name}": {"name": name, "summary": summary, "payload": schema(payload, {})}
        for way, events in (("client", asked), ("server", told))
        for name, (payload, summary) in events.items()
    }
    references = {key: {"$ref": f"#/components/messages/{key}"} for key in messages}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Chat", "version": "1", "description": "The Socket.IO events of the chat, namespace `/`."},
        "channels": {"socket": {"address": "/socket.io/", "messages": references}},
        "operations": {
            key.replace(".", "_"): {
                "action": "receive" if key.startswith("client.") else "send",
                "channel": {"$ref": "#/channels/socket"},
                "messages": [{"$ref": f"#/channels/socket/messages/{key}"}],
            }
            for key in messages
        },
        "components": {"messages": messages, "schemas": _schemas()},
    }


def _schemas() -> dict[str, Any]:
    types = [asked.payload for asked in FROM_CLIENT.values()] + [told.payload for told in FROM_SERVER.values()]
    components: dict[str, Any] = {}
    for one in types:
        schema(one, components)
    settled: dict[str, Any] = settle(dict(sorted(components.items())), Config)
    return settled


def _link(payload: object) -> str:
    name = getattr(payload, "__name__", "")
    return (
        f"[{name}](#{name.lower()})"
        if isinstance(payload, type) and issubclass(payload, msgspec.Struct)
        else "a list of ids"
    )


def _fields(schema: dict[str, Any]) -> Iterator[str]:
    for name, field in schema["properties"].items():
        required = "yes" if name in schema.get("required", ()) else ""
        yield f"| `{name}` | {_type(field)} | {required} |"


def _type(field: dict[str, Any]) -> str:
    if "anyOf" in field:
        return " or ".join(_type(one) for one in field["anyOf"] if one.get("type") != "null")
    if "enum" in field:
        return " or ".join(f"`{value}`" for value in field["enum"])
    bounds = [f"{word} {field[key]}" for key, word in (("minLength", "from"), ("maxLength", "up to")) if key in field]
    detail = f" ({', '.join(bounds)} characters)" if bounds else ""
    if field["type"] == "array":
        return f"list of {_type(field['items'])}"
    if field["type"] == "object":
        return f"object of {_type(field['additionalProperties'])}"
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
