"""The server as people run it: real processes, both kinds, real clients, kills and dependencies that go away."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.clients.http import Person
from tests.clients.sockets import wait_until
from tests.node_runner import node
from tests.services import ChatServer, MongoServer

KINDS = ["flask", "gunicorn"]
STORES = ["sqlite", "mongo"]

ALL_MESSAGES = "100000"  # in one page of history: a fast machine sends more than the usual thousand


@pytest.fixture(scope="module")
def servers(mongo: str) -> Iterator[Callable[[str, str], ChatServer]]:
    """The server of a kind and on a store that these tests share, unless they stop it."""
    with ExitStack() as stack:

        @cache
        def start(kind: str, store: str) -> ChatServer:
            settings = {"MONGO_URL": f"{mongo}/chat_server_{kind}"} if store == "mongo" else {}
            return stack.enter_context(ChatServer(kind, **settings))

        yield start


@pytest.fixture
def server(request: pytest.FixtureRequest, servers: Callable[[str, str], ChatServer]) -> ChatServer:
    """The server of the kind, and on the store, that the test's parameter names."""
    return servers(*request.param)


def _on(*servers: tuple[str, str]) -> pytest.MarkDecorator:
    """Run a test on these servers; what shares one also shares a process of pytest's."""
    names = ["-".join(server) for server in servers]
    marks = [pytest.mark.xdist_group(f"servers-{name}") for name in names]
    params = [pytest.param(server, marks=mark) for server, mark in zip(servers, marks, strict=True)]
    return pytest.mark.parametrize("server", params, indirect=True, ids=names)


ON_EACH_KIND = _on(*((kind, "sqlite") for kind in KINDS))


@_on(*((kind, store) for kind in KINDS for store in STORES))
@pytest.mark.parametrize("transport", ["polling", "websocket"])
def test_two_people_chat_with_the_plain_javascript_client(server: ChatServer, transport: str) -> None:
    result = node("two_chat.mjs", BASE=server.url, TRANSPORT=transport)
    assert result["status"] == 201
    assert result["message"] == result["sent"]
    assert result["answered"]["ok"] is True
    events = dict(result["ann"])
    assert events["newMessage"]["text"] == "hello back"
    assert set(result["ids"]) <= set(events["getOnlineUsers"])


@ON_EACH_KIND
def test_a_socket_may_change_from_polling_to_websocket(server: ChatServer) -> None:
    ann = server.site.sign_up("Ann")
    with ann.socket() as socket:
        socket.wait_for("getOnlineUsers")
        assert socket.client.transport() == "websocket"
        ann.send(ann, "hello")
        assert socket.wait_for("newMessage")["text"] == "hello"


@ON_EACH_KIND
def test_the_page_is_served_at_the_root(server: ChatServer) -> None:
    answer = server.site.browser().get("/")
    assert answer.headers["Content-Type"].startswith("text/html")


@_on(("gunicorn", "sqlite"))
def test_logins_do_not_block_other_requests(server: ChatServer) -> None:
    ann = server.site.sign_up("Ann")
    with ThreadPoolExecutor(16) as pool:
        logins = [pool.submit(ann.log_in) for _ in range(16)]
        assert server.get("/healthz") == 200
        assert not all(login.done() for login in logins)
        assert len({login.result().token for login in logins}) == 16


def test_a_repeated_send_is_announced_again_after_the_process_that_stored_it_died() -> None:
    with ChatServer("flask") as server:
        ann, bob = server.site.sign_up("Ann"), server.site.sign_up("Bob")
        ann.send(bob, "stored before the end", clientId="1")
        server.kill()
        server.start()
        with bob.socket() as socket:
            ann.send(bob, "stored before the end", clientId="1")
            socket.wait_for("newMessage", lambda message: message["text"] == "stored before the end")
            ann.send(bob, "stored before the end", clientId="1")
            ann.send(bob, "the next one")
            socket.wait_for("newMessage", lambda message: message["text"] == "the next one")
            assert len(socket.all("newMessage")) == 2


def _send_until(stop: threading.Event, ann: Person, bob: Person, name: str) -> list[str]:
    """Send as fast as it goes; the texts that were answered 201."""
    kept = []
    number = 0
    while not stop.is_set():
        number += 1
        try:
            answer = ann.ask("POST", f"/api/messages/send/{bob.id}", {"text": f"{name} {number}"})
        except requests.RequestException:
            stop.wait(0.05)
            continue
        if answer.status_code == 201:
            kept.append(f"{name} {number}")
    return kept


def _kill_during_sends(server: ChatServer, victims: list[Any]) -> None:
    ann, bob = server.site.sign_up("Ann"), server.site.sign_up("Bob")
    with ThreadPoolExecutor(3) as pool:
        stop = threading.Event()
        senders = [pool.submit(_send_until, stop, ann, bob, f"sender {n}") for n in range(3)]
        for victim in victims:
            stop.wait(0.7)
            victim.kill()
            victim.start()
        stop.wait(0.7)
        stop.set()
        acknowledged = [text for sender in senders for text in sender.result()]
        assert len(acknowledged) > 20
        found = wait_until(lambda: bob.history(ann))
        texts = [message["text"] for message in found]
        assert set(acknowledged) <= set(texts)
        assert len(texts) == len(set(texts))
        assert [message["seq"] for message in found] == list(range(1, len(found) + 1))
        server.stop()
        server.start()
        assert bob.history(ann) == found


@pytest.mark.parametrize("kind", KINDS)
def test_a_kill_during_sends_loses_nothing_that_was_answered_201_on_sqlite(kind: str) -> None:
    with ChatServer(kind, MAX_HISTORY_PAGE=ALL_MESSAGES) as server:
        _kill_during_sends(server, [server, server])


def test_a_kill_of_server_or_database_loses_nothing_that_was_answered_201_on_mongo() -> None:
    with (
        MongoServer(durable=True) as mongo,
        ChatServer("gunicorn", MONGO_URL=f"{mongo.url}/chat", MAX_HISTORY_PAGE=ALL_MESSAGES) as server,
    ):
        _kill_during_sends(server, [server, mongo, server, mongo])


def test_an_unavailable_database_is_503_until_it_is_back() -> None:
    with MongoServer(durable=True) as mongo, ChatServer("gunicorn", MONGO_URL=f"{mongo.url}/chat") as server:
        ann = server.site.sign_up("Ann")
        before = ann.send(ann, "before")
        mongo.kill()
        answer = ann.ask("POST", f"/api/messages/send/{ann.id}", {"text": "lost"})
        assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
        assert server.get("/readyz") == 503
        assert server.get("/healthz") == 200
        mongo.start()
        after = ann.send(ann, "after")
        assert ann.history(ann) == [before, after]


def test_a_server_starts_while_its_database_is_down_and_serves_when_it_comes() -> None:
    mongo = MongoServer()
    with ChatServer("gunicorn", MONGO_URL=f"{mongo.url}/chat") as server:
        assert server.get("/readyz") == 503
        with mongo:
            wait_until(lambda: server.get("/readyz") == 200)


def test_production_does_not_start_without_a_strong_secret() -> None:
    short = ChatServer("gunicorn", APP_ENV="production", JWT_SECRET="short")
    with pytest.raises(RuntimeError, match="JWT_SECRET is weak"), short:
        pass


def test_a_custom_front_end_is_served_with_its_index_for_any_path(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<title>mine</title>")
    (tmp_path / "app.js").write_text("1")
    with ChatServer("gunicorn", FRONTEND_DIST=str(tmp_path)) as server:
        for path in ("/", "/profile", "/deep/link"):
            assert "mine" in server.site.browser().get(path).text
        assert server.site.browser().get("/app.js").text == "1"
        for path in ("/api/nothing", "/uploads/nothing"):
            assert server.get(path) == 404


class TestADatabaseOfTheExpressBackend:
    """Its users log in with their passwords, its messages are read in their order, new ones come after them."""

    @pytest.fixture
    def server(self, mongo: str, request: pytest.FixtureRequest) -> Iterator[tuple[ChatServer, Any]]:
        url = f"{mongo}/express_{abs(hash(request.node.name))}"
        written = node("express_writes.mjs", "5", MONGO_URL=url)
        with ChatServer("gunicorn", MONGO_URL=url) as server:
            yield server, written

    def _log_in(self, server: ChatServer, email: str) -> Person:
        return server.site.newcomer("", email, "old password").log_in()

    def test_is_served_as_it_is(self, server: tuple[ChatServer, Any]) -> None:
        chat, written = server
        ann, bob = self._log_in(chat, "ann@example.org"), self._log_in(chat, "BOB@example.org")
        assert (ann.id, bob.id) == (written["ann"], written["bob"])
        for history in (ann.history(bob), bob.history(ann)):
            assert [message["text"] for message in history] == written["texts"]
            assert set(history[0]) == {"_id", "senderId", "receiverId", "text", "createdAt", "updatedAt"}
        assert ann.send(bob, "new")["seq"] == 6
        assert [message["text"] for message in bob.history(ann)] == [*written["texts"], "new"]

    def test_can_be_paged_to_the_beginning(self, server: tuple[ChatServer, Any]) -> None:
        chat, written = server
        ann = self._log_in(chat, "Ann@Example.org")
        ann.call("POST", f"/api/messages/send/{written['bob']}", {"text": "new"})
        texts: list[str] = []
        path: str | None = f"/api/messages/{written['bob']}?limit=2"
        while path:
            answer = ann.http.get(path)
            texts = [message["text"] for message in answer.json()] + texts
            path = answer.links["prev"]["url"] if "prev" in answer.links else None
        assert texts == [*written["texts"], "new"]

    def test_refuses_a_second_account_for_an_email_in_different_case(self, server: tuple[ChatServer, Any]) -> None:
        chat, _ = server
        body = {"fullName": "Ann", "email": "ann@example.org", "password": "123456"}
        answer = chat.site.browser().post("/api/auth/signup", body)
        assert (answer.status_code, answer.json()["code"]) == (400, "user_exists")
