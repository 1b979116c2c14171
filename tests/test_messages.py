"""The sidebar, history, and sending between two people."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from chat.errors import DatabaseUnavailableError
from tests.clients.http import Person
from tests.clients.sockets import Socket
from tests.clients.wsgi import in_process
from tests.conftest import MakeApp
from tests.images import png

SignUp = Callable[[str], Person]
Connect = Callable[..., Socket]


def test_sending_returns_the_message(sign_up: SignUp) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    answer = ann.http.post(f"/api/messages/send/{bob.id}", json={"text": "hello", "image": None})
    assert answer.status_code == 201
    message = answer.json()
    assert set(message) == {
        *("_id", "senderId", "receiverId", "text", "createdAt", "updatedAt"),
        *("conversation", "seq", "rev"),
    }
    assert (message["senderId"], message["receiverId"], message["text"]) == (ann.id, bob.id, "hello")


def test_both_read_the_same_history_oldest_first(sign_up: SignUp) -> None:
    ann, bob, carl = sign_up("Ann"), sign_up("Bob"), sign_up("Carl")
    sent = [ann.send(bob, "one"), bob.send(ann, "two"), ann.send(bob, "three")]
    ann.send(carl, "not for Bob")
    assert ann.http.get(f"/api/messages/{bob.id}").json() == sent
    assert bob.http.get(f"/api/messages/{ann.id}").json() == sent


def test_messages_of_a_conversation_are_numbered_from_one_without_gaps(sign_up: SignUp) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    sent = [person.send(other, "x") for person, other in [(ann, bob), (bob, ann)] * 3]
    assert [(message["seq"], message["rev"]) for message in sent] == [(n, n) for n in range(1, 7)]


def test_history_comes_in_pages_with_a_link_to_the_older_one(sign_up: SignUp) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    for number in range(1, 6):
        ann.send(bob, str(number))
    path, pages = f"/api/messages/{bob.id}?limit=2", []
    while path:
        answer = ann.http.get(path)
        pages.append([message["text"] for message in answer.json()])
        link = re.fullmatch(r'<(.+)>; rel="prev"', answer.headers.get("Link", ""))
        path = link[1] if link else ""
    assert pages == [["4", "5"], ["2", "3"], ["1"]]


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "limit=-1", "before=0", "before=1.5", "limit="])
def test_a_page_out_of_bounds_is_refused(sign_up: SignUp, query: str) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    assert ann.http.get(f"/api/messages/{bob.id}?{query}").status_code == 400


def test_a_message_can_be_an_image_without_text(sign_up: SignUp) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    answer = ann.http.post(f"/api/messages/send/{bob.id}", json={"text": "", "image": png()})
    assert answer.status_code == 201
    message = answer.json()
    assert "text" not in message
    assert bob.http.get(message["image"]).status_code == 200


@pytest.mark.parametrize(
    "body", [{}, {"text": ""}, {"text": " \n"}, {"text": None, "image": None}, {"text": "x" * 4001}]
)
def test_an_empty_or_too_long_message_is_refused_and_not_stored(sign_up: SignUp, body: dict[str, Any]) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    assert ann.http.post(f"/api/messages/send/{bob.id}", json=body).status_code == 400
    assert ann.http.get(f"/api/messages/{bob.id}").json() == []


def test_a_text_of_4000_characters_of_any_script_is_stored_unchanged(sign_up: SignUp) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    text = " 😀ß\n" * 1000
    assert ann.send(bob, text)["text"] == text
    assert bob.http.get(f"/api/messages/{ann.id}").json()[0]["text"] == text


def test_the_maximum_length_of_a_text_is_a_setting(make_app: MakeApp) -> None:
    app = make_app(max_text_length=3)
    ann = in_process(app).sign_up("Ann", "ann@example.org")
    assert ann.http.post(f"/api/messages/send/{ann.id}", json={"text": "four"}).status_code == 400


@pytest.mark.parametrize(("user_id", "status"), [("a" * 24, 404), ("xyz", 400), ("a" * 25, 400), ("%00", 400)])
def test_an_unknown_user_is_404_and_a_malformed_id_is_400(sign_up: SignUp, user_id: str, status: int) -> None:
    ann = sign_up("Ann")
    assert ann.http.get(f"/api/messages/{user_id}").status_code == status
    assert ann.http.post(f"/api/messages/send/{user_id}", json={"text": "x"}).status_code == status


def test_unknown_keys_are_ignored_and_not_stored(sign_up: SignUp) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    message = ann.send(bob, "hello", senderId=bob.id, seq=99, admin=True)
    assert (message["senderId"], message["seq"]) == (ann.id, 1)
    assert "admin" not in bob.http.get(f"/api/messages/{ann.id}").json()[0]


def test_users_can_send_messages_to_themselves(sign_up: SignUp) -> None:
    ann = sign_up("Ann")
    note = ann.send(ann, "buy milk")
    assert ann.http.get(f"/api/messages/{ann.id}").json() == [note]


def test_the_sidebar_lists_all_other_users_newest_conversation_first_then_by_name(sign_up: SignUp) -> None:
    ann, carl, bob, dora, eve = (sign_up(name) for name in ("Ann", "Carl", "Bob", "dora", "Eve"))
    ann.send(eve, "first")
    dora.send(ann, "second")
    names = [user["fullName"] for user in ann.http.get("/api/messages/users").json()]
    assert names == ["dora", "Eve", bob.user["fullName"], carl.user["fullName"]]


def test_the_sidebar_shows_the_last_message_and_what_is_unread(sign_up: SignUp) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    bob.send(ann, "one")
    last = bob.send(ann, "two")
    entry = ann.http.get("/api/messages/users").json()[0]
    assert {name: entry[name] for name in bob.user} == bob.user
    assert (entry["unread"], entry["lastMessage"]) == (2, last)
    assert bob.http.get("/api/messages/users").json()[0]["unread"] == 0


def test_a_message_is_pushed_to_every_socket_of_both_users_and_no_other(sign_up: SignUp, connect: Connect) -> None:
    ann, bob, carl = sign_up("Ann"), sign_up("Bob"), sign_up("Carl")
    ann_tab, bob_tab, bob_phone, carls = connect(ann), connect(bob), connect(bob), connect(carl)
    message = ann.send(bob, "hello")
    for socket in (ann_tab, bob_tab, bob_phone):
        assert socket.wait_for("newMessage") == message
    ann.send(carl, "after")
    carls.wait_for("newMessage", lambda message: message["text"] == "after")
    assert [message["text"] for message in carls.all("newMessage")] == ["after"]
    assert len(bob_tab.all("newMessage")) == 1


def test_messages_of_one_sender_arrive_in_order(sign_up: SignUp, connect: Connect) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    socket = connect(bob)
    for number in range(30):
        ann.send(bob, str(number))
    socket.wait_for("newMessage", lambda message: message["text"] == "29")
    assert [message["text"] for message in socket.all("newMessage")] == [str(number) for number in range(30)]


@pytest.mark.parametrize("method", ["append", "revise"])
def test_what_was_stored_without_an_answer_is_announced_when_it_is_repeated(
    app: Flask, sign_up: SignUp, connect: Connect, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    edited = f"/api/messages/{ann.send(bob, 'before')['_id']}"
    messages = app.extensions["chat"].store.messages
    write = getattr(messages, method)

    def lose(*args: Any, **options: Any) -> None:
        monkeypatch.undo()
        write(*args, **options)
        raise DatabaseUnavailableError

    monkeypatch.setattr(messages, method, lose)
    socket = connect(bob)
    for status in (503, 200):
        if method == "append":
            answer = ann.ask("POST", f"/api/messages/send/{bob.id}", {"text": "hello", "clientId": "1"})
        else:
            answer = ann.ask("PUT", edited, {"text": "hello"})
        assert answer.status_code == status
    pushed = socket.wait_for("newMessage" if method == "append" else "messageUpdated")
    assert pushed == answer.json()
