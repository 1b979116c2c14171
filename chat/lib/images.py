"""Images: from a data URI to clean bytes to an address. Of what a client sends, nothing is ever opened or fetched.

What is kept is drawn anew by Pillow: the pixels, and the colour profile that they need; EXIF, GPS, comments and whatever
else a file can carry stay behind, and a file that only pretends to be an image does not survive.
"""

import base64
import binascii
import io
import logging
import re
import secrets
import threading
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol, cast

import cloudinary.exceptions
import cloudinary.uploader
from flask import current_app
from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError
from urllib3 import PoolManager, Timeout
from urllib3.exceptions import HTTPError
from werkzeug.local import LocalProxy

from chat.config import Cloudinary, settings
from chat.errors import BadRequest, Unavailable
from chat.lib import threads

_DATA_URI = re.compile(r"data:image/(png|jpeg|gif|webp);base64,([A-Za-z0-9+/]+={0,2})", re.ASCII)
_LOCAL = re.compile(r".*/uploads/([0-9a-f]{32}\.(?:png|jpg|gif|webp))", re.ASCII)
_DELIVERED = re.compile(r"(?:v\d+/)?((?:chat/)?[\w-]+)\.\w+", re.ASCII)  # what follows /upload/
EXTENSIONS = {"png": "png", "jpeg": "jpg", "gif": "gif", "webp": "webp"}
MAX_ANIMATION = 4  # times the pixels of the largest still image, all frames together: it bounds the decoding
# For Cloudinary to answer; a client gets its own answer within 5 seconds. The SDK tries to connect four times.
UPLOAD_TIMEOUT = Timeout(connect=1.0, read=3.5)

_http = PoolManager()
log = logging.getLogger(__name__)

# Decoding takes memory, up to 4 bytes a pixel and copies of that; so one at a time.
_one_at_a_time = threading.Lock()


@dataclass(frozen=True, slots=True)
class CleanImage:
    """An image without metadata, as bytes of its format: png, jpeg, gif or webp."""

    format: str
    content: bytes


class ImageStore(Protocol):
    """Where images are kept."""

    def save(self, image: CleanImage) -> str:
        """Keep an image; the address where browsers find it. Raises `Unavailable`, and keeps nothing."""

    def load(self, url: str) -> bytes | None:
        """The content of an image of ours; None where it is not to be had."""

    def remove(self, url: str) -> None:
        """Forget an image of ours; one that is gone already, or out of reach for now, is fine."""


def clean(data_uri: str) -> CleanImage:
    """The image in a data URI, cleaned. Raises `BadRequest` where it is not one that we take."""
    found = _DATA_URI.fullmatch(data_uri)
    if found is None:
        raise _unfit("send it as a data URI of a PNG, JPEG, GIF or WebP in base64")
    if len(found[2]) > (settings.max_image_bytes + 2) // 3 * 4:
        raise _unfit(f"it is over {settings.max_image_bytes / 2**20:g} MiB")
    try:
        content = base64.b64decode(found[2], validate=True)
    except binascii.Error:
        raise _unfit("its base64 is damaged") from None
    if len(content) > settings.max_image_bytes:
        raise _unfit(f"it is over {settings.max_image_bytes / 2**20:g} MiB")
    with _one_at_a_time:
        return threads.run(_redraw, found[1], content, settings.max_image_pixels)


def _redraw(format: str, content: bytes, max_pixels: int) -> CleanImage:
    try:
        with Image.open(io.BytesIO(content), formats=[format]) as image:
            frames = getattr(image, "n_frames", 1)
            if image.width * image.height > max_pixels:
                raise _unfit(f"it has over {max_pixels / 1e6:g} megapixels")
            if image.width * image.height * frames > max_pixels * MAX_ANIMATION:
                raise _unfit("its animation is too long")
            return CleanImage(format, _encode(format, image, animated=frames > 1))
    except UnidentifiedImageError:
        raise _unfit(f"its content is not {format.upper()}") from None
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise _unfit("it is damaged") from error  # what Pillow raises for files that break off or contradict themselves


def _encode(format: str, image: Image.Image, animated: bool) -> bytes:
    options: dict[str, Any] = {"icc_profile": image.info.get("icc_profile")}
    if animated:
        frames = [frame.copy() for frame in ImageSequence.Iterator(image)]
        timing = {"duration": [frame.info.get("duration", 100) for frame in frames], "loop": image.info.get("loop", 0)}
        options |= {"save_all": True, "append_images": frames[1:], "disposal": 2, **timing}
        image = frames[0]
    else:
        image = ImageOps.exif_transpose(image)
    if format in ("jpeg", "webp"):
        options["quality"] = 90
    for metadata in ("exif", "xmp", "comment", "XML:com.adobe.xmp"):
        image.info.pop(metadata, None)
    out = io.BytesIO()
    image.save(out, format, exif=b"", **options)
    return out.getvalue()


def _unfit(reason: str) -> BadRequest:
    return BadRequest(f"this image cannot be used: {reason}", "bad_image")


class LocalImages:
    """Images on the local disk, served from ``/uploads/<name>``. A name has 128 random bits: nobody guesses one."""

    def __init__(self, folder: Path, public_url: str) -> None:
        self._folder = folder
        self._address = f"{public_url}/uploads"
        folder.mkdir(parents=True, exist_ok=True)

    def save(self, image: CleanImage) -> str:
        name = f"{secrets.token_hex(16)}.{EXTENSIONS[image.format]}"
        try:
            threads.run(self._write, self._folder / name, image.content)
        except OSError as error:
            raise _down() from error
        return f"{self._address}/{name}"

    def load(self, url: str) -> bytes | None:
        ours = _LOCAL.fullmatch(url)
        path = self._folder / ours[1] if ours else None
        return path.read_bytes() if path and path.is_file() else None

    def remove(self, url: str) -> None:
        if ours := _LOCAL.fullmatch(url):
            (self._folder / ours[1]).unlink(missing_ok=True)

    @staticmethod
    def _write(path: Path, content: bytes) -> None:
        partial = path.with_suffix(".partial")
        partial.write_bytes(content)
        partial.rename(path)


class CloudinaryImages:
    """Images in a Cloudinary account."""

    def __init__(self, account: Cloudinary) -> None:
        self._account = {"cloud_name": account.cloud_name, "api_key": account.api_key, "api_secret": account.api_secret}
        if account.upload_prefix:
            self._account["upload_prefix"] = account.upload_prefix

    def save(self, image: CleanImage) -> str:
        # A file object, never the client's text: the SDK would open a path and fetch a URL.
        file = io.BytesIO(image.content)
        file.name = f"image.{EXTENSIONS[image.format]}"
        try:
            answer = cloudinary.uploader.upload(file, timeout=UPLOAD_TIMEOUT, folder="chat", **self._account)
        except (cloudinary.exceptions.Error, HTTPError) as error:
            raise _down() from error
        return cast(str, answer["secure_url"])

    def load(self, url: str) -> bytes | None:
        if not self._public_id(url):
            return None
        try:
            answer = _http.request("GET", url, timeout=UPLOAD_TIMEOUT, redirect=False, retries=False)
        except HTTPError:
            return None
        return answer.data if answer.status == HTTPStatus.OK else None

    def remove(self, url: str) -> None:
        if public_id := self._public_id(url):
            try:
                cloudinary.uploader.destroy(public_id, timeout=UPLOAD_TIMEOUT, invalidate=True, **self._account)
            except (cloudinary.exceptions.Error, HTTPError) as error:
                log.warning("an image stays at Cloudinary, %s: %s", public_id, error)

    def _public_id(self, url: str) -> str | None:
        """Cloudinary's name for an image of this account, those of the Express backend included; None for any other."""
        start = f"https://res.cloudinary.com/{self._account['cloud_name']}/image/upload/"
        ours = _DELIVERED.fullmatch(url.removeprefix(start)) if url.startswith(start) else None
        return ours[1] if ours else None


def open_images(account: Cloudinary | None, data_dir: Path, public_url: str) -> ImageStore:
    """Cloudinary where an account is given, else the folder ``uploads`` in ``data_dir``."""
    return CloudinaryImages(account) if account else LocalImages(data_dir / "uploads", public_url)


def _down() -> Unavailable:
    return Unavailable("images cannot be stored right now; try again soon", "image_store_unavailable")


images = cast(ImageStore, LocalProxy(lambda: current_app.extensions["chat.images"]))
