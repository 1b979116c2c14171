"""What an inspection finds."""

from enum import Enum

from msgspec import Struct


class Level(Enum):
    """How bad it is."""

    OK = "in order"
    WARNING = "it depends"
    FAILURE = "it has to be changed"


class Finding(Struct, frozen=True):
    """A sentence about one thing that was inspected, and the line that mends it, if it needs mending."""

    level: Level
    text: str
    advice: str = ""
