"""HTTP as no browser speaks it: lengths that lie, requests in requests, addresses with twists, and slowness."""

import contextlib
import socket
import time
from collections.abc import Callable

from tests.attacks.checks import absent, attack, guarded, handled, json_of, refused
from tests.attacks.target import Target
from tests.clients.http import shown
from tests.clients.wire import RawAnswer

LARGE = 9_000_000  # bytes; the limit is 8 MiB
LOGIN = "POST /api/auth/login"
JSON = "Content-Type: application/json"


def _shrugged_off(target: Target, answer: RawAnswer) -> None:
    """The server refused it, or hung up; and goes on serving others."""
    assert answer.status_code in (0, *range(300, 500), 501, 505), f"{answer.status_code} {answer.text[:200]}"
    target.alive()


@attack("sends a body of 9 MB", "413, with all headers")
def test_large_body(target: Target) -> None:
    answer = target.mallory.ask("POST", f"/api/messages/send/{target.bob.id}", {"text": "x" * LARGE})
    refused(answer, 413, "too_large")
    guarded(answer)


@attack("says that 100 GB will come, and sends nothing", "refused at once")
def test_announced(target: Target) -> None:
    started = time.monotonic()
    answer = target.wire.ask(LOGIN, JSON, "Content-Length: 107374182400")
    assert answer.status_code == 413
    assert time.monotonic() - started < 5, "it waited for the body"


@attack("sends a body of 9 MB in chunks, without saying how long it is", "cut off: 413 or 400")
def test_large_chunks(target: Target) -> None:
    chunk = b"%x\r\n" % 65536 + b"x" * 65536 + b"\r\n"
    body = chunk * (LARGE // 65536 + 1) + b"0\r\n\r\n"
    _shrugged_off(target, target.wire.ask(LOGIN, JSON, "Transfer-Encoding: chunked", body=body))


@attack("sends a small body that is packed, and huge when it is unpacked", "not unpacked: 400 or 415")
def test_packed_body(target: Target) -> None:
    packed = b"\x1f\x8b\x08\x00" + b"\0" * 200
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    handled(target.ask("POST", "/api/auth/login", data=packed, headers=headers), (400, 415))


LYING: dict[str, tuple[tuple[str, ...], bytes]] = {
    "a length that is no number": (("Content-Length: ten",), b"{}"),
    "a length below zero": (("Content-Length: -1",), b"{}"),
    "a length of 400 digits": ((f"Content-Length: {'9' * 400}",), b"{}"),
    "two lengths": (("Content-Length: 2", "Content-Length: 200"), b"{}"),
    "a length and chunks": (
        ("Content-Length: 4", "Transfer-Encoding: chunked"),
        b"0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n",
    ),
    "chunks that are none": (("Transfer-Encoding: chunked",), b"zzz\r\nhello\r\n0\r\n\r\n"),
    "a chunk below zero": (("Transfer-Encoding: chunked",), b"-5\r\nhello\r\n0\r\n\r\n"),
    "an unknown way of transfer": (("Transfer-Encoding: rot13",), b"{}"),
    "chunks in a disguise": (("Transfer-Encoding: xchunked", "Content-Length: 2"), b"{}"),
}


@attack("sends a request with {}", "refused or cut off, and the server lives on", case=LYING)
def test_lying(target: Target, case: tuple[tuple[str, ...], bytes]) -> None:
    headers, body = case
    _shrugged_off(target, target.wire.ask(LOGIN, JSON, *headers, body=body, wait=3))


@attack("hides a second request in the first one's body", "one answer, and the second one is not carried out")
def test_smuggled(target: Target) -> None:
    before = target.mallory.call("GET", "/api/auth/check")["fullName"]
    inner = target.wire.request(
        "PUT /api/auth/update-profile",
        JSON,
        f"Cookie: jwt={target.mallory.token}",
        "Content-Length: 23",
        body=b'{"fullName": "Smuggled"}'[:23] + b"}",
    )
    for headers in (
        ("Transfer-Encoding: chunked", "Content-Length: 6"),
        ("Content-Length: 6", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding : chunked", "Content-Length: 6"),
        ("Transfer-Encoding: identity, chunked", "Content-Length: 6"),
    ):
        target.wire.ask(LOGIN, JSON, *headers, body=b"0\r\n\r\nX" + inner, wait=3)
    assert target.mallory.call("GET", "/api/auth/check")["fullName"] == before


GARBAGE: dict[str, Callable[[Target], bytes]] = {
    "bytes that are no HTTP": lambda _: bytes(range(256)) * 8 + b"\r\n\r\n",
    "the beginning of TLS": lambda _: bytes.fromhex("16030100c8010000c40303") + b"\0" * 200 + b"\r\n\r\n",
    "a line of 100,000 characters": lambda w: w.wire.request(f"GET /{'a' * 100_000}"),
    "a header of 100,000 characters": lambda w: w.wire.request("GET /healthz", f"X-Long: {'a' * 100_000}"),
    "2,000 headers": lambda w: w.wire.request("GET /healthz", *(f"X-{n}: {n}" for n in range(2000))),
    "a header without a name": lambda w: w.wire.request("GET /api/auth/check", ": x", " continued: y"),
    "a version of HTTP from the future": lambda w: w.wire.request("GET /api/auth/check").replace(
        b"HTTP/1.1", b"HTTP/9.9"
    ),
    "a method that does not exist": lambda w: w.wire.request("STEAL /api/auth/check"),
    "a method of 5,000 characters": lambda w: w.wire.request(f"{'A' * 5000} /api/auth/check"),
    "CONNECT, to be taken elsewhere": lambda w: w.wire.request("CONNECT 127.0.0.1:22"),
    "an address of another server": lambda w: w.wire.request("GET http://127.0.0.1:22/api/auth/check"),
    "an address that is none": lambda w: w.wire.request("GET api/auth/check"),
}


@attack("sends {}", "refused or cut off, and the server lives on", make=GARBAGE)
def test_garbage(target: Target, make: Callable[[Target], bytes]) -> None:
    _shrugged_off(target, target.wire.send(make(target), wait=3))


@attack("has TRACE echo the cookie", "no echo")
def test_trace(target: Target) -> None:
    answer = target.wire.ask("TRACE /api/auth/check", "Cookie: jwt=echoed", "Connection: close")
    absent("jwt=echoed", answer.text)
    assert answer.status_code in (0, *range(400, 502)), answer.text[:100]


@attack("holds 30 connections open and sends one character now and then", "others are served meanwhile")
def test_slow(target: Target) -> None:
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(target.wire.connect()) for _ in range(30)]
        for number, connection in enumerate(held):
            begun = (
                b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: "
                if number % 2
                else b"POST /api/auth/login HTTP/1.1\r\nContent-Length: 99\r\n\r\n{"
            )
            connection.sendall(begun)
        for _ in range(3):
            for connection in held:
                with contextlib.suppress(OSError):
                    connection.sendall(b"a")
            started = time.monotonic()
            target.alive()
            took = time.monotonic() - started
            assert took < 5, f"{took:.1f} seconds for another"


@attack("hangs up in the middle of 20 requests", "others are served as ever")
def test_hung_up(target: Target) -> None:
    for _ in range(20):
        with target.wire.connect() as connection:
            connection.sendall(target.wire.request(LOGIN, JSON, "Content-Length: 1000", body=b'{"email": "'))
            connection.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0"
            )  # a reset in place of a goodbye
    target.alive()


TWISTS = (
    *("//api/auth/check", "/api//auth/check", "/./api/auth/check", "/x/../api/auth/check", "/api/auth/check/"),
    *("/API/AUTH/CHECK", "/api/auth/check;x=1", "/api/auth/check%00", "/api/auth/%63heck", "/api%2fauth%2fcheck"),
    *(
        "/api/auth/check?x",
        "/api/auth/check#x",
        "/api/auth/check%20",
        "/api/auth/check.json",
        "/api/auth/check/../check",
    ),
    *(
        "/socket.io/../api/auth/check",
        "/uploads/../api/messages/users",
        "/healthz/../api/messages/users",
        "\\api\\auth\\check",
    ),
)


@attack("twists the address to get past the login", "no one's data")
def test_twisted_addresses(target: Target) -> None:
    for path in TWISTS:
        for headers in (
            (),
            ("X-Original-URL: /healthz",),
            ("X-Rewrite-URL: /api/auth/check", "X-Forwarded-Prefix: /x"),
        ):
            answer = target.wire.ask(f"GET {path}", *headers, "Connection: close")
            kind = answer.headers.get("Content-Type", "")
            assert answer.status_code != 200 or kind.startswith("text/html"), f"{path}: {answer.text[:300]}"
            absent('"_id"', answer.text)


NAMES = (
    "Host",
    "X-Forwarded-Host",
    "X-Host",
    "Forwarded",
    "X-Original-Host",
    "X-Forwarded-Server",
    "X-Forwarded-Prefix",
)


@attack("names another host in headers, to have links lead there", "the name is in no answer")
def test_foreign_host(target: Target) -> None:
    me = target.mallory
    for number in range(3):
        me.send(me, f"so that there is an older page {number}")
    for name in NAMES:
        for path in (
            "/",
            f"/api/messages/{me.id}?limit=1",
            "/api/rooms/",
            "/api/auth/check",
            "/uploads",
            "/api/nothing",
        ):
            value = "host=evil.example" if name == "Forwarded" else "evil.example"
            answer = me.ask("GET", path, headers={name: value})
            absent("evil.example", answer.text, *answer.headers.values())


@attack("sends the addresses that proxies add, in wild forms", "no breakdown, and no way in")
def test_wild_proxies(target: Target) -> None:
    for value in ("127.0.0.1", "::1", "' OR 1=1", "1.1.1.1" + ", 2.2.2.2" * 500, "unknown", "a" * 3000):
        answer = target.ask("GET", "/api/auth/check", headers={"X-Forwarded-For": value, "X-Real-IP": value[:50]})
        assert answer.status_code in (400, 401, 431), shown(answer)
        assert json_of(target.ask("GET", "/healthz", headers={"X-Forwarded-Proto": value[:90]})) is not None, value
