"""Pages of other sites, which a user's browser opens with the user's cookie."""

import json

from scripts.attacks.checks import Unexpected, handled, refused, same, shown, that
from scripts.attacks.registry import attack, attacks
from scripts.attacks.routes import CHANGING, ENTRANCE, Route, household
from scripts.attacks.wire import Refused, Socket
from scripts.attacks.world import World

EVIL = "https://evil.example"


def _tricks(world: World) -> list[str]:
    """Origins that look like the server's own to a careless comparison."""
    scheme = world.base.partition("://")[0]
    return [
        *("null", EVIL, "https://evil.example:443", "file://", f"{scheme}://{world.host}:1", "http://localhost:9"),
        *(f"{world.base}.evil.example", f"{scheme}://evil{world.netloc}", f"{scheme}://{world.netloc}@evil.example"),
        *(f"{scheme}://evil.example/{world.netloc}", f"{scheme}://evil.example#{world.netloc}", f"{world.base}/"),
        *(
            "http://localhost:5173.evil.example",
            "http://localhost:51730",
            "http://evil.localhost:5173",
            "localhost:5173",
        ),
        *(
            f"{world.base} {EVIL}",
            f"{EVIL} {world.base}",
            world.base.replace("http", "ftp", 1),
            "*",
            "chrome-extension://x",
        ),
    ]


ROUTES = {route.name: route for route in ENTRANCE + CHANGING}


@attacks("a page of another site calls {} with the user's cookie", "403 cross_site, and nothing changed", ROUTES)
def evil_origin(world: World, route: Route) -> None:
    home = household(world)
    before = home.state()
    path, body = home.fill(route.path), home.fill(route.body)
    for headers in (
        {"Origin": EVIL},
        {"Origin": EVIL, "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "cross-site"},
    ):
        answer = home.me.ask(route.method, path, body, headers=headers)
        refused(answer, 403, "cross_site")
        that("Access-Control-Allow-Origin" not in answer.headers, dict(answer.headers))
        that("Set-Cookie" not in answer.headers, dict(answer.headers))
    same(home.state(), before)


@attack("a page of a sibling site calls with Sec-Fetch-Site: same-site", "403 cross_site")
def same_site(world: World) -> None:
    home = household(world)
    for route in CHANGING:
        path, body = home.fill(route.path), home.fill(route.body)
        for headers in ({"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "same-site", "Origin": EVIL}):
            refused(home.me.ask(route.method, path, body, headers=headers), 403, "cross_site")


@attack("a page comes from an origin that only looks like ours", "403 cross_site for each")
def origin_tricks(world: World) -> None:
    home = household(world)
    for origin in _tricks(world):
        answer = home.me.ask("PUT", "/api/auth/update-profile", {"fullName": "x"}, headers={"Origin": origin})
        if answer.status_code != 403:
            raise Unexpected(f"{origin}: {shown(answer)}")
        refused(answer, 403, "cross_site")


FORMS = {
    "text": ("text/plain", None),
    "a form": ("application/x-www-form-urlencoded", b"text=x&fullName=x&email=a@b.c&password=123456"),
    "a form with files": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\nx\r\n--x--',
    ),
    "text that mentions JSON": ("text/plain; charset=application/json", None),
    "no type": (None, None),
}


@attacks("a page sends a body as {}, which needs no permission", "415 not_json, and nothing changed", FORMS)
def forms(world: World, form: tuple[str | None, bytes | None]) -> None:
    home, (kind, octets) = household(world), form
    before = home.state()
    for route in (route for route in ENTRANCE + CHANGING if route.body):
        data = octets or json.dumps(home.fill(route.body)).encode()
        headers = {"Content-Type": kind} if kind else {}
        answer = home.me.ask(route.method, home.fill(route.path), data=data, headers=headers)
        refused(answer, 415, "not_json")
    same(home.state(), before)


@attack("a link or a picture on a page asks, by GET, for what changes something", "404 or 405, and nothing changed")
def by_get(world: World) -> None:
    home = household(world)
    before = home.state()
    for route in ENTRANCE + CHANGING:
        if not route.path.endswith(("{friend}", "/sessions", "/rooms", "/{room}", "{room}/messages")):
            handled(home.me.ask("GET", home.fill(route.path)), (400, 404, 405))
    same(home.state(), before)


@attack("has GET or POST mean another method, by a header or a field", "the method is what it is")
def method_override(world: World) -> None:
    home = household(world)
    before = home.state()
    for headers in ({"X-HTTP-Method-Override": "DELETE"}, {"X-Method-Override": "DELETE"}, {"X-HTTP-Method": "DELETE"}):
        home.me.ask("GET", "/api/auth/sessions", headers=headers)
        home.me.ask("GET", f"/api/rooms/{home.room}?_method=DELETE", headers=headers)
        home.me.ask("POST", f"/api/rooms/{home.room}?_method=DELETE", {"_method": "DELETE"}, headers=headers)
    same(home.state(), before)


PERMITTED = ("Access-Control-Allow-Origin", "Access-Control-Allow-Credentials")


@attack("a page of another site asks for permission (CORS preflight)", "no permission")
def preflight(world: World) -> None:
    for origin in _tricks(world):
        for path in ("/api/auth/login", "/api/messages/users", "/api/rooms", "/healthz", "/uploads/x.png"):
            headers = {"Origin": origin, "Access-Control-Request-Method": "DELETE"}
            headers["Access-Control-Request-Headers"] = "content-type"
            answer = world.ask("OPTIONS", path, headers=headers)
            that(not any(name in answer.headers for name in PERMITTED), f"{origin}: {dict(answer.headers)}")


@attack("a page of another site reads what the user may read", "no permission for its script, whatever the answer")
def cors_reading(world: World) -> None:
    for origin in _tricks(world):
        for path in ("/api/auth/check", "/api/messages/users", "/api/nothing", "/socket.io/?EIO=4&transport=polling"):
            answer = world.mallory.ask("GET", path, headers={"Origin": origin})
            that(answer.headers.get(PERMITTED[0]) is None, f"{origin}: {dict(answer.headers)}")


@attack("a page includes answers as scripts (JSONP)", "JSON, and no call of a function")
def jsonp(world: World) -> None:
    for path in ("/api/auth/check?callback=stolen", "/api/messages/users?jsonp=stolen&callback=stolen"):
        answer = world.mallory.ask("GET", path)
        that(
            answer.headers["Content-Type"].startswith("application/json") and "stolen" not in answer.text, shown(answer)
        )
    answer = world.mallory.ask("GET", "/socket.io/?EIO=4&transport=polling&j=0")
    that(answer.status_code >= 400 or answer.headers.get("X-Content-Type-Options") == "nosniff", shown(answer))


def _socket(world: World, origin: str) -> None:
    for way in ({"token": world.mallory.token}, {"auth": {"token": world.mallory.token}}):
        try:
            Socket(world, origin=origin, **way).close()
        except Refused:
            continue
        raise Unexpected(f"a socket opened for {origin}")


@attack("a page of another site opens a WebSocket with the user's cookie", "no socket")
def websocket(world: World) -> None:
    _socket(world, EVIL)


@attack("a page from an origin that looks like ours opens a WebSocket", "no socket")
def websocket_tricks(world: World) -> None:
    for origin in _tricks(world):
        _socket(world, origin)


@attack("a page of another site talks to a socket by polling", "refused")
def polling(world: World) -> None:
    for origin in _tricks(world):
        answer = world.mallory.ask("GET", "/socket.io/?EIO=4&transport=polling", headers={"Origin": origin})
        handled(answer, (400, 403))


@attack("a page of another site writes into an open polling connection whose id it knows", "refused")
def polling_write(world: World) -> None:
    opened = world.mallory.ask("GET", "/socket.io/?EIO=4&transport=polling")
    session = json.loads(opened.text[1:])["sid"]
    path = f"/socket.io/?EIO=4&transport=polling&sid={session}"
    handled(world.ask("POST", path, data=b"40", headers={"Origin": EVIL, "Content-Type": "text/plain"}), (400, 403))
