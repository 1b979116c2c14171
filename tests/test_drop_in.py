"""What clients of the Express backend rely on, the original ones and newer ones, and what the newest clients may send."""

import pytest
import socketio

from chat.config import Config
from tests.clients.http import PASSWORD, Browser, Person, Site, bearer, content
from tests.clients.sockets import Socket
from tests.clients.wsgi import in_process
from tests.conftest import Connect, MakeApp, SignUp


def _tutorial_socket(live: str, person: Person) -> Socket:
    """A socket as the tutorial's client opens it: with the user's id in the address."""
    return Socket(f"{live}?userId={person.id}", token=person.token)


def _texts(socket: Socket) -> list[str]:
    return [message["text"] for message in socket.all("newMessage")]


def test_a_socket_that_sent_its_user_id_hears_no_echo_of_its_users_messages(
    live: str, connect: Connect, ann: Person, bob: Person
) -> None:
    with _tutorial_socket(live, ann) as tutorial:
        other = connect(ann)
        ann.send(bob, "from Ann")
        bob.send(ann, "from Bob")
        other.wait_for("newMessage", lambda message: message["text"] == "from Bob")
        tutorial.wait_for("newMessage")
        assert _texts(other) == ["from Ann", "from Bob"]
        assert _texts(tutorial) == ["from Bob"]


def test_notes_to_oneself_reach_ones_own_sockets_once(live: str, connect: Connect, ann: Person) -> None:
    socket = connect(ann)
    ann.send(ann, "note")
    ann.send(ann, "end")
    socket.wait_for("newMessage", lambda message: message["text"] == "end")
    assert _texts(socket) == ["note", "end"]


def test_contacts_are_all_others_and_chats_those_with_a_conversation(sign_up: SignUp, ann: Person, bob: Person) -> None:
    carl = sign_up("Carl")
    bob.send(ann, "hello")
    contacts = [user["_id"] for user in ann.call("GET", "/api/messages/contacts")]
    chats = [user["_id"] for user in ann.call("GET", "/api/messages/chats")]
    assert contacts == [bob.id, carl.id]
    assert chats == [bob.id]


def test_the_singular_path_answers_as_the_plural_one(ann: Person, bob: Person) -> None:
    sent = ann.call("POST", f"/api/message/send/{bob.id}", {"text": "hello"})
    assert bob.call("GET", f"/api/message/{ann.id}") == bob.call("GET", f"/api/messages/{ann.id}") == [sent]
    assert ann.call("GET", "/api/message/users") == ann.call("GET", "/api/messages/users")


def test_history_pages_by_number_from_the_newest(ann: Person, bob: Person) -> None:
    for number in range(1, 8):
        ann.send(bob, str(number))

    def page(number: int) -> list[str]:
        path = f"/api/messages/{bob.id}?limit=3&page={number}"
        return [message["text"] for message in ann.call("GET", path)]

    assert [page(1), page(2), page(3), page(4)] == [["5", "6", "7"], ["2", "3", "4"], ["1"], []]
    assert ann.ask("GET", f"/api/messages/{bob.id}?page=0").status_code == 400


def test_typing_takes_a_receiver_id_and_its_end_is_accepted(connect: Connect, ann: Person, bob: Person) -> None:
    bobs, anns = connect(bob), connect(ann)
    assert anns.ask("typing", {"receiverId": bob.id.upper()}) == {"ok": True}
    assert bobs.wait_for("typing")["userId"] == ann.id
    assert anns.ask("stopTyping", {"receiverId": bob.id}) == {"ok": True}


@pytest.mark.parametrize("event", ["send_message", "typing"])
def test_an_event_for_both_a_user_and_a_room_is_refused(connect: Connect, ann: Person, bob: Person, event: str) -> None:
    room = ann.create_room("Room")["_id"]
    answer = connect(ann).ask(event, {"to": bob.id, "room": room, "text": "hello"})
    assert (answer["ok"], answer["code"]) == (False, "bad_request")
    assert ann.history(bob) == []


def test_ids_are_accepted_in_any_case(ann: Person, bob: Person) -> None:
    first = ann.send(bob, "first")
    reply = ann.call("POST", f"/api/messages/send/{bob.id.upper()}", {"text": "x", "replyTo": first["_id"].upper()})
    assert reply["replyTo"] == first["_id"]
    read = bob.call("POST", "/api/messages/read", {"conversation": first["conversation"].upper(), "seq": 2})
    assert read == {"conversation": first["conversation"], "seq": 2, "unread": 0}
    synced = bob.call("POST", "/api/messages/sync", {"cursors": {first["conversation"].upper(): 1}})
    assert [message["_id"] for message in synced["conversations"][0]["messages"]] == [reply["_id"]]


def test_a_request_in_the_name_of_another_user_changes_nothing(ann: Person, bob: Person) -> None:
    path = f"/api/messages/send/{bob.id}"
    refused = ann.ask("POST", path, {"text": "from Bob?"}, headers={"X-Chat-User": bob.id})
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_user")
    assert bob.history(ann) == []
    assert ann.ask("POST", path, {"text": "from Ann"}, headers={"X-Chat-User": ann.id}).status_code == 201


def test_a_socket_in_the_name_of_another_user_is_refused(connect: Connect, ann: Person, bob: Person) -> None:
    assert connect(ann, auth={"user": ann.id}).connected
    with pytest.raises(socketio.exceptions.ConnectionError):
        connect(ann, auth={"user": bob.id})


def test_the_limits_are_those_of_the_settings(make_app: MakeApp) -> None:
    limits = in_process(make_app(max_text_length=123)).browser().get("/api/limits").json()
    assert (limits["maxTextLength"], limits["minPasswordLength"], limits["maxPasswordBytes"]) == (123, 6, 72)


@pytest.mark.parametrize("path", ["/missing.js", "/phpinfo.php", "/.env", "/.git/config"])
def test_a_missing_or_hidden_file_is_404_and_not_the_page(client: Browser, path: str) -> None:
    assert client.get(path).status_code == 404


def test_no_hidden_file_and_no_file_outside_a_front_ends_folder_is_served(config: Config, make_app: MakeApp) -> None:
    folder = config.data_dir / "dist"
    folder.mkdir()
    (folder / "index.html").write_text("the page")
    (folder / ".secret.html").write_text("hidden")
    (config.data_dir / "outside.html").write_text("outside")
    (folder / "link.html").symlink_to(config.data_dir / "outside.html")
    browser = in_process(make_app(frontend_dist=folder)).browser()
    assert browser.get("/some/page").text == "the page"
    assert [browser.get(path).status_code for path in ("/.secret.html", "/link.html", "/missing.css")] == [404] * 3


def test_a_login_returns_its_token_only_if_asked(client: Browser, ann: Person) -> None:
    signup = {"fullName": "Phone", "email": "phone@example.org", "password": PASSWORD}
    login = {"email": ann.email, "password": PASSWORD}
    user = {"_id", "email", "fullName", "profilePic", "createdAt", "updatedAt"}
    for path, body in (("/api/auth/signup", signup), ("/api/auth/login", login), ("/api/auth/login?token=0", login)):
        assert set(content(client.post(path, body))) == user
    signup["email"] = "phone2@example.org"
    for path, body in (("/api/auth/signup", signup), ("/api/auth/login", login)):
        answer = client.post(f"{path}?token=1", body)
        assert set(content(answer)) == {*user, "token"}
        assert answer.json()["token"] == client.token
    assert client.post("/api/auth/login?token=maybe", login).status_code == 400


def test_a_phone_without_cookies_acts_by_its_bearer_token(
    site: Site, live: str, connect: Connect, ann: Person, bob: Person
) -> None:
    body = {"email": ann.email, "password": PASSWORD}
    token = site.browser().post("/api/auth/login?token=1", body).json()["token"]
    phone = bearer(token)
    socket = connect(auth={"token": token})
    sent = site.browser().post(f"/api/messages/send/{bob.id}", {"text": "from the phone"}, headers=phone)
    assert sent.status_code == 201
    assert socket.wait_for("newMessage")["_id"] == sent.json()["_id"]
    me = site.browser().get("/api/auth/check", headers=phone).json()["_id"]
    assert me == ann.id
    assert bob.http.get("/api/auth/check", headers=phone).json()["_id"] == bob.id  # his cookie decides
    assert site.browser().post("/api/auth/logout", headers=phone).status_code == 200
    assert socket.wait_for("sessionRevoked") is not None
    assert site.browser().get("/api/auth/check", headers=phone).json()["code"] == "invalid_token"
    assert ann.call("GET", "/api/auth/check")["_id"] == ann.id
