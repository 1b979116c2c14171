"""Pages of other sites, which a user's browser opens with the user's cookie."""

import json

from tests.attacks.checks import attack, handled, refused
from tests.attacks.routes import CHANGING, ENTRANCE, Household, Route
from tests.attacks.target import Target
from tests.clients.http import shown

EVIL = "https://evil.example"


def _tricks(target: Target) -> list[str]:
    """Origins that look like the server's own to a careless comparison."""
    scheme = target.url.partition("://")[0]
    return [
        *(
            "null",
            EVIL,
            "https://evil.example:443",
            "file://",
            f"{scheme}://{target.wire.host}:1",
            "http://localhost:9",
        ),
        *(
            f"{target.url}.evil.example",
            f"{scheme}://evil{target.wire.netloc}",
            f"{scheme}://{target.wire.netloc}@evil.example",
        ),
        *(
            f"{scheme}://evil.example/{target.wire.netloc}",
            f"{scheme}://evil.example#{target.wire.netloc}",
            f"{target.url}/",
        ),
        *(
            "http://localhost:5173.evil.example",
            "http://localhost:51730",
            "http://evil.localhost:5173",
            "localhost:5173",
        ),
        *(
            f"{target.url} {EVIL}",
            f"{EVIL} {target.url}",
            target.url.replace("http", "ftp", 1),
            "*",
            "chrome-extension://x",
        ),
    ]


ROUTES = {route.name: route for route in ENTRANCE + CHANGING}


@attack("a page of another site calls {} with the user's cookie", "403 cross_site, and nothing changed", route=ROUTES)
def test_evil_origin(household: Household, route: Route) -> None:
    before = household.state()
    path, body = household.fill(route.path), household.fill(route.body)
    for headers in (
        {"Origin": EVIL},
        {"Origin": EVIL, "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "cross-site"},
    ):
        answer = household.me.ask(route.method, path, body, headers=headers)
        refused(answer, 403, "cross_site")
        assert "Access-Control-Allow-Origin" not in answer.headers, dict(answer.headers)
        assert "Set-Cookie" not in answer.headers, dict(answer.headers)
    assert household.state() == before


@attack("a page of a sibling site calls with Sec-Fetch-Site: same-site", "403 cross_site")
def test_same_site(household: Household) -> None:
    for route in CHANGING:
        path, body = household.fill(route.path), household.fill(route.body)
        for headers in ({"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "same-site", "Origin": EVIL}):
            refused(household.me.ask(route.method, path, body, headers=headers), 403, "cross_site")


@attack("a page comes from an origin that only looks like ours", "403 cross_site for each")
def test_origin_tricks(target: Target, household: Household) -> None:
    for origin in _tricks(target):
        answer = household.me.ask("PUT", "/api/auth/update-profile", {"fullName": "x"}, headers={"Origin": origin})
        assert answer.status_code == 403, f"{origin}: {shown(answer)}"
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


@attack("a page sends a body as {}, which needs no permission", "415 not_json, and nothing changed", form=FORMS)
def test_forms(household: Household, form: tuple[str | None, bytes | None]) -> None:
    kind, octets = form
    before = household.state()
    for route in (route for route in ENTRANCE + CHANGING if route.body):
        data = octets or json.dumps(household.fill(route.body)).encode()
        headers = {"Content-Type": kind} if kind else {}
        answer = household.me.ask(route.method, household.fill(route.path), data=data, headers=headers)
        refused(answer, 415, "not_json")
    assert household.state() == before


@attack("a link or a picture on a page asks, by GET, for what changes something", "404 or 405, and nothing changed")
def test_by_get(household: Household) -> None:
    before = household.state()
    for route in ENTRANCE + CHANGING:
        if not route.path.endswith(("{friend}", "/sessions", "/rooms", "/{room}", "{room}/messages")):
            handled(household.me.ask("GET", household.fill(route.path)), (400, 404, 405))
    assert household.state() == before


@attack("has GET or POST mean another method, by a header or a field", "the method is what it is")
def test_method_override(household: Household) -> None:
    before = household.state()
    for headers in ({"X-HTTP-Method-Override": "DELETE"}, {"X-Method-Override": "DELETE"}, {"X-HTTP-Method": "DELETE"}):
        household.me.ask("GET", "/api/auth/sessions", headers=headers)
        household.me.ask("GET", f"/api/rooms/{household.room}?_method=DELETE", headers=headers)
        household.me.ask("POST", f"/api/rooms/{household.room}?_method=DELETE", {"_method": "DELETE"}, headers=headers)
    assert household.state() == before


PERMITTED = ("Access-Control-Allow-Origin", "Access-Control-Allow-Credentials")


@attack("a page of another site asks for permission (CORS preflight)", "no permission")
def test_preflight(target: Target) -> None:
    for origin in _tricks(target):
        for path in ("/api/auth/login", "/api/messages/users", "/api/rooms", "/healthz", "/uploads/x.png"):
            headers = {"Origin": origin, "Access-Control-Request-Method": "DELETE"}
            headers["Access-Control-Request-Headers"] = "content-type"
            answer = target.ask("OPTIONS", path, headers=headers)
            assert not any(name in answer.headers for name in PERMITTED), f"{origin}: {dict(answer.headers)}"


@attack("a page of another site reads what the user may read", "no permission for its script, whatever the answer")
def test_cors_reading(target: Target) -> None:
    for origin in _tricks(target):
        for path in ("/api/auth/check", "/api/messages/users", "/api/nothing", "/socket.io/?EIO=4&transport=polling"):
            answer = target.mallory.ask("GET", path, headers={"Origin": origin})
            assert answer.headers.get(PERMITTED[0]) is None, f"{origin}: {dict(answer.headers)}"


@attack("a page includes answers as scripts (JSONP)", "JSON, and no call of a function")
def test_jsonp(target: Target) -> None:
    for path in ("/api/auth/check?callback=stolen", "/api/messages/users?jsonp=stolen&callback=stolen"):
        answer = target.mallory.ask("GET", path)
        assert answer.headers["Content-Type"].startswith("application/json"), shown(answer)
        assert "stolen" not in answer.text, shown(answer)
    answer = target.mallory.ask("GET", "/socket.io/?EIO=4&transport=polling&j=0")
    assert answer.status_code >= 400 or answer.headers.get("X-Content-Type-Options") == "nosniff", shown(answer)


def _socket(target: Target, origin: str) -> None:
    target.refuses_socket(token=target.mallory.token, origin=origin)
    target.refuses_socket(auth={"token": target.mallory.token}, origin=origin)


@attack("a page of another site opens a WebSocket with the user's cookie", "no socket")
def test_websocket(target: Target) -> None:
    _socket(target, EVIL)


@attack("a page from an origin that looks like ours opens a WebSocket", "no socket")
def test_websocket_tricks(target: Target) -> None:
    for origin in _tricks(target):
        _socket(target, origin)


@attack("a page of another site talks to a socket by polling", "refused")
def test_polling(target: Target) -> None:
    for origin in _tricks(target):
        answer = target.mallory.ask("GET", "/socket.io/?EIO=4&transport=polling", headers={"Origin": origin})
        handled(answer, (400, 403))


@attack("a page of another site writes into an open polling connection whose id it knows", "refused")
def test_polling_write(target: Target) -> None:
    opened = target.mallory.ask("GET", "/socket.io/?EIO=4&transport=polling")
    session = json.loads(opened.text[1:])["sid"]
    path = f"/socket.io/?EIO=4&transport=polling&sid={session}"
    handled(target.ask("POST", path, data=b"40", headers={"Origin": EVIL, "Content-Type": "text/plain"}), (400, 403))
