"""Who may open a socket, and who is seen online."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import socketio.exceptions

from chat.config import Config
from tests.clients.http import Person
from tests.clients.sockets import Socket, wait_until

SignUp = Callable[[str], Person]
Connect = Callable[..., Socket]
TRANSPORTS = [["polling"], ["websocket"]]


def _sees(socket: Socket, *people: Person) -> None:
    ids = {person.id for person in people}
    wait_until(lambda: set(socket.all("getOnlineUsers")[-1:][0] if socket.all("getOnlineUsers") else []) == ids)


@pytest.mark.parametrize("transports", TRANSPORTS)
def test_a_new_socket_gets_the_online_users(sign_up: SignUp, connect: Connect, transports: list[str]) -> None:
    ann = sign_up("Ann")
    assert connect(ann, transports=transports).wait_for("getOnlineUsers") == [ann.id]


def test_all_sockets_are_told_when_a_user_connects_and_disconnects(sign_up: SignUp, connect: Connect) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    anns = connect(ann)
    bobs = connect(bob)
    _sees(anns, ann, bob)
    bobs.close()
    _sees(anns, ann)


def test_closing_one_of_two_tabs_keeps_the_user_online(sign_up: SignUp, connect: Connect) -> None:
    ann, bob, carl = sign_up("Ann"), sign_up("Bob"), sign_up("Carl")
    anns, tab, _other_tab = connect(ann), connect(bob), connect(bob)
    tab.close()
    connect(carl)
    _sees(anns, ann, bob, carl)


def test_a_burst_of_connections_is_combined_into_few_broadcasts(sign_up: SignUp, connect: Connect) -> None:
    ann = sign_up("Ann")
    anns = connect(ann)
    others = [sign_up(f"Person{number}") for number in range(8)]
    _sees(anns, ann)
    before = len(anns.all("getOnlineUsers"))
    for other in others:
        connect(other)
    _sees(anns, ann, *others)
    assert len(anns.all("getOnlineUsers")) - before < len(others) + 1


def test_a_client_that_asks_for_differences_gets_the_list_once(sign_up: SignUp, connect: Connect) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    anns = connect(ann, auth={"presence": "diff"})
    bobs = connect(bob)
    anns.wait_for("presence", lambda news: bob.id in news["online"])
    bobs.close()
    anns.wait_for("presence", lambda news: bob.id in news["offline"])
    assert anns.all("getOnlineUsers") == [[ann.id]]


@pytest.mark.parametrize("transports", TRANSPORTS)
@pytest.mark.parametrize("auth", [None, {}, {"token": "nonsense"}, {"token": {"$ne": None}}, {"token": None}])
def test_without_a_valid_token_a_socket_is_refused(connect: Connect, auth: Any, transports: list[str]) -> None:
    with pytest.raises(socketio.exceptions.ConnectionError):
        connect(auth=auth, transports=transports)


def test_a_token_in_the_handshake_works_like_the_cookie(sign_up: SignUp, connect: Connect) -> None:
    ann = sign_up("Ann")
    assert connect(auth={"token": ann.token}).wait_for("getOnlineUsers") == [ann.id]


def test_the_user_id_in_the_query_is_never_believed(sign_up: SignUp, live: str) -> None:
    ann = sign_up("Ann")
    with pytest.raises(socketio.exceptions.ConnectionError):
        Socket(f"{live}?userId={ann.id}")


@pytest.mark.parametrize("transports", TRANSPORTS)
def test_a_foreign_origin_is_refused(sign_up: SignUp, connect: Connect, transports: list[str]) -> None:
    with pytest.raises(socketio.exceptions.ConnectionError):
        connect(sign_up("Ann"), headers={"Origin": "https://evil.example"}, transports=transports)


@pytest.mark.parametrize("transports", TRANSPORTS)
def test_the_own_origin_and_allowed_ones_can_connect(
    sign_up: SignUp, connect: Connect, live: str, transports: list[str]
) -> None:
    for origin in (live, "http://localhost:5173"):
        assert connect(sign_up("Ann"), headers={"Origin": origin}, transports=transports).connected


def test_logout_closes_only_the_sockets_of_that_session(sign_up: SignUp, connect: Connect) -> None:
    ann = sign_up("Ann")
    here = connect(ann)
    there = connect(ann.log_in())
    ann.http.post("/api/auth/logout")
    here.wait_for("sessionRevoked")
    wait_until(lambda: not here.connected)
    assert there.connected


def test_last_seen_is_when_the_last_tab_was_closed(sign_up: SignUp, connect: Connect) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")

    def last_seen() -> str | None:
        seen: str | None = ann.http.get("/api/messages/users").json()[0]["lastSeen"]
        return seen

    assert last_seen() is None
    connect(bob).close()
    assert wait_until(last_seen) > bob.user["createdAt"]


class TestWithAllowQueryUserId:
    """What development may allow for clients that send no cookie."""

    @pytest.fixture
    def config(self, config: Config) -> Config:
        return replace(config, allow_query_user_id=True)

    def test_the_user_id_in_the_query_is_accepted(self, sign_up: SignUp, live: str) -> None:
        ann, bob = sign_up("Ann"), sign_up("Bob")
        with Socket(f"{live}?userId={bob.id}") as socket:
            message = ann.send(bob, "hello")
            assert socket.wait_for("newMessage") == message

    def test_an_unknown_user_id_is_refused(self, live: str) -> None:
        with pytest.raises(socketio.exceptions.ConnectionError):
            Socket(f"{live}?userId={'a' * 24}")
