"""Throws generated requests and events at a server, and holds every answer to the description of the API.

    .venv/bin/python scripts/fuzz.py --seconds 600                  a server of its own, on SQLite
    .venv/bin/python scripts/fuzz.py --seconds 600 --store mongo

Requests come out of `/api/openapi.json` (schemathesis), half of them as it asks and half of them not, and name things that
exist as often as things that do not. No answer may be a 5xx, or have a status, a type or a field that is not described; no
body may be taken that is not as described. Every event is acknowledged, and never with `internal_error`; the socket lives
on.

It needs requirements-dev.txt, and ends by itself; the exit code tells whether something was found.
"""

import base64
import contextlib
import io
import itertools
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import click
import requests
import schemathesis
import socketio.exceptions
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from PIL import Image
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, CheckFunction, load_all_checks
from schemathesis.core.failures import FailureGroup

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from chat.codes import CODES
from tests.sockets import Socket

from chat.events import FROM_CLIENT
from tests.services import ChatServer, mongo_url

Operation = schemathesis.APIOperation[Any, Any, Any, Any]
Case = schemathesis.Case[Any]
PASSWORD = "secret words"  # noqa: S105
PATIENCE = 20.0  # seconds for an answer
LONGEST_ADDRESS = 4000  # bytes; gunicorn refuses longer ones before they come to the chat
PROMISES = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.binary(max_size=8)
)
ANYTHING = st.recursive(
    SCALARS
    | st.sampled_from(["a" * 24, "data:image/png;base64,AAAA", "\ud800", "a\x00", "$where", "👍", 2**53, 2**70]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
load_all_checks()


class World:
    """Somebody who is logged in, and things that exist: ``known`` has values by the names of fields that may have them."""

    _numbers = itertools.count(time.time_ns())

    def __init__(self, url: str) -> None:
        self.url = url
        self.renew()

    def renew(self) -> None:
        """Begin anew with somebody else: generated requests log out, change passwords, delete rooms."""
        (other, _), (me, email) = self._sign_up(), self._sign_up()
        picture = _picture()
        message = self.ask("POST", f"/api/messages/send/{other}", {"text": "hello", "image": picture})
        room = self.ask("POST", "/api/rooms", {"name": "Room", "public": True})["_id"]
        self.known: dict[str, list[Any]] = {
            "userId": [me, other],
            "id": [other, message["_id"]],
            "messageId": [message["_id"]],
            "roomId": [room],
            "room": [room],
            "to": [other],
            "with": [other, room],
            "sessionId": [session["id"] for session in self.ask("GET", "/api/auth/sessions")],
            "conversation": [message["conversation"], room],
            "replyTo": [message["_id"]],
            "members": [[other]],
            "cursors": [{room: 0}],
            "seq": [1],
            "emoji": [quote("👍")],
            "clientId": ["1", "2"],
            "image": [picture],
            "profilePic": [picture],
            "email": [email],
            "password": [PASSWORD],
            "currentPassword": [PASSWORD],
        }

    @property
    def token(self) -> str:
        """The cookie of the login."""
        return self.http.cookies["jwt"] or ""

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The answer to a request that has to succeed."""
        answer = self.http.request(method, self.url + path, json=body, timeout=PATIENCE)
        answer.raise_for_status()
        return answer.json()

    def _sign_up(self) -> tuple[str, str]:
        self.http = requests.Session()
        email = f"{next(self._numbers)}@example.org"
        body = {"fullName": "Fay", "email": email, "password": PASSWORD}
        return self.ask("POST", "/api/auth/signup", body)["_id"], email


class Fuzzer:
    """Tries a server; ``tried`` counts, and ``found`` has what was wrong, in words."""

    def __init__(self, url: str) -> None:
        self.world, self.speaker = World(url), World(url)  # whose login ends loses the socket, too
        self.found: list[str] = []
        self.tried = 0
        self.description = requests.get(f"{url}/api/openapi.json", timeout=PATIENCE).json()
        self.operations: list[Operation] = [
            cast(Operation, found.ok())  # type: ignore[union-attr]  # that it is valid is tested
            for found in schemathesis.openapi.from_dict(self.description).get_all_operations()
        ]
        self._socket: Socket | None = None

    def requests(self, operation: Operation, examples: int) -> None:
        """Try one operation with so many generated requests, in a world in which all that is known still exists."""
        self.world.renew()
        _run(self._cases(operation), self._request, examples)

    def events(self, examples: int) -> None:
        """Try the socket with so many generated events, and then whether it lives."""
        _run(self._events(), self._event, examples)
        alive = self._live_socket().ask("sync", {"cursors": {}})
        if not alive.get("ok"):
            self.found.append(f"after all events, sync was answered {alive}")

    def close(self) -> None:
        """Close the socket."""
        if self._socket:
            self._socket.close()

    def _cases(self, operation: Operation) -> st.SearchStrategy[Case]:
        @st.composite
        def case(draw: st.DrawFn) -> Case:
            made: Case = draw(st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode)))
            for values in (made.path_parameters, made.query, made.body):
                if isinstance(values, dict):
                    values |= draw(_known(self.world, values))
            return made

        return case()

    def _request(self, case: Case) -> None:
        if len(quote(f"{case.formatted_path}{case.query}")) > LONGEST_ADDRESS:
            return
        self.tried += 1
        answer = case.call(self.world.url, cookies={"jwt": self.world.token}, timeout=PATIENCE)
        try:
            case.validate_response(answer, checks=cast(list[CheckFunction], CHECKS.get_by_names(PROMISES)))
        except FailureGroup as failures:
            self.found.append(str(failures))
        if answer.status_code < 300 and not self._is_described(case):
            self.found.append(f"{case.operation.label} took a body that is not as described: {case.body!r}")
        if answer.status_code == 401 or b"user_not_found" in answer.content:
            self.world.renew()

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
            name = draw(st.sampled_from(sorted(FROM_CLIENT)))
            fields = FROM_CLIENT[name].payload.__struct_encode_fields__
            shaped = st.fixed_dictionaries({}, optional=dict.fromkeys(fields, ANYTHING))
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
            self.close()
            return
        fine = isinstance(acknowledged, dict) and (acknowledged.get("ok") is True or _refused(acknowledged))
        if not fine:
            self.found.append(f"{event} was acknowledged by {acknowledged!r}")

    def _live_socket(self) -> Socket:
        if self._socket is None or not self._socket.connected:
            self._socket = Socket(self.speaker.url, token=self.speaker.token)
        return self._socket


def _known(world: World, values: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Values that exist in the place of most of those that may be such, and the rest as they are."""
    return st.fixed_dictionaries(
        {
            name: st.sampled_from([*world.known[name] * 3, value])
            for name, value in values.items()
            if name in world.known
        }
    )


def _refused(acknowledged: dict[str, Any]) -> bool:
    code = acknowledged.get("code")
    return acknowledged.get("ok") is False and code in CODES and CODES[code][0] < 500 and bool(acknowledged["message"])


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


def _picture() -> str:
    out = io.BytesIO()
    Image.new("RGB", (2, 2)).save(out, "png")
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"


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
