"""Numbers for Prometheus, for those who know the token."""

from collections.abc import Callable

import pytest

from tests.clients.http import Browser, Person
from tests.clients.sockets import Socket
from tests.clients.wsgi import in_process
from tests.conftest import MakeApp

TOKEN = {"Authorization": "Bearer let me count"}


@pytest.fixture
def app(make_app: MakeApp) -> object:
    """The app with its numbers shown."""
    return make_app(metrics_token="let me count")


def test_requests_sockets_and_failures_are_counted(
    sign_up: Callable[[str], Person], connect: Callable[..., Socket], client: Browser
) -> None:
    ann = sign_up("Ann")
    socket = connect(ann)
    socket.ask("typing", {"to": ann.id})
    socket.ask("typing", {"to": 1})
    client.get("/some/page")
    text = client.get("/metrics", headers=TOKEN).text
    for line in (
        'chat_http_request_seconds_count{method="POST",route="/api/auth/signup",status="200"} 1.0',
        'chat_http_request_seconds_count{method="other",route="other",status="200"} 1.0',
        "chat_online_users 1.0",
        "chat_sockets 1.0",
        'chat_socket_events_total{event="typing"} 2.0',
        'chat_socket_failures_total{code="bad_request"} 1.0',
    ):
        assert line in text.splitlines()
    assert ann.id not in text


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer guess"}, {"Authorization": "let me count"}])
def test_metrics_need_the_token(client: Browser, header: dict[str, str]) -> None:
    assert client.get("/metrics", headers=header).status_code == 401


def test_without_a_configured_token_there_are_no_metrics(make_app: MakeApp) -> None:
    answer = in_process(make_app()).browser().get("/metrics", headers=TOKEN)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
