"""What blocks the event loop is noticed, with its cause; a machine that is merely busy is not."""

from collections.abc import Callable

import pytest

from tests.realtime.conftest import Server
from tests.services import STALLED


@pytest.mark.parametrize("worker", ["eventlet", "gevent"])
def test_a_stall_is_logged_with_its_stack_and_counted(worker: str, start: Callable[..., Server]) -> None:
    server = start(worker, STALL_MS="100")
    server.post("/compute/20")
    server.pause()
    server.resume()
    assert server.state["stalls"] == 0
    server.post("/compute/300")
    assert server.state["stalls"] == 1
    log = server.log()
    assert STALLED in log
    assert "in compute" in log
    (server.folder / "log").write_text("")  # or it fails the test


def test_a_server_that_stalled_fails_its_test() -> None:
    with pytest.raises(AssertionError, match=STALLED):
        _run_a_server_that_stalls()


def _run_a_server_that_stalls() -> None:
    with Server("eventlet") as server:
        server.post("/compute/900")
        server.get("/state")
