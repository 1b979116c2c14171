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

_LOCAL = re.compile(r".*/uploads/([0-9a-f]{32}\.(?:png|jpg|gif|webp))", re.ASCII)
_DELIVERED = re.compile(r"(?:v\d+/)?((?:chat/)?[\w-]+)\.\w+", re.ASCII)  # what follows /upload/
EXTENSIONS = {"png": "png", "jpeg": "jpg", "gif": "gif", "webp": "webp"}
# For Cloudinary to answer; a client gets its own answer within 5 seconds. The SDK tries to connect four times.
UPLOAD_TIMEOUT = Timeout(connect=1.0, read=3.5)

_http = PoolManager()
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CleanImage:
    """An image without metadata, as bytes of its format: png, jpeg, gif or webp."""

    format: str
    content: bytes


class ImageStore(Protocol):
    """Where images are kept."""

    def save(self, image: CleanImage) -> str:
        """Store an image durably; return its address. Raises `ImageStoreUnavailableError`, and stores nothing."""

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
            threads.run(self._write, self._folder / name, image.content)
        except OSError as error:
            raise ImageStoreUnavailableError from error
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
        """Write the file so that a power cut leaves all of it or nothing, and an error leaves nothing behind."""
        partial = path.with_suffix(".partial")
        try:
            with partial.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            partial.rename(path)
            sync_folder(path.parent)
        finally:
            partial.unlink(missing_ok=True)


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
            raise ImageStoreUnavailableError from error
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


def open_image_store(account: Cloudinary | None, data_dir: Path, public_url: str) -> ImageStore:
    """Cloudinary if an account is given, else the folder ``uploads`` in ``data_dir``."""
    return CloudinaryImages(account) if account else LocalImages(data_dir / "uploads", public_url)
