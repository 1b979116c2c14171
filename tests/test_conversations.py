"""Sends that repeat, edits, deletions, reactions, replies, read cursors, catching up, typing, search, blocks."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest

from chat.controllers import conversations
from tests.clients.http import Person
from tests.clients.sockets import Socket
from tests.images import png

SignUp = Callable[[str], Person]
Connect = Callable[..., Socket]


NO_SUCH_MESSAGE = {"message": "no such message", "code": "not_found", "error": "no such message"}


def _texts(person: Person, other: Person) -> list[str | None]:
    return [message.get("text") for message in person.http.get(f"/api/messages/{other.id}").json()]


def _entry(person: Person, other: Person) -> dict[str, Any]:
    entries: list[dict[str, Any]] = person.http.get("/api/messages/users").json()
    return next(entry for entry in entries if entry["_id"] == other.id)


def _sync(person: Person, cursors: dict[str, int]) -> list[dict[str, Any]]:
    answer = person.http.post("/api/messages/sync", json={"cursors": cursors})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["conversations"]
    return found


def _edit(person: Person, message: dict[str, Any], text: str) -> Any:
    return person.http.put(f"/api/messages/{message['_id']}", json={"text": text})


def _react(person: Person, message: dict[str, Any], emoji: str, method: str = "PUT") -> Any:
    return person.http.request(method, f"/api/messages/{message['_id']}/reactions/{quote(emoji)}")


class TestClientId:
    def test_a_repeated_send_is_answered_200_with_the_first_message(self, ann: Person, bob: Person) -> None:
        body = {"text": "hello", "clientId": "c1"}
        first, second = (ann.http.post(f"/api/messages/send/{bob.id}", json=body) for _ in "12")
        assert (first.status_code, second.status_code) == (201, 200)
        assert first.json() == second.json()
        assert _texts(bob, ann) == ["hello"]

    def test_the_same_send_twenty_times_at_once_is_kept_and_pushed_once(
        self, ann: Person, bob: Person, connect: Connect
    ) -> None:
        socket = connect(bob)

        def send(_: int) -> Any:
            return ann.http.post(f"/api/messages/send/{bob.id}", json={"text": "hello", "clientId": "c1"})

        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(send, range(20)))
        assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
        assert len({answer.json()["_id"] for answer in answers}) == 1
        ann.send(bob, "after")
        socket.wait_for("newMessage", lambda message: message["text"] == "after")
        assert [message["text"] for message in socket.all("newMessage")] == ["hello", "after"]

    @pytest.mark.parametrize("change", ["text", "image", "to"])
    def test_another_message_under_the_same_id_is_409(self, ann: Person, bob: Person, change: str) -> None:
        ann.send(bob, "hello", clientId="c1")
        other = {"text": {"text": "other"}, "image": {"image": "data:image/png;base64,AAAA"}, "to": {}}[change]
        to = ann if change == "to" else bob
        answer = ann.http.post(f"/api/messages/send/{to.id}", json={"text": "hello", "clientId": "c1", **other})
        assert (answer.status_code, answer.json()["code"]) == (409, "client_id_reused")

    def test_it_still_holds_after_an_edit(self, ann: Person, bob: Person) -> None:
        message = ann.send(bob, "hello", clientId="c1")
        _edit(ann, message, "changed")
        assert ann.send(bob, "hello", clientId="c1")["text"] == "changed"

    def test_two_senders_may_use_the_same_one(self, ann: Person, bob: Person) -> None:
        ann.send(bob, "from Ann", clientId="c1")
        bob.send(ann, "from Bob", clientId="c1")
        assert _texts(ann, bob) == ["from Ann", "from Bob"]


class TestEdit:
    def test_changes_the_text_and_takes_the_next_rev(self, ann: Person, bob: Person) -> None:
        message = ann.send(bob, "hello")
        ann.send(bob, "second")
        edited = _edit(ann, message, "changed").json()
        assert (edited["text"], edited["seq"], edited["rev"]) == ("changed", 1, 3)
        assert edited["editedAt"] >= message["createdAt"]
        assert _texts(bob, ann) == ["changed", "second"]

    def test_reaches_every_open_device_of_both(self, ann: Person, bob: Person, connect: Connect) -> None:
        message = ann.send(bob, "hello")
        sockets = [connect(ann), connect(bob), connect(bob)]
        edited = _edit(ann, message, "changed").json()
        for socket in sockets:
            assert socket.wait_for("messageUpdated") == edited

    def test_only_the_sender_can_do_it(self, sign_up: SignUp, ann: Person, bob: Person) -> None:
        message = ann.send(bob, "hello")
        for other in (bob, sign_up("Carl")):
            for answer in (_edit(other, message, "x"), other.http.delete(f"/api/messages/{message['_id']}")):
                assert (answer.status_code, answer.json()) == (404, NO_SUCH_MESSAGE)

    @pytest.mark.parametrize("text", ["", "  ", "x" * 4001])
    def test_to_an_empty_or_too_long_text_is_refused(self, ann: Person, bob: Person, text: str) -> None:
        assert _edit(ann, ann.send(bob, "hello"), text).status_code == 400
        assert _texts(bob, ann) == ["hello"]

    def test_to_the_same_text_changes_nothing(self, ann: Person, bob: Person) -> None:
        message = ann.send(bob, "hello")
        assert _edit(ann, message, "hello").json() == message

    def test_next_messages_are_numbered_above_it(self, ann: Person, bob: Person) -> None:
        _edit(ann, ann.send(bob, "hello"), "changed")
        message = ann.send(bob, "next")
        assert (message["seq"], message["rev"]) == (3, 3)


class TestDelete:
    def test_leaves_a_tombstone_without_text_or_image(self, ann: Person, bob: Person) -> None:
        message = ann.send(bob, "secret")
        _react(bob, message, "👍")
        tombstone = ann.http.delete(f"/api/messages/{message['_id']}").json()
        assert tombstone["deletedAt"]
        assert not {"text", "image", "reactions"} & set(tombstone)
        assert bob.http.get(f"/api/messages/{ann.id}").json() == [tombstone]

    def test_twice_is_the_same_as_once(self, ann: Person, bob: Person) -> None:
        path = f"/api/messages/{ann.send(bob, 'x')['_id']}"
        assert ann.http.delete(path).json() == ann.http.delete(path).json()

    def test_removes_the_image(self, ann: Person, bob: Person) -> None:
        message = ann.send(bob, "look", image=png())
        ann.http.delete(f"/api/messages/{message['_id']}")
        assert bob.http.get(message["image"]).status_code == 404

    def test_nothing_can_be_done_to_a_tombstone(self, ann: Person, bob: Person) -> None:
        message = ann.send(bob, "x")
        ann.http.delete(f"/api/messages/{message['_id']}")
        assert _edit(ann, message, "y").status_code == 404
        assert _react(bob, message, "👍").status_code == 404


class TestReactions:
    def test_are_stored_by_emoji_and_user(self, ann: Person, bob: Person) -> None:
        message = ann.send(bob, "hello")
        _react(ann, message, "👍")
        _react(bob, message, "👍")
        reacted = _react(bob, message, "❤️").json()
        assert reacted["reactions"] == {"👍": [ann.id, bob.id], "❤️": [bob.id]}

    def test_can_be_removed(self, ann: Person, bob: Person) -> None:
        message = ann.send(bob, "hello")
        _react(bob, message, "👍")
        assert "reactions" not in _react(bob, message, "👍", "DELETE").json()

    def test_twice_is_the_same_as_once(self, ann: Person, bob: Person) -> None:
        message = ann.send(bob, "hello")
        assert _react(bob, message, "👍").json() == _react(bob, message, "👍").json()

    @pytest.mark.parametrize("emoji", ["👨‍👩‍👧‍👦", "1️⃣", "🏳️‍🌈", "👍🏽", "🇩🇪"])
    def test_accept_emoji_of_several_code_points(self, ann: Person, bob: Person, emoji: str) -> None:
        assert _react(bob, ann.send(bob, "hello"), emoji).status_code == 200

    @pytest.mark.parametrize("emoji", ["a", "1", "$set", "a.b", "👍" * 17, " ", "é", "\u200b\n"])
    def test_accept_only_emoji(self, ann: Person, bob: Person, emoji: str) -> None:
        assert _react(bob, ann.send(bob, "hello"), emoji).status_code == 400

    def test_two_at_once_are_both_kept_under_different_revs(self, ann: Person, bob: Person) -> None:
        message = ann.send(bob, "hello")
        with ThreadPoolExecutor(2) as pool:
            revs = {answer.json()["rev"] for answer in pool.map(lambda who: _react(who, message, "👍"), (ann, bob))}
        assert revs == {2, 3}
        (found,) = ann.http.get(f"/api/messages/{bob.id}").json()
        assert sorted(found["reactions"]["👍"]) == sorted([ann.id, bob.id])


class TestReplies:
    def test_name_the_message_they_answer(self, ann: Person, bob: Person) -> None:
        message = ann.send(bob, "question")
        assert bob.send(ann, "answer", replyTo=message["_id"])["replyTo"] == message["_id"]

    def test_to_a_message_of_another_conversation_are_refused(self, sign_up: SignUp, ann: Person, bob: Person) -> None:
        elsewhere = ann.send(sign_up("Carl"), "x")["_id"]
        for reply_to in (elsewhere, "a" * 24):
            answer = bob.http.post(f"/api/messages/send/{ann.id}", json={"text": "x", "replyTo": reply_to})
            assert answer.status_code == 400


class TestReading:
    def test_moves_the_cursor_and_counts_what_is_left(self, ann: Person, bob: Person) -> None:
        messages = [ann.send(bob, str(number)) for number in range(3)]
        read = {"conversation": messages[0]["conversation"], "seq": 2}
        assert bob.http.post("/api/messages/read", json=read).json() == {**read, "unread": 1}
        assert _entry(bob, ann)["unread"] == 1
        assert _entry(ann, bob)["cursors"] == {ann.id: 0, bob.id: 2}

    def test_never_moves_backwards(self, ann: Person, bob: Person) -> None:
        conversation = [ann.send(bob, str(number)) for number in range(3)][0]["conversation"]
        for seq, cursor in ((3, 3), (1, 3), (0, 3)):
            answer = bob.http.post("/api/messages/read", json={"conversation": conversation, "seq": seq})
            assert answer.json()["seq"] == cursor

    def test_beyond_the_end_does_not_hide_what_comes_later(self, ann: Person, bob: Person) -> None:
        conversation = ann.send(bob, "one")["conversation"]
        bob.http.post("/api/messages/read", json={"conversation": conversation, "seq": 1000})
        ann.send(bob, "two")
        assert _entry(bob, ann)["unread"] == 1

    def test_own_and_deleted_messages_are_not_unread(self, ann: Person, bob: Person) -> None:
        bob.send(ann, "own to Bob")
        deleted = ann.send(bob, "deleted")
        ann.send(bob, "left")
        ann.http.delete(f"/api/messages/{deleted['_id']}")
        assert _entry(bob, ann)["unread"] == 1

    def test_reaches_the_other_user_and_my_other_devices(self, ann: Person, bob: Person, connect: Connect) -> None:
        message = ann.send(bob, "hello")
        anns, bobs, bobs_phone = connect(ann), connect(bob), connect(bob)
        receipt = {"conversation": message["conversation"], "userId": bob.id, "seq": 1}
        read = {"conversation": message["conversation"], "seq": 1}
        assert bobs.ask("read", read) == {"ok": True, **read, "unread": 0}
        assert anns.wait_for("read") == bobs_phone.wait_for("read") == receipt
        assert bobs.all("read") == []

    @pytest.mark.parametrize("conversation", ["x", "a" * 24, f"{'a' * 24}_{'b' * 24}", ""])
    def test_a_conversation_that_is_not_mine_is_404(self, ann: Person, conversation: str) -> None:
        answer = ann.http.post("/api/messages/read", json={"conversation": conversation, "seq": 1})
        assert answer.status_code == 404


class TestSync:
    def test_brings_what_is_new_and_what_changed(self, ann: Person, bob: Person) -> None:
        first, second = ann.send(bob, "one"), ann.send(bob, "two")
        edited = _edit(ann, first, "changed").json()
        conversation = first["conversation"]
        whole = {"id": conversation, "messages": [second, edited], "upTo": 3, "more": False}
        assert _sync(bob, {}) == [whole]
        assert _sync(bob, {conversation: 2}) == [{**whole, "messages": [edited]}]
        assert _sync(bob, {conversation: 3}) == []

    def test_includes_conversations_that_the_client_did_not_name(
        self, sign_up: SignUp, ann: Person, bob: Person
    ) -> None:
        carl = sign_up("Carl")
        known, unknown = ann.send(bob, "x"), carl.send(bob, "y")
        assert [found["id"] for found in _sync(bob, {known["conversation"]: 1})] == [unknown["conversation"]]

    def test_does_not_show_conversations_of_others(self, sign_up: SignUp, ann: Person, bob: Person) -> None:
        message = ann.send(bob, "private")
        assert _sync(sign_up("Carl"), {message["conversation"]: 0}) == []

    def test_comes_in_pages(self, ann: Person, bob: Person, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(conversations, "SYNC_PAGE", 2)
        conversation = [ann.send(bob, str(number)) for number in range(5)][0]["conversation"]
        texts, rev, more = [], 0, True
        while more:
            (page,) = _sync(bob, {conversation: rev})
            texts += [message["text"] for message in page["messages"]]
            rev, more = page["upTo"], page["more"]
        assert texts == ["0", "1", "2", "3", "4"]

    def test_one_response_is_bounded_and_says_if_there_is_more(
        self, sign_up: SignUp, ann: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(conversations, "SYNC_TOTAL", 1)
        ann.send(bob, "x")
        sign_up("Carl").send(bob, "y")
        assert sorted((len(found["messages"]), found["more"]) for found in _sync(bob, {})) == [(0, True), (1, False)]

    def test_over_the_socket_is_the_same(self, ann: Person, bob: Person, connect: Connect) -> None:
        message = ann.send(bob, "x")
        found = {"id": message["conversation"], "messages": [message], "upTo": 1, "more": False}
        assert connect(bob).ask("sync", {"cursors": {}}) == {"ok": True, "conversations": [found]}


class TestTyping:
    def test_reaches_only_the_other_user(self, sign_up: SignUp, ann: Person, bob: Person, connect: Connect) -> None:
        anns, bobs, carls = connect(ann), connect(bob), connect(sign_up("Carl"))
        assert anns.ask("typing", {"to": bob.id}) == {"ok": True}
        assert bobs.wait_for("typing")["userId"] == ann.id
        assert anns.all("typing") == carls.all("typing") == []


class TestSearch:
    def _find(self, person: Person, text: str, **query: Any) -> list[str]:
        answer = person.http.get("/api/messages/search", params={"q": text, **query})
        assert answer.status_code == 200, answer.text
        return [message["text"] for message in answer.json()]

    def test_is_case_insensitive_and_newest_first(self, ann: Person, bob: Person) -> None:
        ann.send(bob, "Hello World")
        bob.send(ann, "world peace")
        ann.send(bob, "nothing")
        assert self._find(ann, "WORLD") == ["world peace", "Hello World"]

    @pytest.mark.parametrize(
        "text", [".", ".*", "%", "_", "a.c", '"', "'", "\\", "(", "[a", "$", "*", "OR", "NEAR(", "-x"]
    )
    def test_treats_the_query_as_literal_text(self, ann: Person, bob: Person, text: str) -> None:
        ann.send(bob, f"has {text} inside")
        ann.send(bob, "abc xyz")
        assert self._find(bob, text) == [f"has {text} inside"]

    def test_finds_parts_of_words_short_ones_and_other_scripts(self, ann: Person, bob: Person) -> None:
        ann.send(bob, "Donaudampfschiff 東京 ÜBER")
        for text in ("dampf", "do", "東京", "über", "京"):
            assert self._find(ann, text) == ["Donaudampfschiff 東京 ÜBER"]

    @pytest.mark.parametrize(
        ("text", "query"),
        [
            ("a Café in the rain", "cafe"),
            ("a cafe in the rain", "CAFÉ"),
            ("cafe\u0301", "café"),
            ("die Straße", "STRASSE"),
            ("Οδυσσεύς", "ΟΔΥΣΣΕΥΣ"),
            ("Ёлка", "елка"),
            ("ｆｕｌｌ width", "full"),
            ("plan for friday evening", "friday plan"),
            ("明日は東京へ", "東京 明"),
            ("漢", "漢"),
            ("한국", "한"),
            ("well done 👍", "👍"),
        ],
    )
    def test_ignores_case_and_accents_and_finds_all_words_in_any_order(
        self, ann: Person, bob: Person, text: str, query: str
    ) -> None:
        ann.send(bob, text)
        ann.send(bob, "friday x")
        assert self._find(bob, query) == [text]

    def test_finds_nothing_in_conversations_of_others(self, sign_up: SignUp, ann: Person, bob: Person) -> None:
        ann.send(bob, "secret")
        assert self._find(sign_up("Carl"), "secret") == []

    def test_can_be_limited_to_one_conversation(self, sign_up: SignUp, ann: Person, bob: Person) -> None:
        carl = sign_up("Carl")
        ann.send(bob, "hello Bob")
        ann.send(carl, "hello Carl")
        assert self._find(ann, "hello", **{"with": carl.id}) == ["hello Carl"]

    def test_finds_what_was_edited_and_nothing_deleted(self, ann: Person, bob: Person) -> None:
        edited, deleted = ann.send(bob, "first words"), ann.send(bob, "second words")
        _edit(ann, edited, "other text")
        ann.http.delete(f"/api/messages/{deleted['_id']}")
        assert self._find(bob, "words") == []
        assert self._find(bob, "other") == ["other text"]

    def test_returns_as_many_as_requested(self, ann: Person, bob: Person) -> None:
        for number in range(3):
            ann.send(bob, f"hello {number}")
        assert self._find(ann, "hello", limit=2) == ["hello 2", "hello 1"]

    @pytest.mark.parametrize(
        "query",
        [{}, {"q": " "}, {"q": "\u0301"}, {"q": "x" * 4001}, {"q": "x", "limit": "101"}, {"q": "x", "with": "y"}],
    )
    def test_with_an_empty_query_or_a_limit_out_of_bounds_is_refused(self, ann: Person, query: dict[str, str]) -> None:
        assert ann.http.get("/api/messages/search", params=query).status_code == 400


class TestBlocks:
    def test_a_blocked_user_cannot_send_until_unblocked(self, ann: Person, bob: Person) -> None:
        path = f"/api/messages/block/{bob.id}"
        assert ann.http.post(path).json() == {"blocked": True}
        answer = bob.http.post(f"/api/messages/send/{ann.id}", json={"text": "x"})
        assert (answer.status_code, answer.json()["code"]) == (403, "blocked")
        assert _entry(ann, bob)["blocked"] is True
        assert ann.http.delete(path).json() == {"blocked": False}
        bob.send(ann, "hello")

    def test_edits_and_reactions_of_a_blocked_user_do_not_reach_me(self, ann: Person, bob: Person) -> None:
        mine, theirs = ann.send(bob, "mine")["_id"], bob.send(ann, "theirs")["_id"]
        bob.http.put(f"/api/messages/{mine}/reactions/👍")
        ann.http.post(f"/api/messages/block/{bob.id}")
        for answer in (
            bob.http.put(f"/api/messages/{theirs}", json={"text": "listen"}),
            bob.http.put(f"/api/messages/{mine}/reactions/👎"),
        ):
            assert (answer.status_code, answer.json()["code"]) == (403, "blocked")
        assert bob.http.delete(f"/api/messages/{mine}/reactions/👍").status_code == 200
        assert bob.http.delete(f"/api/messages/{theirs}").status_code == 200

    def test_users_cannot_block_themselves(self, ann: Person) -> None:
        assert ann.http.post(f"/api/messages/block/{ann.id}").status_code == 400
        ann.send(ann, "a note")

    def test_an_unknown_user_cannot_be_blocked(self, ann: Person) -> None:
        assert ann.http.post(f"/api/messages/block/{'a' * 24}").status_code == 404
