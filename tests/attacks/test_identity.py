"""Acting as another user: forged tokens, and other ways to claim an identity."""

import secrets
from collections.abc import Callable
from typing import Any

from tests.attacks import tokens
from tests.attacks.checks import attack, handled, json_of, refused
from tests.attacks.routes import GUARDED, fill
from tests.attacks.target import UNKNOWN, Target
from tests.clients.http import bearer, shown

GUESSES = (
    *("", "secret", "jwt_secret", "JWT_SECRET", "jwtsecret", "changeme", "your-256-bit-secret", "mysecretkey", "dev"),
    *("chat", "password", "undefined", "null", "None", "x" * 32, "x" * 48, "your_jwt_secret", "supersecret"),
)
Forge = Callable[[Target], str]


def _anns(target: Target, **more: Any) -> dict[str, Any]:
    """The claims of Ann's own token, as far as an attacker could know them, and more."""
    return {**tokens.claims_of(target.ann.token), **more}


def _patched(target: Target) -> str:
    head, _, signature = target.mallory.token.split(".")
    return f"{head}.{tokens.part({**tokens.claims_of(target.mallory.token), 'userId': target.ann.id})}.{signature}"


def _longer(target: Target) -> str:
    head, _, signature = target.mallory.token.split(".")
    return f"{head}.{tokens.part({**tokens.claims_of(target.mallory.token), 'exp': 4_000_000_000})}.{signature}"


OWN_KEY = secrets.token_bytes(32)
FORGED: dict[str, Forge] = {
    "no token at all": lambda _: "",
    "a token that is garbage": lambda _: "garbage.garbage.garbage",
    'a token with alg "none" and no signature': lambda w: tokens.unsigned(_anns(w), "none"),
    'a token with alg "nOnE" and no signature': lambda w: tokens.unsigned(_anns(w), "nOnE"),
    "a token without a signature": lambda w: w.ann.token.rpartition(".")[0] + ".",
    "their own token with another's userId, the signature kept": _patched,
    "their own token with a later end, the signature kept": _longer,
    "a token signed with another secret": lambda w: tokens.make(_anns(w), OWN_KEY),
    "a token signed with the key that its header brings along": lambda w: tokens.make(
        _anns(w), OWN_KEY, jwk={"kty": "oct", "k": tokens.part(OWN_KEY)}
    ),
    "a token whose header names a file as its key": lambda w: tokens.make(_anns(w), b"", kid="../../../dev/null"),
    "a token whose header names an address of keys": lambda w: tokens.make(
        _anns(w), OWN_KEY, jku="http://127.0.0.1:9/keys.json"
    ),
    "a token that says RS256 and is signed by HMAC": lambda w: tokens.make(_anns(w), OWN_KEY, "RS256"),
    "a token that says ES256 and has a signature of zeros": lambda w: tokens.unsigned(_anns(w), "ES256", b"\0" * 64),
    "a token whose claims are a list": lambda _: tokens.make(["userId"], OWN_KEY),
}


def _opens_nothing(target: Target, token: str, *codes: str) -> None:
    """The token opens neither HTTP nor a socket."""
    refused(target.ask("GET", "/api/auth/check", token), 401, *codes)
    refused(target.ask("GET", "/api/auth/check", headers=bearer(token)), 401, *codes)
    target.refuses_socket(token=token)
    target.refuses_socket(auth={"token": token})


@attack("comes with {}", "401 no_token or invalid_token, and no socket", forge=FORGED)
def test_forged(target: Target, forge: Forge) -> None:
    _opens_nothing(target, forge(target), "no_token", "invalid_token")


@attack("tries the secrets that people forget to change", "401 invalid_token for each")
def test_guessed_secret(target: Target) -> None:
    for guess in GUESSES:
        for algorithm in tokens.HASHES:
            token = tokens.make(_anns(target), guess, algorithm)
            refused(target.ask("GET", "/api/auth/check", token), 401, "invalid_token")


def _without(claim: str) -> Forge:
    return lambda w: tokens.make({k: v for k, v in _anns(w).items() if k != claim}, w.secret or "")


WITH_THE_SECRET: dict[str, Forge] = {
    "that has expired": lambda w: tokens.make(_anns(w, exp=_anns(w)["iat"] - 3600), w.secret or ""),
    "of another algorithm of the same family (HS512)": lambda w: tokens.make(_anns(w), w.secret or "", "HS512"),
    "without an end": _without("exp"),
    "without a beginning": _without("iat"),
    "without a session": _without("sid"),
    "without a user": _without("userId"),
    "of a session that never was": lambda w: tokens.make(_anns(w, sid=UNKNOWN), w.secret or ""),
    "of another's user with a session of their own": lambda w: tokens.make(
        tokens.claims(w.ann.id, tokens.claims_of(w.mallory.token)["sid"]), w.secret or ""
    ),
    "whose user is a database operator": lambda w: tokens.make(_anns(w, userId={"$ne": None}), w.secret or ""),
    "whose session is a database operator": lambda w: tokens.make(_anns(w, sid={"$ne": None}), w.secret or ""),
}


@attack("who stole the secret comes with a token {}", "401 invalid_token, and no socket", forge=WITH_THE_SECRET)
def test_signed(target: Target, secret: str, forge: Forge) -> None:
    assert target.ask("GET", "/api/auth/check", tokens.make(_anns(target), secret)).status_code == 200
    _opens_nothing(target, forge(target), "invalid_token")


@attack("asks for every guarded address without logging in", "401 no_token for each")
def test_without_login(target: Target) -> None:
    for route in GUARDED:
        refused(target.ask(route.method, fill(route.path, UNKNOWN), json=fill(route.body, UNKNOWN)), 401, "no_token")


OTHER_PLACES: dict[str, Callable[[str], dict[str, Any]]] = {
    "in the query string": lambda token: {"params": {"token": token, "jwt": token}},
    "in a header with another scheme": lambda token: {"headers": {"Authorization": f"Basic {token}"}},
    "in a cookie of another spelling": lambda token: {
        "headers": {"Cookie": f"JWT={token}; Jwt={token}; token={token}"}
    },
}


# A bearer header counts: phones keep no cookies. No page of another site can make a browser send one.
@attack("puts a token {}", "401 no_token: only the cookie or a bearer header counts", place=OTHER_PLACES)
def test_token_elsewhere(target: Target, place: Callable[[str], dict[str, Any]]) -> None:
    refused(target.ask("GET", "/api/auth/check", **place(target.ann.token)), 401, "no_token")


@attack("adds a bearer header to a request with a cookie, to act as another or without a login", "the cookie decides")
def test_bearer_beside_cookie(target: Target) -> None:
    both = target.ask("GET", "/api/auth/check", target.mallory.token, headers=bearer(target.ann.token))
    assert json_of(both)["_id"] == target.mallory.id, shown(both)
    for cookie in ("", "x"):
        refused(target.ask("GET", "/api/auth/check", cookie, headers=bearer(target.ann.token)), 401)


@attack("names another as themselves in headers that proxies set", "401, for every such header")
def test_named_by_header(target: Target) -> None:
    for name in ("X-User-Id", "X-Forwarded-User", "X-Remote-User", "Remote-User", "X-Authenticated-User"):
        refused(target.ask("GET", "/api/auth/check", headers={name: target.ann.id}), 401, "no_token")


@attack("sends two cookies, one of them good, in both orders", "that person or 401, and no one else")
def test_two_cookies(target: Target) -> None:
    mine = target.mallory.token
    for cookie in (f"jwt=x; jwt={mine}", f"jwt={mine}; jwt=x", f'jwt = "{mine}" ;', f"jwt={mine}; jwt={mine}"):
        answer = target.ask("GET", "/api/auth/check", headers={"Cookie": cookie})
        assert answer.status_code == 401 or json_of(answer)["_id"] == target.mallory.id, shown(answer)


@attack("sends a token of 6,000 characters, and a cookie of 60,000", "4xx")
def test_long_token(target: Target) -> None:
    refused(target.ask("GET", "/api/auth/check", "a" * 6_000), 401, "invalid_token")
    answer = target.wire.ask("GET /api/auth/check", f"Cookie: jwt={'a' * 60_000}")
    assert answer.status_code in (0, *range(400, 500)), answer.text[:200]


@attack("sends a cookie of bytes that are no text", "4xx")
def test_binary_cookie(target: Target) -> None:
    for octets in ("\x00\x01", "\x7f\x80\xff", "%00", "\u2028"):
        answer = target.wire.ask("GET /api/auth/check", f"Cookie: jwt={octets}")
        assert answer.status_code in (0, *range(400, 500)), answer.text[:200]
    target.alive()


@attack("opens a socket as another user with nothing but ?userId=", "no socket")
def test_socket_by_query(target: Target) -> None:
    for query in (f"&userId={target.ann.id}", f"&user_id={target.ann.id}&id={target.ann.id}"):
        for auth in (None, {"userId": target.ann.id}):
            target.refuses_socket(query=query, auth=auth)


@attack("opens their own socket with ?userId= of another, to get their messages", "they stay themselves")
def test_socket_with_foreign_query(target: Target) -> None:
    with target.mallory.raw_socket(query=f"&userId={target.ann.id}", auth={"userId": target.ann.id}) as socket:
        sent = socket.ask("send_message", {"to": target.bob.id, "text": "who am I?"})
        assert sent["message"]["senderId"] == target.mallory.id
        target.bob.send(target.ann, "for Ann only")
        assert [event for event, _ in socket.hears() if event == "newMessage"] == []


@attack("opens a socket with a token that is no text", "no socket")
def test_socket_with_odd_auth(target: Target) -> None:
    for auth in ({"token": {"$ne": None}}, {"token": ["a"]}, {"token": 1}, [target.ann.id], "token", 7):
        target.refuses_socket(auth=auth)
    handled(target.ask("GET", "/socket.io/?EIO=4&transport=polling&sid=guessed"), range(400, 500))
