"""The wire of Socket.IO: frames that no client sends, and events that clients have no business sending."""

import contextlib
import json
import time

import requests
import websocket

from tests.attacks.checks import attack, handled
from tests.attacks.target import Target, texts_with
from tests.clients.wire import socket_url

PATIENCE = 5.0  # seconds for an answer to what is wrong with one look
FRAMES: dict[str, tuple[str | bytes, ...]] = {
    "frames that are no packets": ("", "x", "99999", "4", "42", "42{", "42[]", "42[1]", "42[null]", '42["', "🙂"),
    "events without a name, or with an odd one": ('42[{"a":1}]', '42[["x"]]', '42[""]', '42["__proto__",{}]'),
    "the names of the library's own events": (
        '42["connect",{}]',
        '42["disconnect"]',
        '42["connect_error",1]',
        '42["error"]',
    ),
    "pictures that never come": ('451-["send_message",{"_placeholder":true,"num":0}]', '4599999999-["x"]', "51-[]"),
    "bytes where text belongs": (b"\x00\x01\x02", b"", bytes(range(256))),
    "acknowledgements of nothing": ("431[]", "439999999999999999999[]", '43["x"]', "43"),
    "numbers that are too large": ('42999999999999999999999999["typing",{}]', f'42{"9" * 5000}["typing",{{}}]'),
    "packets of other namespaces": ('42/admin,["x"]', "40/admin,", "41/admin,", "40/../,{}"),
    "an event nested 100,000 deep": ('42["sync",' + "[" * 100_000 + "]" * 100_000 + "]",),
    "a second hello as another user": ('40{"token":"x"}', "40{}", "40"),
    "NaN, infinity and half a surrogate pair": (
        '42["read",{"seq":NaN}]',
        '42["typing",{"to":"\\ud800"}]',
        '42["sync",1e999]',
    ),
    "the end of a transport it does not have": ("5", "2probe", "3probe", "6", "1"),
}


@attack("sends {}", "ignored or cut off; no breakdown, and others are served", frames=FRAMES)
def test_odd_frames(target: Target, frames: tuple[str | bytes, ...]) -> None:
    with target.bob.raw_socket() as other:
        for frame in frames:
            with target.mallory.raw_socket() as socket, contextlib.suppress(websocket.WebSocketException, OSError):
                if isinstance(frame, bytes):
                    socket.plain.send_binary(frame)
                else:
                    socket.write(frame)
                socket.plain.settimeout(0.05)
                while True:
                    assert "internal_error" not in socket.read(), f"a breakdown by {frame!r:.100}"
        assert other.ask("typing", {"to": target.ann.id}) == {"ok": True}


SERVERS_OWN = (
    "newMessage",
    "new_message",
    "getOnlineUsers",
    "presence",
    "messageUpdated",
    "sessionRevoked",
    "roomUpdated",
)


@attack("sends the events that only the server sends", "no one hears them")
def test_forged_events(target: Target) -> None:
    with target.bob.raw_socket() as bob, target.mallory.raw_socket() as socket:
        for event in SERVERS_OWN:
            socket.write(
                f"42{json.dumps([event, {'to': target.bob.id, 'text': 'forged', 'members': [target.bob.id]}])}"
            )
        socket.ask("sync", {})
        assert "forged" not in json.dumps(bob.hears()), bob.heard


@attack("sends an event named connect, 60 times, to be counted 60 times", "ignored: their next socket opens")
def test_counted_often(target: Target) -> None:
    crowd = target.person("Cleo")
    with crowd.raw_socket() as socket:
        for _ in range(60):
            socket.write(f"42{json.dumps(['connect', {'token': crowd.token}])}")
        socket.ask("sync", {})
        crowd.raw_socket().close()
    crowd.raw_socket().close()


@attack("sends an event named disconnect, to listen on unseen", "ignored: they stay online")
def test_unseen(target: Target) -> None:
    lurker = target.person("Una")
    with lurker.raw_socket() as socket:
        for reason in ("x", "client disconnect"):
            socket.write(f"42{json.dumps(['disconnect', reason])}")
        socket.ask("sync", {})
        with target.bob.raw_socket() as bob:
            bob.hears()
            assert lurker.id in bob.heard[0][1], bob.heard


@attack("sends events before saying hello", "ignored or cut off")
def test_without_hello(target: Target) -> None:
    plain = websocket.create_connection(
        socket_url(target.url), timeout=2, suppress_origin=True, cookie=f"jwt={target.mallory.token}"
    )
    with contextlib.suppress(websocket.WebSocketException, OSError):
        plain.send(f'421["send_message",{json.dumps({"to": target.bob.id, "text": "without hello"})}]')
        while frame := plain.recv():
            assert not str(frame).startswith("43"), f"an acknowledgement: {frame!r}"
    plain.close(timeout=1)
    assert "without hello" not in texts_with(target.bob, target.mallory), "the message was sent"


@attack("sends a frame of 9 MB", "cut off, and others are served")
def test_large_frame(target: Target) -> None:
    with target.mallory.raw_socket() as socket:
        try:
            socket.write(f'421["send_message",{json.dumps({"to": target.bob.id, "text": "x" * 9_000_000})}]')
            while not (frame := socket.read()).startswith("43"):
                pass
            assert '"ok":false' in frame, frame[:200]
        except (websocket.WebSocketException, OSError):
            pass  # the connection was cut
    target.alive()
    assert all(len(text) <= 4000 for text in texts_with(target.bob, target.mallory)), "it was kept"


POSTED: dict[str, bytes] = {
    "9 MB": b"4" * 9_000_000,
    "packets that only servers send": b"0",
    "packets that are none": b"9",
    "100 packets at once": b"\x1e".join([b'42["typing",{}]'] * 100),
    "bytes that are no UTF-8": b"\xff\xfe",
    "a picture that is damaged": b"b!!!!",
}


@attack("posts {} to a polling connection, and polls no more", "an answer within 5 seconds", body=POSTED)
def test_posted(target: Target, body: bytes) -> None:
    opened = target.ask("GET", "/socket.io/?EIO=4&transport=polling")
    path = f"/socket.io/?EIO=4&transport=polling&sid={json.loads(opened.text[1:])['sid']}"
    started = time.monotonic()
    with contextlib.suppress(requests.RequestException):  # it may hang up in the middle
        handled(target.ask("POST", path, data=body, timeout=PATIENCE))
    assert time.monotonic() - started < PATIENCE, "no answer: the request is held"
    target.alive()


ODD_POLLING = (
    "EIO=3&transport=polling",
    "EIO=99",
    "transport=carrier-pigeon&EIO=4",
    "EIO=4&transport=polling&sid=../x",
    "",
)


@attack("asks the polling address for what it does not have", "4xx")
def test_odd_polling(target: Target) -> None:
    for query in ODD_POLLING:
        for method in ("GET", "POST", "DELETE", "PUT"):
            answer = target.ask(method, f"/socket.io/?{query}", data=b"x")
            if (query, method) != ("", "GET"):
                handled(answer, range(400, 500))


@attack("opens a hundred connections and never says who they are", "others are served, and connect")
def test_silent_connections(target: Target) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(100):
            with contextlib.suppress(websocket.WebSocketException, OSError):
                plain = websocket.create_connection(socket_url(target.url), timeout=5, suppress_origin=True)
                stack.callback(plain.shutdown)
        with target.bob.raw_socket() as socket:
            assert socket.ask("typing", {"to": target.ann.id}) == {"ok": True}


NAMESPACES = {
    "another namespace": "40/admin,",
    "the namespace of the library's own console": "40/socket.io-admin,",
}


@attack("says hello to {}", "refused", hello=NAMESPACES)
def test_namespaces(target: Target, hello: str) -> None:
    with target.mallory.raw_socket() as socket, contextlib.suppress(websocket.WebSocketException, OSError):
        socket.write(hello)
        socket.plain.settimeout(2)
        while not (heard := socket.read()).startswith("44"):
            assert not heard.startswith(hello[:-1]), f"it was let in: {heard}"
