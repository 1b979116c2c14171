"""One-time links: making one, and finding what a token opens."""

from msgspec.structs import replace

from chat.current import config, store
from chat.models.link import DAY, Link, Purpose, new_secret, read_token, token
from chat.models.values import now

PAGES: dict[Purpose, str] = {  # of the client
    "invitation": "/invite",
    "password_reset": "/reset",
    "email_confirmation": "/confirm",
}


def make(link: Link) -> str:
    """Store a link with a new secret; its address.

    Without ``PUBLIC_URL``, the address begins at the path. The token is behind the ``#``, so browsers send it to no server
    and put it into no ``Referer``.
    """
    secret, secret_hash = new_secret()
    store.links.add(replace(link, secret_hash=secret_hash))
    return f"{config.public_url}{PAGES[link.purpose]}#{token(link, secret)}"


def draft(purpose: Purpose, days: float, **fields: object) -> Link:
    """A link that ends after so many days; `make` gives it a secret."""
    return Link(purpose=purpose, secret_hash="", expires_at=now() + int(days * DAY), **fields)  # type: ignore[arg-type]


def find(purpose: Purpose, token: str) -> Link | None:
    """The link that the token opens, if it can still be used."""
    key = read_token(token)
    return store.links.find(purpose, key) if key else None


def use(purpose: Purpose, token: str) -> Link | None:
    """Use a link once, in one write: many at once can't use it more often than it says."""
    key = read_token(token)
    return store.links.use(purpose, key) if key else None
