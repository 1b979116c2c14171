"""Pictures to attack with: good ones, and files that lie."""

import io
import struct
import zlib
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.clients.http import Person

MARK = b"attack-marker-7c1f"  # what must not be in a stored picture
SCRIPT = b"<script>alert('attack-marker-7c1f')</script>"


def drawn(kind: str = "png", size: tuple[int, int] = (16, 16), **options: Any) -> bytes:
    """A small picture as a file."""
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, kind, **options)
    return out.getvalue()


def place() -> bytes:
    """What a camera writes down: where it was, and words."""
    exif = Image.Exif()
    exif[0x010E] = MARK.decode()
    exif[0x8825] = {1: "N", 2: (48.0, 51.0, 30.0), 3: "E", 4: (2.0, 17.0, 40.0), 29: MARK.decode()}
    return exif.tobytes()


def with_place() -> bytes:
    """A JPEG that tells where it was taken."""
    return drawn("jpeg", exif=place(), comment=MARK)


def with_text() -> bytes:
    """A PNG with words in it."""
    info = PngInfo()
    info.add_text("Comment", MARK.decode())
    info.add_itxt("XML:com.adobe.xmp", f"<x>{MARK.decode()}</x>")
    return drawn("png", pnginfo=info)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def bomb(side: int) -> bytes:
    """A small PNG of very many pixels, all the same."""
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    packer, row, packed = zlib.compressobj(9), b"\0" * (1 + (side + 7) // 8), b""
    for _ in range(side):
        packed += packer.compress(row)
    packed += packer.flush()
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def text_bomb() -> bytes:
    """A PNG with 50 MB of words, packed small."""
    words = b"Comment\0\0" + zlib.compress(b"x" * 50_000_000, 9)
    whole = drawn("png")
    return whole[:33] + _chunk(b"zTXt", words) + whole[33:]


def long_film(side: int, frames: int) -> bytes:
    """A small GIF of very many frames, all the same."""
    out = io.BytesIO()
    still = Image.new("P", (side, side))
    others = [Image.new("P", (side, side), number % 2) for number in range(frames - 1)]
    still.save(out, "gif", save_all=True, append_images=others, duration=20)
    return out.getvalue()


def endless_film(frames: int) -> bytes:
    """A GIF of very many frames of one pixel."""
    still = drawn("gif", size=(1, 1))
    start = still.index(b"\x2c")  # of its one frame, which ends before the last byte
    return still[:start] + still[start:-1] * frames + still[-1:]


def png_film(side: int, frames: int) -> bytes:
    """A small PNG of many large frames, all the same."""
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" * (1 + (side + 7) // 8)) * side, 9)
    film = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"acTL", struct.pack(">II", frames, 0))
    number = 0
    for frame in range(frames):
        film += _chunk(b"fcTL", struct.pack(">IIIIIHHBB", number, side, side, 0, 0, 1, 25, 0, 0))
        number += 1
        film += _chunk(b"IDAT", rows) if frame == 0 else _chunk(b"fdAT", struct.pack(">I", number) + rows)
        number += frame > 0
    return film + _chunk(b"IEND", b"")


def gif_script() -> bytes:
    """A file that is a GIF to one reader and a script to another."""
    whole = drawn("gif")
    return whole[:-1] + b"\x21\xfe" + bytes([len(SCRIPT)]) + SCRIPT + b"\0;" + b"/*" + SCRIPT + b"*/"


def keep(person: Person, image: str) -> str:
    """Send a picture to oneself, which has to be taken; the address where it is now."""
    address: str = person.call("POST", f"/api/messages/send/{person.id}", {"image": image})["image"]
    return address
