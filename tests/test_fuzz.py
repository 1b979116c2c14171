"""Whatever is generated out of the description of the API, the server answers as described; `scripts/fuzz` for long."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.fuzz import Fuzzer

REQUESTS = 6  # for each operation: it is the long run that finds what is rare
EVENTS = 150


@pytest.fixture
def fuzzer(live: str) -> Iterator[Fuzzer]:
    fuzzer = Fuzzer(live)
    yield fuzzer
    fuzzer.close()


def test_every_operation_answers_generated_requests_as_described(fuzzer: Fuzzer) -> None:
    for operation in fuzzer.operations:
        fuzzer.requests(operation, REQUESTS)
    assert not fuzzer.found, "\n".join(fuzzer.found)


def test_every_generated_event_is_acknowledged_and_the_socket_stays_open(fuzzer: Fuzzer) -> None:
    fuzzer.events(EVENTS)
    assert not fuzzer.found, "\n".join(fuzzer.found)


def test_an_undescribed_response_is_found(app: Flask, fuzzer: Fuzzer) -> None:
    def broken() -> dict[str, str]:
        return {"status": "not what is promised"}

    app.view_functions["site.healthz"] = broken
    healthz = next(operation for operation in fuzzer.operations if operation.path == "/healthz")
    fuzzer.requests(healthz, 1)
    assert fuzzer.found
