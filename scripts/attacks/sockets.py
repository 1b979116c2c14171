"""The wire of Socket.IO: frames that no client sends, and events that clients have no business sending."""

import contextlib
import json
import time
from collections.abc import Callable

import requests
import websocket

from scripts.attacks.checks import Unexpected, handled, same, that
from scripts.attacks.registry import attack, attacks
from scripts.attacks.wire import Refused, Socket
from scripts.attacks.world import World

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
    "a second hello as somebody else": ('40{"token":"x"}', "40{}", "40"),
    "NaN, infinity and half a surrogate pair": (
        '42["read",{"seq":NaN}]',
        '42["typing",{"to":"\\ud800"}]',
        '42["sync",1e999]',
    ),
    "the end of a transport it does not have": ("5", "2probe", "3probe", "6", "1"),
}


@attacks("sends {}", "ignored or cut off; no breakdown, and others are served", FRAMES)
def odd_frames(world: World, frames: tuple[str | bytes, ...]) -> None:
    with world.bob.socket() as other:
        for frame in frames:
            with world.mallory.socket() as socket, contextlib.suppress(websocket.WebSocketException, OSError):
                if isinstance(frame, bytes):
                    socket.plain.send_binary(frame)
                else:
                    socket.write(frame)
                socket.plain.settimeout(0.05)
                while True:
                    that("internal_error" not in socket.read(), f"a breakdown by {frame!r:.100}")
        same(other.ask("typing", {"to": world.ann.id}), {"ok": True})


SERVERS_OWN = (
    "newMessage",
    "new_message",
    "getOnlineUsers",
    "presence",
    "messageUpdated",
    "sessionRevoked",
    "roomUpdated",
)


@attack("sends the events that the server alone sends", "nobody hears them")
def forged_events(world: World) -> None:
    with world.bob.socket() as bob, world.mallory.socket() as socket:
        for event in SERVERS_OWN:
            socket.write(f"42{json.dumps([event, {'to': world.bob.id, 'text': 'forged', 'members': [world.bob.id]}])}")
        socket.ask("sync", {})
        that("forged" not in json.dumps(bob.hears()), bob.heard)


@attack("sends an event named connect, 60 times, to be counted 60 times", "ignored: their next socket opens")
def counted_often(world: World) -> None:
    crowd = world.person("Cleo")
    with crowd.socket() as socket:
        for _ in range(60):
            socket.write(f"42{json.dumps(['connect', {'token': crowd.token}])}")
        socket.ask("sync", {})
        crowd.socket().close()
    crowd.socket().close()


@attack("sends an event named disconnect, to listen on unseen", "ignored: they stay online")
def unseen(world: World) -> None:
    lurker = world.person("Una")
    with lurker.socket() as socket:
        for reason in ("x", "client disconnect"):
            socket.write(f"42{json.dumps(['disconnect', reason])}")
        socket.ask("sync", {})
        with world.bob.socket() as bob:
            bob.hears()
            that(lurker.id in bob.heard[0][1], bob.heard)


@attack("sends events before saying hello", "ignored or cut off")
def without_hello(world: World) -> None:
    address = f"ws{world.base.removeprefix('http')}/socket.io/?EIO=4&transport=websocket"
    plain = websocket.create_connection(address, timeout=2, suppress_origin=True, cookie=f"jwt={world.mallory.token}")
    with contextlib.suppress(websocket.WebSocketException, OSError):
        plain.send(f'421["send_message",{json.dumps({"to": world.bob.id, "text": "without hello"})}]')
        while frame := plain.recv():
            that(not str(frame).startswith("43"), f"an acknowledgement: {frame!r}")
    plain.close(timeout=1)
    that("without hello" not in world.bob.texts_with(world.mallory), "the message was sent")


@attack("sends a frame of 9 MB", "cut off, and others are served")
def large_frame(world: World) -> None:
    with world.mallory.socket() as socket:
        try:
            socket.write(f'421["send_message",{json.dumps({"to": world.bob.id, "text": "x" * 9_000_000})}]')
            while not (frame := socket.read()).startswith("43"):
                pass
            that('"ok":false' in frame, frame[:200])
        except (websocket.WebSocketException, OSError):
            pass  # the connection was cut
    world.alive()
    that(all(len(text) <= 4000 for text in world.bob.texts_with(world.mallory)), "it was kept")


POSTED: dict[str, bytes] = {
    "9 MB": b"4" * 9_000_000,
    "packets that only servers send": b"0",
    "packets that are none": b"9",
    "100 packets at once": b"\x1e".join([b'42["typing",{}]'] * 100),
    "bytes that are no UTF-8": b"\xff\xfe",
    "a picture that is damaged": b"b!!!!",
}


@attacks("posts {} to a polling connection, and polls no more", "an answer within 5 seconds", POSTED)
def posted(world: World, body: bytes) -> None:
    opened = world.ask("GET", "/socket.io/?EIO=4&transport=polling")
    path = f"/socket.io/?EIO=4&transport=polling&sid={json.loads(opened.text[1:])['sid']}"
    started = time.monotonic()
    with contextlib.suppress(requests.RequestException):  # it may hang up in the middle
        handled(world.ask("POST", path, data=body, timeout=PATIENCE))
    that(time.monotonic() - started < PATIENCE, "no answer: the request is held")
    world.alive()


ODD_POLLING = (
    "EIO=3&transport=polling",
    "EIO=99",
    "transport=carrier-pigeon&EIO=4",
    "EIO=4&transport=polling&sid=../x",
    "",
)


@attack("asks the polling address for what it does not have", "4xx")
def odd_polling(world: World) -> None:
    for query in ODD_POLLING:
        for method in ("GET", "POST", "DELETE", "PUT"):
            answer = world.ask(method, f"/socket.io/?{query}", data=b"x")
            if (query, method) != ("", "GET"):
                handled(answer, range(400, 500))


@attack("opens a hundred connections and never says who they are", "others are served, and connect")
def silent_connections(world: World) -> None:
    address = f"ws{world.base.removeprefix('http')}/socket.io/?EIO=4&transport=websocket"
    with contextlib.ExitStack() as stack:
        for _ in range(100):
            with contextlib.suppress(websocket.WebSocketException, OSError):
                plain = websocket.create_connection(address, timeout=5, suppress_origin=True)
                stack.callback(plain.shutdown)
        with world.bob.socket() as socket:
            same(socket.ask("typing", {"to": world.ann.id}), {"ok": True})


PLACES: dict[str, Callable[[World], Socket]] = {
    "another namespace": lambda w: _hello(w, "40/admin,"),
    "the namespace of the library's own console": lambda w: _hello(w, "40/socket.io-admin,"),
}


def _hello(world: World, frame: str) -> Socket:
    socket = Socket(world, world.mallory.token)
    socket.write(frame)
    socket.plain.settimeout(2)
    with contextlib.suppress(websocket.WebSocketException, OSError):
        while True:
            if (heard := socket.read()).startswith(frame[:-1]):
                raise Unexpected(f"it was let in: {heard}")
            if heard.startswith("44"):
                break
    socket.close()
    raise Refused


@attacks("says hello to {}", "refused", PLACES)
def namespaces(world: World, say: Callable[[World], Socket]) -> None:
    with contextlib.suppress(Refused):
        say(world)
