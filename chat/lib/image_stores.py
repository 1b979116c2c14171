"""Where images are kept: on the local disk, or at Cloudinary."""

import io
import logging
import os
import re
import secrets
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Protocol, cast

import cloudinary.exceptions
import cloudinary.uploader
from urllib3 import PoolManager, Timeout
from urllib3.exceptions import HTTPError

from chat.config import Cloudinary
from chat.errors import ImageStoreUnavailableError
from chat.lib import threads
from chat.lib.disk import sync_folder

UPLOADS = "uploads"  # the folder of images on the local disk
THUMBNAIL = ".thumb.webp"  # what follows the name of an image in the name of its thumbnail
NAME = re.compile(
    r"([0-9a-f]{32}\.(?:png|jpg|gif|webp))(?:\.thumb\.webp)?", re.ASCII
)  # of a file; the image's own first
_LOCAL = re.compile(r".*/uploads/([0-9a-f]{32}\.(?:png|jpg|gif|webp))", re.ASCII)
_DELIVERED = re.compile(r"(?:v\d+/)?((?:chat/)?[\w-]+)\.\w+", re.ASCII)  # what follows /upload/
_SMALLER = "c_limit,h_480,w_480"  # Cloudinary's words for a thumbnail
EXTENSIONS = {"png": "png", "jpeg": "jpg", "gif": "gif", "webp": "webp"}
# For Cloudinary to answer; a client gets its own answer within 5 seconds. The SDK tries to connect four times.
UPLOAD_TIMEOUT = Timeout(connect=1.0, read=3.5)

_http = PoolManager()
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CleanImage:
    """An image without metadata, as bytes of its format: png, jpeg, gif or webp; its thumbnail, a WebP, may be empty."""

    format: str
    content: bytes
    thumbnail: bytes


class ImageStore(Protocol):
    """Where images are kept."""

    def save(self, image: CleanImage) -> str:
        """Store an image durably; return its address. Raises `ImageStoreUnavailableError`, and stores nothing."""

    def thumbnail(self, url: str) -> str | None:
        """The address of the thumbnail of one of our images; None if it isn't ours."""

    def load(self, url: str) -> bytes | None:
        """The content of one of our images; None if it can't be had."""

    def remove(self, url: str) -> None:
        """Remove one of our images; it may be gone already, or out of reach for now."""


class LocalImages:
    """Images on the local disk, served from ``/uploads/<name>``. A name has 128 random bits: it can't be guessed."""

    def __init__(self, folder: Path, public_url: str) -> None:
        self._folder = folder
        self._address = f"{public_url}/uploads"
        folder.mkdir(parents=True, exist_ok=True)

    def save(self, image: CleanImage) -> str:
        name = f"{secrets.token_hex(16)}.{EXTENSIONS[image.format]}"
        try:
            threads.run(self._write, self._folder / name, image)
        except OSError as error:
            raise ImageStoreUnavailableError from error
        return f"{self._address}/{name}"

    def thumbnail(self, url: str) -> str | None:
        return f"{url}{THUMBNAIL}" if _LOCAL.fullmatch(url) else None

    def load(self, url: str) -> bytes | None:
        ours = _LOCAL.fullmatch(url)
        path = self._folder / ours[1] if ours else None
        return path.read_bytes() if path and path.is_file() else None

    def remove(self, url: str) -> None:
        if ours := _LOCAL.fullmatch(url):
            for name in (ours[1], ours[1] + THUMBNAIL):
                (self._folder / name).unlink(missing_ok=True)

    def _write(self, path: Path, image: CleanImage) -> None:
        """Write the files so that a power cut leaves all of the image or nothing, and an error leaves nothing behind."""
        thumbnail = path.with_name(path.name + THUMBNAIL)
        try:
            if image.thumbnail:
                _write_whole(thumbnail, image.thumbnail)
            _write_whole(path, image.content)
            sync_folder(self._folder)
        except OSError:
            self.remove(f"{self._address}/{path.name}")
            raise


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file that has its name only when it is complete."""
    partial = path.with_name(f"{path.name}.partial")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
    finally:
        partial.unlink(missing_ok=True)


class CloudinaryImages:
    """Images in a Cloudinary account."""

    def __init__(self, account: Cloudinary) -> None:
        self._account = {"cloud_name": account.cloud_name, "api_key": account.api_key, "api_secret": account.api_secret}
        if account.upload_prefix:
            self._account["upload_prefix"] = account.upload_prefix
        self._start = f"https://res.cloudinary.com/{account.cloud_name}/image/upload/"

    def save(self, image: CleanImage) -> str:
        # A file object, never the client's text: the SDK would open a path and fetch a URL.
        file = io.BytesIO(image.content)
        file.name = f"image.{EXTENSIONS[image.format]}"
        try:
            # Eager: the thumbnail is made now, and also if the account allows no transformations on the fly.
            options = {"timeout": UPLOAD_TIMEOUT, "folder": "chat", "eager": [{"raw_transformation": _SMALLER}]}
            answer = cloudinary.uploader.upload(file, **options, **self._account)
        except (cloudinary.exceptions.Error, HTTPError) as error:
            raise ImageStoreUnavailableError from error
        return cast(str, answer["secure_url"])

    def thumbnail(self, url: str) -> str | None:
        return f"{self._start}{_SMALLER}/{url.removeprefix(self._start)}" if self._public_id(url) else None

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
        ours = _DELIVERED.fullmatch(url.removeprefix(self._start)) if url.startswith(self._start) else None
        return ours[1] if ours else None


def open_image_store(account: Cloudinary | None, data_dir: Path, public_url: str) -> ImageStore:
    """Cloudinary if an account is given, else the folder ``uploads`` in ``data_dir``."""
    return CloudinaryImages(account) if account else LocalImages(data_dir / UPLOADS, public_url)
