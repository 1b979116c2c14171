"""Images: from a data URI to clean bytes to an address. Nothing that a client names is ever opened or fetched.

Images are decoded and re-encoded by Pillow. The pixels stay, and the colour profile that they need; EXIF, GPS, comments and
anything else that a file can carry are removed, and a file that only pretends to be an image does not survive.
"""

import base64
import binascii
import io
import re
import threading
from typing import Any

from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from chat.errors import BadImageError
from chat.lib import threads
from chat.lib.image_stores import CleanImage, ImageStore

TYPES = ("png", "jpeg", "gif", "webp")
MAX_ANIMATION = 4  # times the pixels of the largest still image, all frames together: it bounds the decoding
_DATA_URI = re.compile(rf"data:image/({'|'.join(TYPES)});base64,([A-Za-z0-9+/]+={{0,2}})", re.ASCII)

# Decoding takes memory, up to 4 bytes a pixel and copies of that; so one at a time.
_one_at_a_time = threading.Lock()


class Images:
    """Checks, cleans and stores what clients upload. Bounds are in bytes, decoded, and in pixels."""

    def __init__(self, store: ImageStore, max_bytes: int, max_pixels: int) -> None:
        self._store = store
        self._max_bytes = max_bytes
        self._max_pixels = max_pixels

    def save(self, data_uri: str) -> str:
        """Store an image and return its address. Raises `BadImageError` or `ImageStoreUnavailableError`."""
        return self._store.save(self._clean(data_uri))

    def load(self, url: str) -> bytes | None:
        """The content of an image that `save` stored; None if it can't be had."""
        return self._store.load(url)

    def remove(self, url: str) -> None:
        """Remove an image that `save` stored; it may be gone already."""
        self._store.remove(url)

    def _clean(self, data_uri: str) -> CleanImage:
        found = _DATA_URI.fullmatch(data_uri)
        if found is None:
            raise _unfit("send it as a data URI of a PNG, JPEG, GIF or WebP in base64")
        if len(found[2]) > (self._max_bytes + 2) // 3 * 4:
            raise self._too_large()
        try:
            content = base64.b64decode(found[2], validate=True)
        except binascii.Error:
            raise _unfit("its base64 is damaged") from None
        if len(content) > self._max_bytes:
            raise self._too_large()
        with _one_at_a_time:
            return threads.run(_reencode, found[1], content, self._max_pixels)

    def _too_large(self) -> BadImageError:
        return _unfit(f"it is over {self._max_bytes / 2**20:g} MiB")


def _reencode(format: str, content: bytes, max_pixels: int) -> CleanImage:
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
        raise _unfit("it is damaged") from error  # what Pillow raises for truncated or contradictory files


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


def _unfit(reason: str) -> BadImageError:
    return BadImageError(f"this image can't be used: {reason}")
