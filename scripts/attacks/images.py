"""Images: paths and addresses that the server should open, files that lie about what they are, bombs."""

import io
import socket
import threading
import time
from collections.abc import Callable

from PIL import Image

from scripts.attacks import pictures
from scripts.attacks.attacker import Attacker
from scripts.attacks.checks import LeftOut, refused, same, shown, that
from scripts.attacks.pictures import MARK, SCRIPT, uri
from scripts.attacks.registry import attack, attacks
from scripts.attacks.world import World

SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(1)</script></svg>"
PNG = pictures.drawn("png")
UNFIT: dict[str, Callable[[], str]] = {
    "a path": lambda: "/etc/passwd",
    "a path that climbs": lambda: "../../../../etc/passwd",
    "a path of Windows and of its network": lambda: "\\\\127.0.0.1\\share\\x.png",
    "a file address": lambda: "file:///etc/passwd",
    "an address of the cloud's own data": lambda: "http://169.254.169.254/latest/meta-data/",
    "addresses of other protocols": lambda: "gopher://127.0.0.1:6379/_FLUSHALL",
    "a data URI of HTML": lambda: "data:text/html;base64,PHNjcmlwdD4=",
    "an SVG": lambda: uri(SVG, "svg+xml"),
    "an SVG that says it is a PNG": lambda: uri(SVG),
    "HTML that says it is a PNG": lambda: uri(b"<html>" + SCRIPT),
    "HTML behind the first bytes of a PNG": lambda: uri(PNG[:8] + SCRIPT),
    "a program that says it is a GIF": lambda: uri(b"GIF89a" + b"\x7fELF" + b"\0" * 200, "gif"),
    "another kind than stated": lambda: uri(PNG, "jpeg"),
    "a kind that is an image to few": lambda: uri(pictures.drawn("bmp"), "bmp"),
    "a PostScript that says it is a PNG": lambda: uri(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run\n"),
    "half a picture": lambda: uri(PNG[: len(PNG) // 2]),
    "a picture of which a byte was turned": lambda: uri(PNG[:40] + bytes([PNG[40] ^ 255]) + PNG[41:]),
    "nothing": lambda: "data:image/png;base64,",
    "damaged base64": lambda: uri(PNG)[:-3] + "*",
    "parameters in the type": lambda: uri(PNG).replace(";base64", ";charset=utf-8;name=x.html;base64"),
    "a second type behind the first": lambda: uri(PNG).replace("image/png", "image/png,text/html"),
    "400 megapixels in a small file": lambda: uri(pictures.bomb(20_000)),
    "a film of 600 large frames in a small file": lambda: uri(pictures.long_film(700, 600), "gif"),
    "a file over 5 MiB": lambda: uri(PNG + b"\0" * (5 * 2**20)),
}


def _photographer(world: World) -> Attacker:
    """Somebody who sends images: how many a minute is limited for each person."""
    found = world.extras.get("photographer")
    if not isinstance(found, Attacker):
        found = world.extras["photographer"] = world.person("Pia")
    return found


def _send(world: World, image: str) -> str:
    """Send an image that is taken; the address where it is now."""
    me = _photographer(world)
    address: str = me.call("POST", f"/api/messages/send/{me.id}", {"image": image})["image"]
    return address


def stored(world: World, image: str) -> bytes:
    """Send an image that is taken, and get what the server made of it."""
    answer = world.ask("GET", _send(world, image))
    same(answer.status_code, 200)
    return answer.content


@attacks("sends {} as an image", "400 bad_image within seconds, and nothing is kept", UNFIT)
def unfit(world: World, make: Callable[[], str]) -> None:
    me, image = _photographer(world), make()
    started = time.monotonic()
    answer = me.ask("POST", f"/api/messages/send/{me.id}", {"text": "look", "image": image})
    refused(answer, 400, "bad_image")
    that("root:" not in answer.text, shown(answer))
    took = time.monotonic() - started
    that(took < 8, f"{took:.1f} seconds")
    world.alive()


@attack("sends paths, addresses and scripts as their profile picture", "400, and the picture stays")
def profile_picture(world: World) -> None:
    me = world.mallory
    for name in ("a path", "a file address", "an SVG", "HTML that says it is a PNG", "a data URI of HTML"):
        refused(me.ask("PUT", "/api/auth/update-profile", {"profilePic": UNFIT[name]()}), 400, "bad_image")
    for name in ("/uploads/x.png", "javascript:alert(1)", "https://evil.example/x.png"):
        refused(me.ask("PUT", "/api/auth/update-profile", {"profilePic": name}), 400, "bad_image")
    same(me.call("GET", "/api/auth/check")["profilePic"], "")


@attack("sends an image by a socket that is a path or a script", "an error in the acknowledgement")
def by_socket(world: World) -> None:
    me = _photographer(world)
    with me.socket() as socket:
        for image in ("/etc/passwd", "http://127.0.0.1/x.png", uri(SVG)):
            same(socket.ask("send_message", {"to": me.id, "image": image}).get("code"), "bad_image")


@attack("has the server fetch an address inside its own network", "400, and nobody comes to fetch it")
def fetched(world: World) -> None:
    me, visits = _photographer(world), list[bytes]()
    with socket.create_server(("127.0.0.1", 0)) as inside:
        inside.settimeout(1.5)
        port = inside.getsockname()[1]
        for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "127.1"):
            address = f"http://{host}:{port}/x.png"
            refused(me.ask("POST", f"/api/messages/send/{me.id}", {"image": address}), 400, "bad_image")
        try:
            with inside.accept()[0] as visitor:
                visits.append(visitor.recv(100))
        except TimeoutError:
            pass
    same(visits, [])


HIDING = {
    "the place where a photograph was taken": lambda: uri(pictures.with_place(), "jpeg"),
    "words inside a PNG": lambda: uri(pictures.with_text()),
    "a script inside a GIF that is good": lambda: uri(pictures.gif_script(), "gif"),
    "a script behind the end of a PNG that is good": lambda: uri(PNG + SCRIPT),
    "a script behind the end of a JPEG that is good": lambda: uri(pictures.drawn("jpeg") + SCRIPT, "jpeg"),
    "metadata inside a WebP": lambda: uri(pictures.drawn("webp", xmp=MARK, exif=pictures.place()), "webp"),
}


@attacks("hides {}", "taken, and drawn anew without it", HIDING)
def hidden(world: World, make: Callable[[], str]) -> None:
    content = stored(world, make())
    that(MARK not in content and b"<script" not in content, f"it is still there: {content[:200]!r}")
    with Image.open(io.BytesIO(content)) as image:
        same((image.size, dict(image.getexif())), ((16, 16), {}))


@attack("sends a picture with 50 MB of words, packed small", "refused or taken without them, within seconds")
def text_bomb(world: World) -> None:
    me = _photographer(world)
    started = time.monotonic()
    answer = me.ask("POST", f"/api/messages/send/{me.id}", {"image": uri(pictures.text_bomb())})
    that(answer.status_code in (201, 400) and time.monotonic() - started < 8, shown(answer))


@attack("sends four heavy pictures at once, to keep the server from others", "others are served meanwhile")
def heavy_pictures(world: World) -> None:
    me, heavy = _photographer(world), uri(pictures.bomb(4_900))
    body = {"image": heavy}
    senders = [threading.Thread(target=me.ask, args=("POST", f"/api/messages/send/{me.id}", body)) for _ in range(4)]
    for sender in senders:
        sender.start()
    started = time.monotonic()
    world.alive()
    took = time.monotonic() - started
    for sender in senders:
        sender.join()
    that(took < 5, f"{took:.1f} seconds for another")


@attack("opens the image of a message that was deleted", "404")
def deleted(world: World) -> None:
    me = _photographer(world)
    message = me.call("POST", f"/api/messages/send/{me.id}", {"image": uri(PNG)})
    if "/uploads/" not in message["image"]:
        raise LeftOut("images are not on this server")
    same(world.ask("GET", message["image"]).status_code, 200)
    me.call("DELETE", f"/api/messages/{message['_id']}")
    same(world.ask("GET", message["image"]).status_code, 404)
