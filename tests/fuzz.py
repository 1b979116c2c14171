"""Throws generated requests and events at a server, and holds every answer to the description of the API.

    scripts/fuzz --seconds 600                  a server of its own, on SQLite
    scripts/fuzz --seconds 600 --store mongo

Requests come out of `/api/openapi.json` (schemathesis), half of them as it asks and half of them not, and name things that
exist as often as things that do not. No answer may be a 5xx, or have a status, a type or a field that is not described; no
body may be taken that is not as described. Every event is acknowledged, and never with `internal_error`; the socket lives
on. It ends by itself; the exit code tells whether something was found.
"""

import contextlib
import itertools
import json
import sys
import time
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import quote

import click
import schemathesis
import socketio.exceptions
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, CheckFunction, load_all_checks
from schemathesis.core.failures import FailureGroup

from tests.clients.http import PASSWORD, Site
from tests.clients.sockets import Socket
from tests.images import png
from tests.services import ROOT, ChatServer, mongo_url

Operation = schemathesis.APIOperation[Any, Any, Any, Any]
Case = schemathesis.Case[Any]
PATIENCE = 20.0  # seconds for an answer
LONGEST_ADDRESS = 4000  # bytes; gunicorn refuses longer ones before they come to the chat
PROMISES = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
PICTURE = png(2, 2)
ASYNCAPI = json.loads((ROOT / "docs" / "asyncapi.json").read_text())["components"]
EVENTS = {  # what clients send, and the fields of each
    name.removeprefix("client."): ASYNCAPI["schemas"][message["payload"]["$ref"].rpartition("/")[2]][
        "properties"
    ].keys()
    for name, message in ASYNCAPI["messages"].items()
    if name.startswith("client.")
}
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
ANYTHING = st.recursive(
    SCALARS
    | st.sampled_from(["a" * 24, "data:image/png;base64,AAAA", "\ud800", "a\x00", "$where", "👍", 2**53, 2**70]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
load_all_checks()


class Inhabited:
    """A user, and things that exist: ``known`` has values by the names of the fields that may have them."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.renew()

    def renew(self) -> None:
        """Start over with other users: generated requests log out, change passwords, delete rooms."""
        self.me, other = self.site.sign_up("Fay"), self.site.sign_up("Fred")
        message = self.me.send(other, "hello", image=PICTURE)
        room = self.me.create_room("Room", public=True)["_id"]
        self.known: dict[str, list[Any]] = {
            "userId": [self.me.id, other.id],
            "id": [other.id, message["_id"]],
            "messageId": [message["_id"]],
            "roomId": [room],
            "room": [room],
            "to": [other.id],
            "with": [other.id, room],
            "sessionId": [session["id"] for session in self.me.call("GET", "/api/auth/sessions")],
            "conversation": [message["conversation"], room],
            "replyTo": [message["_id"]],
            "members": [[other.id]],
            "cursors": [{room: 0}],
            "seq": [1],
            "emoji": [quote("👍")],
            "clientId": ["1", "2"],
            "image": [PICTURE],
            "profilePic": [PICTURE],
            "email": [self.me.email],
            "password": [PASSWORD],
            "currentPassword": [PASSWORD],
        }


class Fuzzer:
    """Tries a server; ``tried`` counts, and ``found`` has what was wrong, in words."""

    def __init__(self, url: str) -> None:
        self.site = Site(url)
        self.inhabited, self.speaker = Inhabited(self.site), Inhabited(self.site)  # a login that ends closes its socket
        self.found: list[str] = []
        self.tried = 0
        self.description = self.site.browser().get("/api/openapi.json").json()
        self.operations: list[Operation] = [
            cast(Operation, found.ok())  # type: ignore[union-attr]  # that it is valid is tested
            for found in schemathesis.openapi.from_dict(self.description).get_all_operations()
        ]
        self.codes = _codes(self.description)
        self._socket: Socket | None = None

    def requests(self, operation: Operation, examples: int) -> None:
        """Try one operation with so many generated requests, while all that is known still exists."""
        self.inhabited.renew()
        _run(self._cases(operation), self._request, examples)

    def events(self, examples: int) -> None:
        """Try the socket with so many generated events, and then whether it lives."""
        _run(self._events(), self._event, examples)
        alive = self._live_socket().ask("sync", {"cursors": {}})
        if not alive.get("ok"):
            self.found.append(f"after all events, sync was answered {alive}")

    def close(self) -> None:
        """Close all connections."""
        self._hang_up()
        self.site.close()

    def _hang_up(self) -> None:
        if self._socket:
            self._socket.close()

    def _cases(self, operation: Operation) -> st.SearchStrategy[Case]:
        @st.composite
        def case(draw: st.DrawFn) -> Case:
            made: Case = draw(st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode)))
            for values in (made.path_parameters, made.query, made.body):
                if isinstance(values, dict):
                    values |= draw(_known(self.inhabited, values))
            return made

        return case()

    def _request(self, case: Case) -> None:
        if len(quote(f"{case.formatted_path}{case.query}")) > LONGEST_ADDRESS:
            return
        self.tried += 1
        answer = case.call(self.site.url, cookies={"jwt": self.inhabited.me.http.token}, timeout=PATIENCE)
        try:
            case.validate_response(answer, checks=cast(list[CheckFunction], CHECKS.get_by_names(PROMISES)))
        except FailureGroup as failures:
            self.found.append(str(failures))
        if answer.status_code < 300 and not self._is_described(case):
            self.found.append(f"{case.operation.label} took a body that is not as described: {case.body!r}")
        if answer.status_code == 401 or b"user_not_found" in answer.content:
            self.inhabited.renew()

    def _is_described(self, case: Case) -> bool:
        """Whether the body of a request is what the description says that the operation takes."""
        described = self.description["paths"][case.operation.path][case.operation.method.lower()].get("requestBody")
        if described is None:
            return True
        schema = described["content"]["application/json"]["schema"]
        components = self.description["components"]
        return Draft202012Validator({**schema, "components": components}).is_valid(case.body)

    def _events(self) -> st.SearchStrategy[tuple[str, Any]]:
        @st.composite
        def event(draw: st.DrawFn) -> tuple[str, Any]:
            name = draw(st.sampled_from(sorted(EVENTS)))
            shaped = st.fixed_dictionaries({}, optional=dict.fromkeys(EVENTS[name], ANYTHING))
            payload = draw(shaped | ANYTHING)
            if isinstance(payload, dict):
                payload |= draw(_known(self.speaker, payload))
            return name, payload

        return event()

    def _event(self, event: tuple[str, Any]) -> None:
        self.tried += 1
        try:
            acknowledged = self._live_socket().ask(*event)
        except socketio.exceptions.SocketIOError as error:
            self.found.append(f"{event} was not acknowledged: {error!r}")
            self._hang_up()
            return
        fine = isinstance(acknowledged, dict) and (acknowledged.get("ok") is True or self._refused(acknowledged))
        if not fine:
            self.found.append(f"{event} was acknowledged by {acknowledged!r}")

    def _refused(self, acknowledged: dict[str, Any]) -> bool:
        code = acknowledged.get("code")
        return acknowledged.get("ok") is False and code in self.codes and bool(acknowledged["message"])

    def _live_socket(self) -> Socket:
        if self._socket is None or not self._socket.connected:
            self._socket = self.speaker.me.socket()
        return self._socket


def _known(inhabited: Inhabited, values: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Values that exist in the place of most of those that may be such, and the rest as they are."""
    return st.fixed_dictionaries(
        {
            name: st.sampled_from([*inhabited.known[name] * 3, value])
            for name, value in values.items()
            if name in inhabited.known
        }
    )


def _codes(description: dict[str, Any]) -> set[str]:
    """The codes of all described failures that are not the server's own fault."""
    found: set[str] = set()

    def walk(part: Any) -> None:
        if isinstance(part, dict):
            found.update(part.get("properties", {}).get("code", {}).get("enum", ()))
        for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
            walk(inner)

    for methods in description["paths"].values():
        for operation in methods.values():
            for status, answer in operation["responses"].items():
                if status < "500":
                    walk(answer)
    return found


def _run(strategy: st.SearchStrategy[Any], attempt: Callable[[Any], None], examples: int) -> None:
    """Make examples, and go on where one shows something: a server that changes cannot be asked the same again."""

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def run(example: Any) -> None:
        attempt(example)

    run()


@click.command()
@click.option("--seconds", default=60.0, show_default=True)
@click.option("--store", type=click.Choice(["sqlite", "mongo"]), default="sqlite", show_default=True)
def main(seconds: float, store: str) -> None:
    """Fuzz a server of our own for so long."""
    end = time.monotonic() + seconds
    with contextlib.ExitStack() as stack:
        mongo = {"MONGO_URL": f"{stack.enter_context(mongo_url())}/fuzz"} if store == "mongo" else {}
        server = stack.enter_context(ChatServer("gunicorn", RATE_LIMITS="off", METRICS_TOKEN="m" * 32, **mongo))
        fuzzer = Fuzzer(server.url)
        stack.callback(fuzzer.close)
        for operation in itertools.cycle(fuzzer.operations):
            if time.monotonic() > end:
                break
            fuzzer.requests(operation, 20)
            fuzzer.events(20)
        errors = server.log().count("unexpected failure")
    for found in dict.fromkeys(fuzzer.found):
        print(found, "\n")
    print(f"{fuzzer.tried} requests and events in {seconds:g} s: {len(fuzzer.found)} findings, {errors} logged errors")
    sys.exit(bool(fuzzer.found or errors))


if __name__ == "__main__":
    main()
