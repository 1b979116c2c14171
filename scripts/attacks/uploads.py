"""/uploads: what is served from there cannot run, and nothing else is served."""

import re

from scripts.attacks.checks import LeftOut, content, same, shown, that
from scripts.attacks.images import _send
from scripts.attacks.pictures import drawn, uri
from scripts.attacks.registry import attack
from scripts.attacks.wire import raw, request
from scripts.attacks.world import World

WAYS_OUT = (
    *("../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%5c", "..\\", "....//", "%252e%252e%252f", "..;/", ".%00./"),
    *("/", "//", "%2f", "..%c0%af", "%c0%ae%c0%ae/", "./../", "~/", "C:\\"),
)
AIMS = ("etc/passwd", "chat.db", "jwt_secret", "chat/config.py", ".env")
INSIDE = ("root:x:", "root:*:", "SQLite format", "import os", "JWT_SECRET", "MONGO_URL")


def _image(world: World) -> str:
    """The address of an image that somebody sent, on this server."""
    address = _send(world, uri(drawn("png")))
    path = re.search(r"/uploads/[^/]+$", address)
    if path is None:
        raise LeftOut("images are not on this server")
    return path[0]


@attack("climbs out of the folder of images", "404 or 400, and no file of the server")
def traversal(world: World) -> None:
    cookie = f"Cookie: jwt={world.mallory.token}"
    for way in WAYS_OUT:
        for aim in AIMS:
            for depth in (1, 2, 6):
                answer = raw(world, request(world, f"GET /uploads/{way * depth}{aim}", cookie, "Connection: close"))
                that(not any(word in answer.text for word in INSIDE), f"{way * depth}{aim}: {answer.text[:300]}")
                that(answer.status_code in (0, 200, *range(300, 500)), answer.text[:100])


@attack("climbs out of the folder of the client's files", "no file of the server")
def traversal_of_pages(world: World) -> None:
    for way in WAYS_OUT:
        for aim in AIMS:
            answer = raw(world, request(world, f"GET /{way * 4}{aim}", "Connection: close"))
            that(not any(word in answer.text for word in INSIDE), f"{way * 4}{aim}: {answer.text[:300]}")


@attack("lists the folder of images, or writes into it", "404 or 405")
def listing(world: World) -> None:
    for path in ("/uploads", "/uploads/", "/uploads/.", "/uploads/*"):
        that(world.ask("GET", path).status_code == 404, path)
    for method in ("PUT", "POST", "DELETE"):
        answer = world.mallory.ask(method, "/uploads/x.png", data=b"x")
        that(answer.status_code in (404, 405), shown(answer))
    path = _image(world)
    that(world.mallory.ask("DELETE", path).status_code in (404, 405), path)
    same(world.ask("GET", path).status_code, 200)


@attack("guesses the names of images", "128 random bits in each, and none like the one before")
def names(world: World) -> None:
    first, second = _image(world), _image(world)
    for path in (first, second):
        that(len(re.findall(r"[0-9a-zA-Z_-]", path.removeprefix("/uploads/").partition(".")[0])) >= 22, path)
    that(first[9:17] != second[9:17], f"{first} {second}")


@attack("opens an uploaded image as a page", "an image to every browser: nosniff, and a CSP that runs nothing")
def served(world: World) -> None:
    answer = world.ask("GET", _image(world))
    same(answer.headers.get("Content-Type"), "image/png")
    same(answer.headers.get("X-Content-Type-Options"), "nosniff")
    policy = answer.headers.get("Content-Security-Policy", "")
    that("sandbox" in policy and "default-src 'none'" in policy and "allow-scripts" not in policy, policy)


@attack("asks for an image in a thousand overlapping ranges", "one answer of an ordinary size")
def ranges(world: World) -> None:
    path = _image(world)
    whole = len(world.ask("GET", path).content)
    answer = world.ask("GET", path, headers={"Range": "bytes=" + ",".join(["0-"] * 1000)})
    that(answer.status_code in (200, 206, 416) and len(answer.content) <= whole + 1000, shown(answer)[:100])
    answer = world.ask("GET", path, headers={"Range": "bytes=-99999999999999999999"})
    that(answer.status_code in (200, 206, 416), shown(answer)[:100])
    that(content(world.ask("GET", "/healthz")) is not None, "the server is gone")
