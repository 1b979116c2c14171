"""Images: paths and addresses that the server should open, files that lie about what they are, bombs."""

import io
import socket
import threading
import time
from collections.abc import Callable

import pytest
from PIL import Image

from tests.attacks import pictures
from tests.attacks.checks import attack, refused
from tests.attacks.pictures import MARK, SCRIPT, keep
from tests.attacks.target import Target
from tests.clients.http import Person, shown
from tests.images import wrap

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
    "an SVG": lambda: wrap(SVG, "svg+xml"),
    "an SVG that says it is a PNG": lambda: wrap(SVG),
    "HTML that says it is a PNG": lambda: wrap(b"<html>" + SCRIPT),
    "HTML behind the first bytes of a PNG": lambda: wrap(PNG[:8] + SCRIPT),
    "a program that says it is a GIF": lambda: wrap(b"GIF89a" + b"\x7fELF" + b"\0" * 200, "gif"),
    "another kind than stated": lambda: wrap(PNG, "jpeg"),
    "a kind that is an image to few": lambda: wrap(pictures.drawn("bmp"), "bmp"),
    "a PostScript that says it is a PNG": lambda: wrap(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run\n"),
    "half a picture": lambda: wrap(PNG[: len(PNG) // 2]),
    "a picture of which a byte was turned": lambda: wrap(PNG[:40] + bytes([PNG[40] ^ 255]) + PNG[41:]),
    "nothing": lambda: "data:image/png;base64,",
    "damaged base64": lambda: wrap(PNG)[:-3] + "*",
    "parameters in the type": lambda: wrap(PNG).replace(";base64", ";charset=utf-8;name=x.html;base64"),
    "a second type behind the first": lambda: wrap(PNG).replace("image/png", "image/png,text/html"),
    "400 megapixels in a small file": lambda: wrap(pictures.bomb(20_000)),
    "a film of 600 large frames in a small file": lambda: wrap(pictures.long_film(700, 600), "gif"),
    "a film of 220,000 frames of one pixel": lambda: wrap(pictures.endless_film(220_000), "gif"),
    "a small PNG that is a film of 40 large frames": lambda: wrap(pictures.png_film(4_000, 40)),
    "a file over 5 MiB": lambda: wrap(PNG + b"\0" * (5 * 2**20)),
}


def _stored(target: Target, photographer: Person, image: str) -> bytes:
    """Send a picture that is taken, and get what the server made of it."""
    answer = photographer.ask("GET", keep(photographer, image))
    assert answer.status_code == 200
    return answer.content


@attack("sends {} as an image", "400 bad_image within seconds, and nothing is kept", make=UNFIT)
def test_unfit(target: Target, photographer: Person, make: Callable[[], str]) -> None:
    me, image = photographer, make()
    started = time.monotonic()
    answer = me.ask("POST", f"/api/messages/send/{me.id}", {"text": "look", "image": image})
    refused(answer, 400, "bad_image")
    assert "root:" not in answer.text, shown(answer)
    took = time.monotonic() - started
    assert took < 8, f"{took:.1f} seconds"
    target.alive()


@attack("sends paths, addresses and scripts as their profile picture", "400, and the picture stays")
def test_profile_picture(target: Target) -> None:
    me = target.mallory
    for name in ("a path", "a file address", "an SVG", "HTML that says it is a PNG", "a data URI of HTML"):
        refused(me.ask("PUT", "/api/auth/update-profile", {"profilePic": UNFIT[name]()}), 400, "bad_image")
    for name in ("/uploads/x.png", "javascript:alert(1)", "https://evil.example/x.png"):
        refused(me.ask("PUT", "/api/auth/update-profile", {"profilePic": name}), 400, "bad_image")
    assert me.call("GET", "/api/auth/check")["profilePic"] == ""


@attack("sends an image by a socket that is a path or a script", "an error in the acknowledgement")
def test_by_socket(target: Target, photographer: Person) -> None:
    me = photographer
    with me.raw_socket() as socket:
        for image in ("/etc/passwd", "http://127.0.0.1/x.png", wrap(SVG)):
            assert socket.ask("send_message", {"to": me.id, "image": image}).get("code") == "bad_image"


@attack("has the server fetch an address inside its own network", "400, and the server does not fetch it")
def test_fetched(target: Target, photographer: Person) -> None:
    me, visits = photographer, list[bytes]()
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
    assert visits == []


HIDING = {
    "the place where a photograph was taken": lambda: wrap(pictures.with_place(), "jpeg"),
    "words inside a PNG": lambda: wrap(pictures.with_text()),
    "a script inside a GIF that is good": lambda: wrap(pictures.gif_script(), "gif"),
    "a script behind the end of a PNG that is good": lambda: wrap(PNG + SCRIPT),
    "a script behind the end of a JPEG that is good": lambda: wrap(pictures.drawn("jpeg") + SCRIPT, "jpeg"),
    "metadata inside a WebP": lambda: wrap(pictures.drawn("webp", xmp=MARK, exif=pictures.place()), "webp"),
}


@attack("hides {}", "accepted, and re-encoded without it", make=HIDING)
def test_hidden(target: Target, photographer: Person, make: Callable[[], str]) -> None:
    content = _stored(target, photographer, make())
    assert MARK not in content, f"it is still there: {content[:200]!r}"
    assert b"<script" not in content, f"it is still there: {content[:200]!r}"
    with Image.open(io.BytesIO(content)) as image:
        assert (image.size, dict(image.getexif())) == ((16, 16), {})


@attack("sends a picture with 50 MB of words, packed small", "refused or taken without them, within seconds")
def test_text_bomb(target: Target, photographer: Person) -> None:
    me = photographer
    started = time.monotonic()
    answer = me.ask("POST", f"/api/messages/send/{me.id}", {"image": wrap(pictures.text_bomb())})
    assert answer.status_code in (201, 400), shown(answer)
    assert time.monotonic() - started < 8, shown(answer)


@attack("sends four heavy pictures at once, to keep the server from others", "others are served meanwhile")
def test_heavy_pictures(target: Target, photographer: Person) -> None:
    me, heavy = photographer, wrap(pictures.bomb(4_900))
    body = {"image": heavy}
    senders = [threading.Thread(target=me.ask, args=("POST", f"/api/messages/send/{me.id}", body)) for _ in range(4)]
    for sender in senders:
        sender.start()
    started = time.monotonic()
    target.alive()
    took = time.monotonic() - started
    for sender in senders:
        sender.join()
    assert took < 5, f"{took:.1f} seconds for another"


@attack("opens the image of a message that was deleted", "404")
def test_deleted(target: Target, photographer: Person) -> None:
    me = photographer
    message = me.call("POST", f"/api/messages/send/{me.id}", {"image": wrap(PNG)})
    if "/uploads/" not in message["image"]:
        pytest.skip("images are not on this server")
    assert me.ask("GET", message["image"]).status_code == 200
    me.call("DELETE", f"/api/messages/{message['_id']}")
    assert me.ask("GET", message["image"]).status_code == 404
