"""Images: from a data URI to clean bytes to an address. Nothing that a client names is ever opened or fetched.

Images are decoded and re-encoded by Pillow, in a process of their own. The pixels stay, and the colour profile that they
need; EXIF, GPS, comments and anything else that a file can carry are removed, and a file that only pretends to be an image
does not survive.
"""

import base64
import binascii
import re

from chat.errors import BadImageError
from chat.lib.image_process import ImageProcess, unfit
from chat.lib.image_stores import CleanImage, ImageStore

TYPES = ("png", "jpeg", "gif", "webp")
_DATA_URI = re.compile(rf"data:image/({'|'.join(TYPES)});base64,([A-Za-z0-9+/]+={{0,2}})", re.ASCII)


class Images:
    """Checks, cleans and stores what clients upload. Bounds are in bytes, decoded, and in pixels of all frames together."""

    def __init__(self, store: ImageStore, process: ImageProcess, max_bytes: int, max_pixels: int) -> None:
        self._store = store
        self._process = process
        self._max_bytes = max_bytes
        self._max_pixels = max_pixels

    def save(self, user_id: str, data_uri: str) -> str:
        """Store an image that a user uploads, with a thumbnail, and return its address.

        Raises `BadImageError`, `RateLimitedError` or `ImageStoreUnavailableError`.
        """
        format, content = self._decoded(data_uri)
        whole, thumbnail = self._process.reencode(user_id, format, content, self._max_pixels)
        return self._store.save(CleanImage(format, whole, thumbnail))

    def thumbnail(self, url: str) -> str | None:
        """The address of an image at most 480 pixels wide and high; None if it isn't kept in our store.

        An image that is small, animated or older than thumbnails is served there itself.
        """
        return self._store.thumbnail(url)

    def load(self, url: str) -> bytes | None:
        """The content of an image that `save` stored; None if it can't be had."""
        return self._store.load(url)

    def remove(self, url: str) -> None:
        """Remove an image that `save` stored; it may be gone already."""
        self._store.remove(url)

    def _decoded(self, data_uri: str) -> tuple[str, bytes]:
        """The format and the content of a data URI."""
        found = _DATA_URI.fullmatch(data_uri)
        if found is None:
            raise unfit("send it as a data URI of a PNG, JPEG, GIF or WebP in base64")
        if len(found[2]) > (self._max_bytes + 2) // 3 * 4:
            raise self._too_large()
        try:
            content = base64.b64decode(found[2], validate=True)
        except binascii.Error:
            raise unfit("its base64 is damaged") from None
        if len(content) > self._max_bytes:
            raise self._too_large()
        return found[1], content

    def _too_large(self) -> BadImageError:
        return unfit(f"it is over {self._max_bytes / 2**20:g} MiB")
