"""Who gets what: connecting, emitting, presence and the end of logins, on each kind of worker."""

import time
from collections.abc import Callable

import pytest
import socketio.exceptions

from tests.clients.sockets import Socket, wait_until
from tests.realtime.conftest import Server

Connect = Callable[..., Socket]
TRANSPORTS = [["polling"], ["websocket"], ["polling", "websocket"]]


@pytest.mark.parametrize("transports", TRANSPORTS)
def test_a_client_connects_and_is_answered(any_server: Server, connect: Connect, transports: list[str]) -> None:
    ann = connect(any_server, "ann.s1", transports=transports)
    assert "ann" in ann.wait_for("getOnlineUsers")
    assert ann.ask("echo", "ä" * 30_000) == {"ok": True, "data": "ä" * 30_000}


@pytest.mark.parametrize("transports", TRANSPORTS)
def test_a_user_gets_events_on_all_sockets_once_each(
    any_server: Server, connect: Connect, transports: list[str]
) -> None:
    first, second = [connect(any_server, "bob.s1", transports=transports) for _ in range(2)]
    other = connect(any_server, "carl.s1", transports=transports)
    for number in range(5):
        any_server.post("/emit/bob?own=bob", {"text": f"{number}"})
    for socket in (first, second):
        socket.wait_for("typing", lambda typing: typing["conversation"] == "4")
        assert [typing["conversation"] for typing in socket.all("typing")] == list("01234")
    assert other.all("typing") == []


def test_own_events_skip_sockets_that_named_their_user_in_the_query(server: Server, connect: Connect) -> None:
    own = connect(server, "dora.s1")
    with Socket(f"{server.url}?userId=dora", auth={"token": "dora.s2"}) as tutorial:
        server.post("/emit/nobody?own=dora", {"text": "own"})
        server.post("/emit/dora", {"text": "both"})
        own.wait_for("typing", lambda typing: typing["conversation"] == "both")
        tutorial.wait_for("typing", lambda typing: typing["conversation"] == "both")
        assert len(own.all("typing")) == 2
        assert len(tutorial.all("typing")) == 1


def test_users_are_online_until_their_last_socket_closes(any_server: Server, connect: Connect) -> None:
    eva, tab, other_tab = connect(any_server, "eva.s1"), connect(any_server, "fred.s1"), connect(any_server, "fred.s2")
    eva.wait_for("getOnlineUsers", lambda online: "fred" in online)
    tab.close()
    assert "fred" in any_server.state["online"]
    other_tab.close()
    wait_until(lambda: "fred" not in eva.all("getOnlineUsers")[-1])


def test_hidden_users_are_shown_as_offline(server: Server, connect: Connect) -> None:
    gina = connect(server, "gina.s1", auth={"presence": "diff"})
    connect(server, "hugo.s1")
    gina.wait_for("presence", lambda change: "hugo" in change["online"])
    server.post("/hide/gina", ["hugo"])
    gina.wait_for("presence", lambda change: "hugo" in change["offline"])
    server.post("/hide/gina", [])
    wait_until(lambda: "hugo" in gina.all("presence")[-1]["online"])


def test_a_login_that_ends_loses_its_sockets_only(any_server: Server, connect: Connect) -> None:
    ended, other = connect(any_server, "ina.ended"), connect(any_server, "ina.other")
    any_server.post("/end/ended")
    ended.wait_for("sessionRevoked")
    wait_until(lambda: not ended.connected)
    assert other.connected
    (any_server.ended / "ended").unlink()


def test_a_socket_ends_when_its_token_expires(any_server: Server, connect: Connect) -> None:
    jan = connect(any_server, f"jan.s1.{int(time.time()) + 2}")
    jan.wait_for("sessionRevoked")
    wait_until(lambda: not jan.connected)


def test_a_user_may_have_so_many_sockets_and_no_more(server: Server, connect: Connect) -> None:
    for number in range(5):
        connect(server, f"kim.s{number}")
    with pytest.raises(socketio.exceptions.ConnectionError):
        connect(server, "kim.s6")


@pytest.mark.parametrize("token", ["", "bug.s1"])
@pytest.mark.parametrize("transports", TRANSPORTS[:2])
def test_a_client_whose_connect_handler_refuses_or_fails_is_refused(
    any_server: Server, connect: Connect, token: str, transports: list[str]
) -> None:
    with pytest.raises(socketio.exceptions.ConnectionError):
        connect(any_server, token, transports=transports)


def test_a_handler_that_fails_leaves_the_socket_open(any_server: Server, connect: Connect) -> None:
    lea = connect(any_server, "lea.s1")
    assert lea.ask("fail") == {"ok": False}
    assert lea.ask("echo")["ok"]
