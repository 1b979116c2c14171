"""Decodes and re-encodes images in a process of its own, which `chat.lib.image_process` starts and can lose.

It is run as a script, without the environment and the modules of the chat: whatever an image may do to Pillow, there are
no secrets here, no files can be written, and memory and CPU time are limited.

It reads requests from its standard input, a socket: a line ``<format> <max pixels> <bytes>``, then the image. It answers
with a line ``ok <bytes> <bytes>``, then the image and its thumbnail (0 bytes: none), or ``unfit <bytes> 0`` and the reason.
"""

import io
import resource
import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from PIL import Image, ImageCms, ImageSequence, UnidentifiedImageError
from PIL.Image import Transpose

MAX_FRAMES = 1000  # of an animation: 40 seconds at 25 frames a second
THUMBNAIL_SIDE = 480  # pixels of the longer side
STARTING_BYTES = 400 * 2**20  # of address space, before any image: Python, Pillow, the libraries
BYTES_PER_PIXEL = 32  # of address space: decoded, turned, encoded, each with copies of 4 bytes
STARTING_SECONDS = 4  # of CPU time
PIXELS_PER_SECOND = 4_000_000  # of CPU time, on a slow machine
ORIENTATION = 0x0112  # EXIF's
TURNS = {  # how EXIF's orientation is undone
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
METADATA = ("exif", "xmp", "comment", "XML:com.adobe.xmp")


class UnfitError(Exception):
    """The image can't be used; the message says why."""


def reencode(format: str, content: bytes, max_pixels: int) -> tuple[bytes, bytes]:
    """The image without metadata, and a WebP of at most 480 pixels a side; empty if the image is small or animated.

    Raises `UnfitError`.
    """
    try:
        with Image.open(io.BytesIO(content), formats=[format]) as image:
            _check_size(image, 1, max_pixels)
            # A JPEG of several pictures (MPO, from phones) is no animation: the first one is the photo.
            if format != "jpeg" and getattr(image, "is_animated", False):
                return _animation(format, image, max_pixels), b""
            return _still(format, image)
    except UnidentifiedImageError:
        raise UnfitError(f"its content is not {format.upper()}") from None
    except MemoryError:
        raise UnfitError("it takes too much memory") from None
    except Image.DecompressionBombError:
        raise UnfitError(_too_many(max_pixels)) from None
    except (OSError, SyntaxError, ValueError, EOFError) as error:  # from Pillow, for truncated or contradictory files
        raise UnfitError("it is damaged") from error


def _still(format: str, image: Image.Image) -> tuple[bytes, bytes]:
    image.load()
    image = image.transpose(turn) if (turn := TURNS.get(_orientation(image))) else image
    options: dict[str, Any] = {"quality": 90} if format in ("jpeg", "webp") else {}
    icc = _colour_profile(image)
    for metadata in METADATA:
        image.info.pop(metadata, None)
    whole = _saved(image, format, icc_profile=icc, **options)
    if max(image.size) <= THUMBNAIL_SIDE or image.mode.startswith(("I", "F")):  # 16 bits a channel: no simple way to 8
        return whole, b""
    if image.mode == "CMYK":
        icc = None
    small = image.convert("RGBA" if image.has_transparency_data else "RGB")
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    return whole, _saved(small, "webp", icc_profile=icc, quality=80)


def _animation(format: str, image: Image.Image, max_pixels: int) -> bytes:
    if format != "gif":  # a GIF doesn't say how many frames it has
        _check_size(image, getattr(image, "n_frames", 1), max_pixels)
    frames = list(_frames(image, max_pixels))
    options: dict[str, Any] = {"quality": 90} if format == "webp" else {}
    return _saved(
        frames[0],
        format,
        save_all=True,
        append_images=frames[1:],
        disposal=2,
        duration=[frame.info.get("duration", 100) for frame in frames],
        loop=image.info.get("loop", 0),
        icc_profile=_colour_profile(image),
        **options,
    )


def _frames(image: Image.Image, max_pixels: int) -> Iterator[Image.Image]:
    for number, frame in enumerate(ImageSequence.Iterator(image), 1):
        _check_size(frame, number, max_pixels)  # before it is decoded
        copy = frame.copy()
        for metadata in METADATA:
            copy.info.pop(metadata, None)
        yield copy


def _check_size(image: Image.Image, frames: int, max_pixels: int) -> None:
    if frames > MAX_FRAMES:
        raise UnfitError(f"its animation has over {MAX_FRAMES} frames")
    if image.width * image.height * frames > max_pixels:
        raise UnfitError(_too_many(max_pixels) + (", all frames of its animation together" if frames > 1 else ""))


def _too_many(max_pixels: int) -> str:
    return f"it has over {max_pixels / 1e6:g} megapixels"


def _orientation(image: Image.Image) -> int:
    with suppress(Exception):  # damaged metadata raises whatever its parser stumbles over
        return int(image.getexif().get(ORIENTATION, 1))
    return 1


def _colour_profile(image: Image.Image) -> bytes | None:
    """The colour profile without which the colours would change; None if what stands there is none."""
    profile = image.info.get("icc_profile") or b""
    with suppress(Exception):
        ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return bytes(profile)
    return None


def _saved(image: Image.Image, format: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, format, exif=b"", **options)
    return out.getvalue()


def _limit(max_pixels: int) -> None:
    """Limit memory, and CPU time from now on."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + STARTING_SECONDS + max_pixels // PIXELS_PER_SECOND
    for kind, most in (
        (resource.RLIMIT_AS, STARTING_BYTES + BYTES_PER_PIXEL * max_pixels),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError):  # some systems, such as macOS, don't have each of them
            resource.setrlimit(kind, (most, resource.getrlimit(kind)[1]))


def main() -> None:
    """Serve requests until the other end is closed: also by being killed."""
    connection = socket.socket(fileno=0)
    connection.setblocking(True)
    with connection, connection.makefile("rwb") as file:
        while line := file.readline():
            format, max_pixels, size = line.decode().split()
            _limit(int(max_pixels))
            Image.MAX_IMAGE_PIXELS = int(max_pixels)
            content = file.read(int(size))
            try:
                word, (whole, small) = "ok", reencode(format, content, int(max_pixels))
            except UnfitError as error:
                word, whole, small = "unfit", str(error).encode(), b""
            file.write(f"{word} {len(whole)} {len(small)}\n".encode() + whole + small)
            file.flush()


if __name__ == "__main__":
    import warnings

    warnings.simplefilter("ignore")
    main()
