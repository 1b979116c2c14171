"""Images to send."""

import base64
import io
from typing import Any

from PIL import Image


def data_uri(image: Image.Image, format: str, **options: Any) -> str:
    """The image as a data URI of that format."""
    out = io.BytesIO()
    image.save(out, format, **options)
    return wrap(out.getvalue(), format)


def wrap(content: bytes, format: str = "png") -> str:
    """Bytes as a data URI that says they are an image of that format."""
    return f"data:image/{format};base64,{base64.b64encode(content).decode()}"


def png(width: int = 8, height: int = 8) -> str:
    """A small red picture."""
    return data_uri(Image.new("RGB", (width, height), "red"), "png")
