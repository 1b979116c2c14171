"""What each endpoint and event takes: the types and bounds from which the checks at the door come.

A key that is not named here is ignored, and null is the same as absent.
"""

from typing import Annotated

from msgspec import Meta, Struct

ClientId = Annotated[str, Meta(min_length=1, max_length=64)]
Id = Annotated[str, Meta(pattern="^[0-9a-fA-F]{24}$")]


class Signup(Struct, rename="camel"):
    """A new account; the password has 6 characters to 72 bytes."""

    full_name: str
    email: str
    password: str


class Credentials(Struct):
    """A login."""

    email: str
    password: str


class Profile(Struct, rename="camel"):
    """What a user changes of themselves; the picture is a data URI."""

    full_name: str | None = None
    profile_pic: str | None = None


class NewMessage(Struct, rename="camel"):
    """A message to send: a text, an image (a data URI), or both."""

    text: str | None = None
    image: str | None = None
    client_id: ClientId | None = None
    reply_to: Id | None = None
