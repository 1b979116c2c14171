"""Images: what is taken, what is stripped, where they go."""

import base64
import io
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageCms

from chat.config import Cloudinary, Config
from chat.lib.image_stores import CloudinaryImages
from tests.clients.http import Person
from tests.clients.wsgi import in_process
from tests.conftest import MakeApp
from tests.images import data_uri, png, wrap

SignUp = Callable[[str], Person]


@pytest.fixture(params=["sqlite"])
def config(request: pytest.FixtureRequest, tmp_path: Path) -> Config:
    """One store is enough: images know nothing of it."""
    return Config(jwt_secret="x" * 48, data_dir=tmp_path, max_image_pixels=1_000_000, max_image_bytes=2**20)


def _post(person: Person, image: Any) -> Any:
    return person.http.post(f"/api/messages/send/{person.id}", json={"image": image})


def _kept(person: Person, image: str) -> Image.Image:
    """Send an image, and open what the server then serves."""
    answer = _post(person, image)
    assert answer.status_code == 201, answer.text
    content = person.http.get(answer.json()["image"]).content
    return Image.open(io.BytesIO(content))


@pytest.mark.parametrize("format", ["png", "jpeg", "gif", "webp"])
def test_an_image_of_each_format_is_kept_and_served(sign_up: SignUp, format: str) -> None:
    kept = _kept(sign_up("Ann"), data_uri(Image.new("RGB", (20, 10), "red"), format))
    assert (kept.format, kept.size) == (format.upper(), (20, 10))


def test_an_uploaded_image_is_served_for_a_year_and_cannot_run(sign_up: SignUp) -> None:
    ann = sign_up("Ann")
    url = _post(ann, png()).json()["image"]
    headers = ann.http.get(url).headers
    assert headers["Content-Type"] == "image/png"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert set(headers["Cache-Control"].split(", ")) == {"private", "immutable", "max-age=31536000"}


def test_exif_and_gps_are_stripped_and_the_orientation_is_kept(sign_up: SignUp) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # Orientation: to be turned by 90 degrees
    exif[0x010E] = "secret description"
    exif.get_ifd(0x8825)[1] = "N"  # GPS latitude
    kept = _kept(sign_up("Ann"), data_uri(Image.new("RGB", (20, 10), "red"), "jpeg", exif=exif))
    assert kept.size == (10, 20)
    assert dict(kept.getexif()) == {}


def test_comments_and_text_chunks_are_stripped(sign_up: SignUp) -> None:
    ann = sign_up("Ann")
    image = Image.new("RGB", (4, 4))
    for uri in (
        data_uri(image, "jpeg", comment=b"secret"),
        data_uri(image, "gif", comment=b"secret"),
        data_uri(image, "webp", xmp=b"<x>secret</x>"),
        _png_with_text("secret"),
    ):
        content = ann.http.get(_post(ann, uri).json()["image"]).content
        assert b"secret" not in content


def _png_with_text(text: str) -> str:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Comment", text)
    return data_uri(Image.new("RGB", (4, 4)), "png", pnginfo=info)


def test_animations_are_kept(sign_up: SignUp) -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "green", "blue")]
    for format in ("gif", "webp"):
        uri = data_uri(frames[0], format, save_all=True, append_images=frames[1:], duration=50)
        assert getattr(_kept(sign_up("Ann"), uri), "n_frames", 1) == 3


def test_transparency_is_kept(sign_up: SignUp) -> None:
    kept = _kept(sign_up("Ann"), data_uri(Image.new("RGBA", (4, 4), (255, 0, 0, 0)), "png"))
    assert kept.convert("RGBA").getpixel((0, 0)) == (255, 0, 0, 0)


def test_what_says_it_is_a_colour_profile_and_is_none_is_dropped(sign_up: SignUp) -> None:
    ann, image = sign_up("Ann"), Image.new("RGB", (4, 4))
    for format in ("png", "jpeg", "webp"):
        assert "icc_profile" not in _kept(ann, data_uri(image, format, icc_profile=b"secret" * 100)).info


def test_a_colour_profile_is_kept(sign_up: SignUp) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    kept = _kept(sign_up("Ann"), data_uri(Image.new("RGB", (4, 4)), "jpeg", icc_profile=profile))
    assert kept.info["icc_profile"] == profile


@pytest.mark.parametrize("format", ["png", "jpeg", "webp"])
def test_damaged_exif_is_no_reason_to_refuse_a_picture(sign_up: SignUp, format: str) -> None:
    ann, image = sign_up("Ann"), Image.new("RGB", (20, 10))
    exif = Image.Exif()
    exif[0x0112] = 6
    whole = exif.tobytes()
    for damaged in (
        b"Exif\0\0garbage",
        b"Exif\0\0",
        whole[:-3],
        whole.replace(b"MM", b"II"),
        whole[:14] + b"\xff" * 40,
    ):
        kept = _kept(ann, data_uri(image, format, exif=damaged))
        assert dict(kept.getexif()) == {}


def test_a_photo_of_several_pictures_is_its_first_one(sign_up: SignUp) -> None:
    out = io.BytesIO()
    Image.new("RGB", (20, 10), "red").save(out, "mpo", save_all=True, append_images=[Image.new("RGB", (4, 4))])
    kept = _kept(sign_up("Ann"), wrap(out.getvalue(), "jpeg"))
    assert (kept.format, kept.size) == ("JPEG", (20, 10))


def _thumbnail(person: Person, image: str) -> Image.Image:
    address = _post(person, image).json()["thumbnail"]
    return Image.open(io.BytesIO(person.http.get(address).content))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1"])
def test_a_large_picture_has_a_thumbnail(sign_up: SignUp, mode: str) -> None:
    thumbnail = _thumbnail(sign_up("Ann"), data_uri(Image.new(mode, (960, 480)), "png"))
    assert (thumbnail.format, thumbnail.size) == ("WEBP", (480, 240))


def test_a_thumbnail_stands_as_the_photo_does(sign_up: SignUp) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    for mode in ("RGB", "CMYK"):
        assert _thumbnail(sign_up("Ann"), data_uri(Image.new(mode, (960, 480)), "jpeg", exif=exif)).size == (240, 480)


def test_the_thumbnail_of_a_small_or_animated_or_deep_picture_is_the_picture(sign_up: SignUp) -> None:
    ann = sign_up("Ann")
    frames = [Image.new("RGB", (500, 100), colour) for colour in ("red", "green")]
    for uri in (
        data_uri(Image.new("RGB", (480, 480)), "png"),
        data_uri(frames[0], "gif", save_all=True, append_images=frames[1:]),
        data_uri(Image.new("I;16", (500, 100)), "png"),
    ):
        message = _post(ann, uri).json()
        assert ann.http.get(message["thumbnail"]).content == ann.http.get(message["image"]).content


def test_a_thumbnail_goes_with_its_picture(sign_up: SignUp, config: Config) -> None:
    ann = sign_up("Ann")
    message = _post(ann, png(500, 500)).json()
    assert len(list((config.data_dir / "uploads").iterdir())) == 2
    gone = ann.http.delete(f"/api/messages/{message['_id']}").json()
    assert "thumbnail" not in gone
    assert list((config.data_dir / "uploads").iterdir()) == []
    assert ann.http.get(message["thumbnail"]).status_code == 404


LONG = [Image.new("RGB", (2, 2), ("black", "white")[number % 2]) for number in range(1001)]
WIDE = [Image.new("RGB", (1000, 500), colour) for colour in ("red", "green", "blue")]


@pytest.mark.parametrize("format", ["gif", "png", "webp"])
@pytest.mark.parametrize(("frames", "reason"), [(LONG, "over 1000 frames"), (WIDE, "over 1 megapixels")])
def test_an_animation_is_measured_as_a_whole(
    sign_up: SignUp, format: str, frames: list[Image.Image], reason: str
) -> None:
    uri = data_uri(frames[0], format, save_all=True, append_images=frames[1:])
    answer = _post(sign_up("Ann"), uri)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_image")
    assert reason in answer.json()["message"]


UNFIT = {
    "a path": "/etc/passwd",
    "a file address": "file:///etc/passwd",
    "a web address": "http://127.0.0.1:1/x.png",
    "no base64": "data:image/png,abc",
    "another type": wrap(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "svg+xml"),
    "text": wrap(b"hello", "png"),
    "nothing": "data:image/png;base64,",
    "damaged base64": "data:image/png;base64,AAA",
    "white space": png() + "\n",
    "more parameters": png().replace(";base64", ";charset=utf-8;base64"),
    "another type than stated": png().replace("image/png", "image/jpeg"),
    "half a file": wrap(base64.b64decode(png().partition(",")[2])[:50], "png"),
    "too many pixels": png(1001, 1000),
    "too many bytes": wrap(b"\0" * (2**20 + 1), "png"),
}


@pytest.mark.parametrize("image", UNFIT.values(), ids=UNFIT.keys())
def test_anything_else_is_refused_and_nothing_is_stored(sign_up: SignUp, config: Config, image: str) -> None:
    ann = sign_up("Ann")
    answer = _post(ann, image)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_image")
    assert ann.http.put("/api/auth/update-profile", json={"profilePic": image}).status_code == 400
    assert list((config.data_dir / "uploads").iterdir()) == []
    assert ann.http.get(f"/api/messages/{ann.id}").json() == []


def test_an_image_on_the_limits_is_taken(sign_up: SignUp) -> None:
    assert _kept(sign_up("Ann"), png(1000, 1000)).size == (1000, 1000)


def test_with_a_public_url_images_have_absolute_urls(make_app: MakeApp, config: Config) -> None:
    url = "https://chat.example.org"
    ann = in_process(make_app(public_url=url), url).sign_up("Ann", "ann@example.org")
    message = _post(ann, png()).json()
    assert message["image"].startswith("https://chat.example.org/uploads/")
    ann.http.delete(f"/api/messages/{message['_id']}")
    assert list((config.data_dir / "uploads").iterdir()) == []


def test_no_path_leads_out_of_the_uploads(sign_up: SignUp) -> None:
    ann = sign_up("Ann")
    for path in ("/uploads/../jwt_secret", "/uploads/%2e%2e/chat.db", "/uploads/..%2fchat.db", "/uploads/"):
        assert ann.http.get(path).status_code == 404


class StandIn(ThreadingHTTPServer):
    """Cloudinary's upload endpoint on this machine; ``mood`` says how it answers."""

    def __init__(self) -> None:
        self.mood = "fine"
        self.uploads: list[bytes] = []
        self.released = threading.Event()
        super().__init__(("127.0.0.1", 0), _Endpoint)


class _Endpoint(BaseHTTPRequestHandler):
    server: StandIn

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.mood == "hangs":
            self.server.released.wait(20)
        self.server.uploads.append(content)
        status, body = 200, b'{"secure_url": "https://res.cloudinary.com/demo/image/upload/v1/chat/abc.png"}'
        if self.server.mood == "fails":
            status, body = 500, b'{"error": {"message": "Internal error"}}'
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def cloudinary() -> Iterator[StandIn]:
    """A stand-in for Cloudinary."""
    with StandIn() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.released.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def ann(make_app: MakeApp, cloudinary: StandIn) -> Person:
    """A user on a server with a Cloudinary account."""
    address = f"http://127.0.0.1:{cloudinary.server_port}"
    app = make_app(cloudinary=Cloudinary("demo", "key", "secret", address))
    return in_process(app).sign_up("Ann", "ann@example.org")


def test_with_an_account_images_go_to_cloudinary_signed_and_without_metadata(ann: Person, cloudinary: StandIn) -> None:
    uri = data_uri(Image.new("RGB", (4, 4)), "jpeg", comment=b"secret comment")
    answer = _post(ann, uri)
    assert answer.status_code == 201
    assert answer.json()["image"] == "https://res.cloudinary.com/demo/image/upload/v1/chat/abc.png"
    upload = cloudinary.uploads[0]
    assert b'name="signature"' in upload
    assert b"secret comment" not in upload


@pytest.mark.parametrize("image", ["/etc/passwd", "http://127.0.0.1:1/x.png"])
def test_cloudinary_never_gets_a_path_or_a_url(ann: Person, cloudinary: StandIn, image: str) -> None:
    assert _post(ann, image).status_code == 400
    assert cloudinary.uploads == []


@pytest.mark.parametrize("mood", ["fails", "hangs"])
def test_cloudinary_failing_or_hanging_is_503_and_nothing_is_saved(ann: Person, cloudinary: StandIn, mood: str) -> None:
    cloudinary.mood = mood
    answer = _post(ann, png())
    assert (answer.status_code, answer.json()["code"]) == (503, "image_store_unavailable")
    assert ann.http.get(f"/api/messages/{ann.id}").json() == []


def test_texts_can_be_sent_while_cloudinary_is_down(ann: Person, make_app: MakeApp) -> None:
    app = make_app(cloudinary=Cloudinary("demo", "key", "secret", "http://127.0.0.1:1"))
    bob = in_process(app).sign_up("Bob", "bob@example.org")
    assert _post(bob, png()).status_code == 503
    assert bob.send(bob, "hello")["text"] == "hello"


def test_a_message_can_be_deleted_while_cloudinary_is_down(ann: Person, cloudinary: StandIn) -> None:
    message = _post(ann, png()).json()
    cloudinary.mood = "fails"
    answer = ann.http.delete(f"/api/messages/{message['_id']}")
    assert answer.status_code == 200
    assert "image" not in answer.json()


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://res.cloudinary.com/demo/image/upload/v1/chat/abc.png", "chat/abc"),
        ("https://res.cloudinary.com/demo/image/upload/v17/q1w2e3.jpg", "q1w2e3"),
        ("https://res.cloudinary.com/other/image/upload/v1/chat/abc.png", None),
        ("https://res.cloudinary.com.evil.example/demo/image/upload/v1/chat/abc.png", None),
        ("http://127.0.0.1/demo/image/upload/v1/chat/abc.png", None),
        ("https://res.cloudinary.com/demo/image/upload/v1/../../secret.png", None),
    ],
)
def test_only_images_of_this_account_are_removed_from_cloudinary(
    cloudinary: StandIn, url: str, name: str | None
) -> None:
    CloudinaryImages(Cloudinary("demo", "key", "secret", f"http://127.0.0.1:{cloudinary.server_port}")).remove(url)
    asked = [upload.decode() for upload in cloudinary.uploads]
    assert len(asked) == (1 if name else 0)
    assert name is None or name in asked[0]
