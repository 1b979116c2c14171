"""Texts that want to be more than texts: scripts, headers, bytes that no text has, JSON that is not what it seems."""

import json
import secrets
from typing import Any
from urllib.parse import quote

from tests.attacks.checks import absent, attack, handled, json_of, refused
from tests.attacks.target import Target, texts_with
from tests.clients.http import shown

JSON = {"Content-Type": "application/json"}
LINE_BREAK = "x\r\nSet-Cookie: jwt=planted\r\n\r\n<html>"
ACTIVE = {
    "a script": "<script>alert(1)</script>",
    "a picture that runs a script": '"><img src=x onerror=alert(1)>',
    "a template": "{{7*7}} ${7*7} <%= 7*7 %> #{7*7}",
    "an address that runs a script": "javascript:alert(1)",
    "a break of the line and a header": LINE_BREAK,
}


@attack("sends {} as a message and as their name", "the same text back, as JSON that no browser runs", text=ACTIVE)
def test_active_text(target: Target, text: str) -> None:
    me = target.mallory
    sent = me.ask("POST", f"/api/messages/send/{target.bob.id}", {"text": text})
    named = me.ask("PUT", "/api/auth/update-profile", {"fullName": text})
    seen = target.bob.ask("GET", f"/api/messages/{me.id}")
    people = target.bob.ask("GET", "/api/messages/users")
    me.call("PUT", "/api/auth/update-profile", {"fullName": "Mallory"})
    for answer in (sent, named, seen, people):
        assert answer.headers.get("Content-Type", "").startswith("application/json"), dict(answer.headers)
        assert answer.headers.get("X-Content-Type-Options") == "nosniff"
        absent("planted", *answer.headers.values())
    assert json_of(seen)[-1]["text"] == text
    if text == LINE_BREAK:
        refused(named, 400, "bad_request")
    else:
        assert json_of(named)["fullName"] == text


INVISIBLE = {
    "a turn of direction": "Ann\u202eEve",
    "a letter of no width": "A\u200bnn",
    "a byte order mark": "\ufeffAnn",
    "a line break": "Ann\nEve",
    "an escape for terminals": "Ann\x1b[2J",
    "nothing but a filler": "\u3164",
}


@attack("names themselves or a room with {}, to pass for another", "400, on every way to a name", text=INVISIBLE)
def test_invisible_names(target: Target, text: str) -> None:
    me, room = target.mallory, target.public_room
    body = {"fullName": text, "email": f"attack-{secrets.token_hex(8)}@example.org", "password": "long enough"}
    refused(target.ask("POST", "/api/auth/signup", json=body), 400)
    refused(me.ask("PUT", "/api/auth/update-profile", {"fullName": text}), 400)
    refused(me.ask("POST", "/api/rooms", {"name": text}), 400)
    refused(target.ann.ask("PUT", f"/api/rooms/{room}", {"name": text}), 400)


@attack("signs up with an email that looks like another's", "400 for what can't be seen")
def test_invisible_emails(target: Target) -> None:
    for email in ("a\u200bnn@example.org", "ann@exam\u00adple.org", "ann\u202e@example.org", "an\x07n@example.org"):
        body = {"fullName": "Eve", "email": email, "password": "long enough"}
        refused(target.ask("POST", "/api/auth/signup", json=body), 400)


PLACES = ("/api/<x>", "/api/messages/<x>", "/<x>", "/uploads/<x>", "/?q=<x>", "/api/messages/search?q=<x>")


@attack("puts a script into addresses, to see it in a page", "it is in no page")
def test_reflected(target: Target) -> None:
    for place in PLACES:
        for script in ("<script>alert(1)</script>", "'\"><svg onload=alert(1)>"):
            for spelling in (quote(script), quote(quote(script))):
                answer = target.ask("GET", place.replace("<x>", spelling), target.mallory.token)
                if not answer.headers.get("Content-Type", "").startswith("application/json"):
                    absent(script, answer.text)


@attack("puts line breaks into addresses, to add headers to the answer", "no such header")
def test_split_answer(target: Target) -> None:
    tail = "%0d%0aX-Injected:%20yes%0d%0a%0d%0a<html>"
    cookie = f"Cookie: jwt={target.mallory.token}"
    paths = (f"/api/messages/{target.mallory.id}?limit=1&x=", "/uploads/", "/", "/api/", "/api/messages/search?q=")
    for number in range(2):
        target.mallory.send(target.mallory, f"so that there is a link to an older page {number}")
    for path in paths:
        for spelling in (tail, tail.replace("%0d", ""), tail.replace("%0d%0a", "%E5%98%8A%E5%98%8D")):
            answer = target.wire.ask(f"GET {path}{spelling}", cookie, "Connection: close")
            assert "X-Injected" not in answer.headers, answer.text[:300]
            assert answer.status_code in range(200, 500), answer.text[:100]


BAD_TEXTS = {
    "a NUL byte": rb'"a\u0000b"',
    "half a surrogate pair": rb'"\ud800"',
    "bytes that are no UTF-8": b'"\xff\xfe"',
}
FIELDS = (
    ("POST", "/api/messages/send/{bob}", "text"),
    ("POST", "/api/messages/send/{bob}", "clientId"),
    ("PUT", "/api/auth/update-profile", "fullName"),
    ("POST", "/api/rooms", "name"),
    ("POST", "/api/auth/login", "email"),
    ("POST", "/api/auth/login", "password"),
    ("POST", "/api/auth/signup", "fullName"),
)


@attack("puts {} into texts", "400", text=BAD_TEXTS)
def test_bad_text(target: Target, text: bytes) -> None:
    for method, path, field in FIELDS:
        valid = {"text": "x", "fullName": "x", "name": "x", "email": "a@example.org", "password": "wrong one"}
        body = json.dumps({**valid, field: "@@"}).encode().replace(b'"@@"', text)
        answer = target.mallory.ask(method, path.format(bob=target.bob.id), data=body, headers=JSON)
        refused(answer, 400)
    if b"\xff" not in text:
        with target.mallory.raw_socket() as socket:
            socket.write(f'429000["send_message",{{"to":"{target.bob.id}","text":{text.decode()}}}]')
            assert socket.ask("sync", {})["ok"] is True
    assert all("\0" not in sent for sent in texts_with(target.bob, target.mallory)), "it was kept"


ODD_JSON: dict[str, bytes] = {
    "nothing": b"",
    "half an object": b'{"text": "x"',
    "a list": b'[{"text": "x"}]',
    "a bare text": b'"text"',
    "NaN and infinity": b'{"text": NaN}',
    "comments": b'{"text": "x" /* y */}',
    "UTF-16": '{"text": "x"}'.encode("utf-16"),
    "two objects": b'{"text": "x"}{"text": "y"}',
    "the key twice, at last an operator": b'{"text": "x", "text": {"$ne": null}}',
    "100,000 lists in each other": b'{"text": "x", "y": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "100,000 objects in each other": b'{"text": "x", "y": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001,
}


@attack("sends a body that is {}", "400", body=ODD_JSON)
def test_odd_json(target: Target, body: bytes) -> None:
    for method, path in (("POST", f"/api/messages/send/{target.bob.id}"), ("PUT", "/api/auth/update-profile")):
        refused(target.mallory.ask(method, path, data=body, headers=JSON), 400)
    refused(target.ask("POST", "/api/auth/login", data=body, headers=JSON), 400)


NUMBERS: tuple[Any, ...] = (-1, 1.5, 2**53, 2**64, 10**400, "1", True, [1], "1e5")


@attack("names numbers that no counter has", "400, and the cursor stands")
def test_odd_numbers(target: Target) -> None:
    target.bob.send(target.mallory, "one to read")
    conversation = target.mallory.conversation(target.bob)
    for number in NUMBERS:
        refused(target.mallory.ask("POST", "/api/messages/read", {"conversation": conversation, "seq": number}), 400)
        refused(target.mallory.ask("POST", "/api/messages/sync", {"cursors": {conversation: number}}), 400)
    for number in ("-1", "1.5", "9" * 400, "0", "1e3", "%31%30%30%31", "٣", " 1"):
        handled(target.mallory.ask("GET", f"/api/messages/{target.bob.id}?limit={number}"), (200, 400))


@attack("sends texts and names without end, or without a character", "400")
def test_lengths(target: Target) -> None:
    me, to = target.mallory, f"/api/messages/send/{target.bob.id}"
    for text in ("", " \n\t", "x" * 4001, "👍" * 4001):
        refused(me.ask("POST", to, {"text": text}), 400)
    for name in ("", "  ", "x" * 101):
        refused(me.ask("PUT", "/api/auth/update-profile", {"fullName": name}), 400)
        refused(me.ask("POST", "/api/rooms", {"name": name}), 400)
    for email in ("@", "a@", "@b", "a@b@c", "a b@c.d", "x" * 300 + "@b.c", "a@b\n.c"):
        body = {"fullName": "Eve", "email": email, "password": "long enough"}
        refused(target.ask("POST", "/api/auth/signup", json=body), 400)
    answer = me.ask("POST", "/api/messages/sync", {"cursors": {str(n): 0 for n in range(10_001)}})
    assert answer.status_code == 400, shown(answer)
