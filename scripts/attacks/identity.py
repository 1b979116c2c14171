"""Being somebody else: forged tokens, and other ways to say who one is."""

import secrets
from collections.abc import Callable
from typing import Any

from scripts.attacks import tokens
from scripts.attacks.checks import Unexpected, content, handled, refused, same, shown, that
from scripts.attacks.registry import attack, attacks
from scripts.attacks.routes import GUARDED, fill
from scripts.attacks.wire import Refused, Socket, raw, request
from scripts.attacks.world import NOBODY, World

GUESSES = (
    *("", "secret", "jwt_secret", "JWT_SECRET", "jwtsecret", "changeme", "your-256-bit-secret", "mysecretkey", "dev"),
    *("chat", "password", "undefined", "null", "None", "x" * 32, "x" * 48, "your_jwt_secret", "supersecret"),
)
Forge = Callable[[World], str]


def _anns(world: World, **more: Any) -> dict[str, Any]:
    """The claims of Ann's own token, as far as somebody could know them, and more."""
    return {**tokens.claims_of(world.ann.token), **more}


def _patched(world: World) -> str:
    head, _, signature = world.mallory.token.split(".")
    return f"{head}.{tokens.part({**tokens.claims_of(world.mallory.token), 'userId': world.ann.id})}.{signature}"


def _longer(world: World) -> str:
    head, _, signature = world.mallory.token.split(".")
    return f"{head}.{tokens.part({**tokens.claims_of(world.mallory.token), 'exp': 4_000_000_000})}.{signature}"


OWN_KEY = secrets.token_bytes(32)
FORGED: dict[str, Forge] = {
    "no token at all": lambda _: "",
    "a token that is garbage": lambda _: "garbage.garbage.garbage",
    'a token that is signed by nobody (alg "none")': lambda w: tokens.unsigned(_anns(w), "none"),
    'a token that is signed by nobody in other capitals (alg "nOnE")': lambda w: tokens.unsigned(_anns(w), "nOnE"),
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


def _nobody(world: World, token: str, *codes: str) -> None:
    """The token opens neither HTTP nor a socket."""
    refused(world.ask("GET", "/api/auth/check", token), 401, *codes)
    for way in ({"token": token}, {"auth": {"token": token}}):
        try:
            with Socket(world, **way):
                raise Unexpected(f"a socket opened by {next(iter(way))}")
        except Refused:
            pass


@attacks("comes with {}", "401 no_token or invalid_token, and no socket", FORGED)
def forged(world: World, forge: Forge) -> None:
    _nobody(world, forge(world), "no_token", "invalid_token")


@attack("tries the secrets that people forget to change", "401 invalid_token for each")
def guessed_secret(world: World) -> None:
    for guess in GUESSES:
        for algorithm in tokens.HASHES:
            token = tokens.make(_anns(world), guess, algorithm)
            refused(world.ask("GET", "/api/auth/check", token), 401, "invalid_token")


def _without(claim: str) -> Forge:
    return lambda w: tokens.make({k: v for k, v in _anns(w).items() if k != claim}, w.secret or "")


WITH_THE_SECRET: dict[str, Forge] = {
    "that has expired": lambda w: tokens.make(_anns(w, exp=_anns(w)["iat"] - 1), w.secret or ""),
    "of another algorithm of the same family (HS512)": lambda w: tokens.make(_anns(w), w.secret or "", "HS512"),
    "without an end": _without("exp"),
    "without a beginning": _without("iat"),
    "without a session": _without("sid"),
    "without a user": _without("userId"),
    "of a session that never was": lambda w: tokens.make(_anns(w, sid=NOBODY), w.secret or ""),
    "of another's user with a session of their own": lambda w: tokens.make(
        tokens.claims(w.ann.id, tokens.claims_of(w.mallory.token)["sid"]), w.secret or ""
    ),
    "whose user is a database operator": lambda w: tokens.make(_anns(w, userId={"$ne": None}), w.secret or ""),
    "whose session is a database operator": lambda w: tokens.make(_anns(w, sid={"$ne": None}), w.secret or ""),
}


@attacks("who stole the secret comes with a token {}", "401 invalid_token, and no socket", WITH_THE_SECRET, "secret")
def signed(world: World, forge: Forge) -> None:
    same(world.ask("GET", "/api/auth/check", tokens.make(_anns(world), world.secret or "")).status_code, 200)
    _nobody(world, forge(world), "invalid_token")


@attack("asks for every guarded address without logging in", "401 no_token for each")
def without_login(world: World) -> None:
    for route in GUARDED:
        refused(world.ask(route.method, fill(route.path, NOBODY), json=fill(route.body, NOBODY)), 401, "no_token")


OTHER_PLACES: dict[str, Callable[[str], dict[str, Any]]] = {
    "in the query string": lambda token: {"params": {"token": token, "jwt": token}},
    "in a bearer header": lambda token: {"headers": {"Authorization": f"Bearer {token}"}},
    "in a cookie of another spelling": lambda token: {
        "headers": {"Cookie": f"JWT={token}; Jwt={token}; token={token}"}
    },
}


@attacks("puts a token {}", "401 no_token: the cookie alone counts", OTHER_PLACES)
def token_elsewhere(world: World, place: Callable[[str], dict[str, Any]]) -> None:
    refused(world.ask("GET", "/api/auth/check", **place(world.ann.token)), 401, "no_token")


@attack("names another as themselves in headers that proxies set", "401, whoever is named")
def named_by_header(world: World) -> None:
    for name in ("X-User-Id", "X-Forwarded-User", "X-Remote-User", "Remote-User", "X-Authenticated-User"):
        refused(world.ask("GET", "/api/auth/check", headers={name: world.ann.id}), 401, "no_token")


@attack("sends two cookies, one of them good, in both orders", "that person or 401, and nobody else")
def two_cookies(world: World) -> None:
    mine = world.mallory.token
    for cookie in (f"jwt=x; jwt={mine}", f"jwt={mine}; jwt=x", f'jwt = "{mine}" ;', f"jwt={mine}; jwt={mine}"):
        answer = world.ask("GET", "/api/auth/check", headers={"Cookie": cookie})
        that(answer.status_code == 401 or content(answer)["_id"] == world.mallory.id, shown(answer))


@attack("sends a token of 6,000 characters, and a cookie of 60,000", "4xx")
def long_token(world: World) -> None:
    refused(world.ask("GET", "/api/auth/check", "a" * 6_000), 401, "invalid_token")
    answer = raw(world, request(world, "GET /api/auth/check", f"Cookie: jwt={'a' * 60_000}"))
    that(answer.status_code in (0, *range(400, 500)), answer.text[:200])


@attack("sends a cookie of bytes that are no text", "4xx")
def binary_cookie(world: World) -> None:
    for octets in ("\x00\x01", "\x7f\x80\xff", "%00", "\u2028"):
        answer = raw(world, request(world, "GET /api/auth/check", f"Cookie: jwt={octets}"))
        that(answer.status_code in (0, *range(400, 500)), answer.text[:200])
    world.alive()


@attack("opens a socket as somebody by ?userId= alone", "no socket")
def socket_by_query(world: World) -> None:
    for query in (f"&userId={world.ann.id}", f"&user_id={world.ann.id}&id={world.ann.id}"):
        for auth in (None, {"userId": world.ann.id}):
            try:
                with Socket(world, query=query, auth=auth):
                    raise Unexpected(f"a socket opened by {query}")
            except Refused:
                pass


@attack("opens their own socket with ?userId= of another, to get their messages", "they stay themselves")
def socket_with_foreign_query(world: World) -> None:
    with world.mallory.socket(query=f"&userId={world.ann.id}", auth={"userId": world.ann.id}) as socket:
        sent = socket.ask("send_message", {"to": world.bob.id, "text": "who am I?"})
        same(sent["message"]["senderId"], world.mallory.id)
        world.bob.send(world.ann, "for Ann alone")
        same([event for event, _ in socket.hears() if event == "newMessage"], [])


@attack("opens a socket with a token that is no text", "no socket")
def socket_with_odd_auth(world: World) -> None:
    for auth in ({"token": {"$ne": None}}, {"token": ["a"]}, {"token": 1}, [world.ann.id], "token", 7):
        try:
            with Socket(world, auth=auth):
                raise Unexpected(f"a socket opened by {auth}")
        except Refused:
            pass
    handled(world.ask("GET", "/socket.io/?EIO=4&transport=polling&sid=guessed"), range(400, 500))
