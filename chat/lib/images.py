"""Images: from a data URI to clean bytes to an address. Nothing that a client names is ever opened or fetched.

Images are decoded and re-encoded by Pillow, in a process of their own. The pixels stay, and the colour profile that they
need; EXIF, GPS, comments and anything else that a file can carry are removed, and a file that only pretends to be an image
does not survive.
"""

import base64

from chat.errors import BadImageError
from chat.lib.image_process import ImageProcess, unfit
from chat.lib.image_stores import CleanImage, ImageStore

TYPES = ("png", "jpeg", "gif", "webp")


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
        kind, _, text = data_uri.partition(";base64,")
        format = kind.removeprefix("data:image/")
        if format not in TYPES or kind == format or not text:
            raise unfit("send it as a data URI of a PNG, JPEG, GIF or WebP in base64")
        if len(text) > (self._max_bytes + 2) // 3 * 4:
            raise self._too_large()
        try:
            content = base64.b64decode(text, validate=True)
        except ValueError:
            raise unfit("its base64 is damaged") from None
        if len(content) > self._max_bytes:
            raise self._too_large()
        return format, content

    def _too_large(self) -> BadImageError:
        return unfit(f"it is over {self._max_bytes / 2**20:g} MiB")
