"""What `flask doctor` inspects on this machine: settings, files, the disk, and the services that the chat uses."""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from chat.cli.findings import Finding, Level
from chat.config import ROOT
from chat.current import bus, config, images, store
from chat.errors import ChatError
from chat.lib.image_stores import UPLOADS
from chat.store import DATABASE

SKEW_SECONDS = 30.0  # tokens allow 60 seconds between two machines
FULL, TIGHT = 100 * 2**20, 2**30  # bytes that are free
_PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
)
LOCAL = ("localhost", "127.0.0.1", "::1")


def settings() -> Iterator[Finding]:
    """Settings that are allowed, and wrong for strangers. `Config.from_env` refuses all others at start."""
    if not config.production:
        yield Finding(Level.WARNING, "This is development: fine on a laptop, not for strangers.", "APP_ENV=production")
        return
    yield Finding(Level.OK, "JWT_SECRET is long enough.")
    if not config.public_url:
        yield Finding(Level.WARNING, "PUBLIC_URL is not set.", "PUBLIC_URL=https://chat.example.org")
    elif not config.public_url.startswith("https://"):
        text = "PUBLIC_URL is plain HTTP, but the session cookie is Secure: browsers would stay logged out."
        yield Finding(
            Level.FAILURE, text, f"PUBLIC_URL=https://{urlsplit(config.public_url).netloc}, and TLS in the proxy"
        )
    if config.public_url and not config.trusted_proxies:
        text = "If a proxy is in front of the chat, all users share the limits of its address."
        yield Finding(Level.WARNING, text, "TRUSTED_PROXIES=1")
    for origin in config.client_origins:
        if urlsplit(origin).hostname in LOCAL:
            text = f"CLIENT_ORIGINS allows {origin}: any program on a visitor's machine could use their login."
            yield Finding(Level.WARNING, text, "CLIENT_ORIGINS=https://app.example.org")
    if not config.rate_limits:
        yield Finding(Level.FAILURE, "Limits are off: passwords can be guessed without end.", "RATE_LIMITS=on")


def files() -> Iterator[Finding]:
    """Who may read the data, and whether there is room for more."""
    folder = config.data_dir
    kept = [folder / DATABASE, folder / UPLOADS, folder / "jwt_secret", ROOT / ".env"]
    exposed = [path for path in kept if path.exists() and path.stat().st_mode & 0o077 and _is_reachable(path)]
    for path in exposed:
        level = Level.FAILURE if config.production else Level.WARNING
        yield Finding(level, f"Other users of this machine can read {path}.", f"chmod -R go= {path}")
    if not exposed:
        yield Finding(Level.OK, f"Only its owner can read {folder}.")
    owners = {path.stat().st_uid for path in kept[:3] if path.exists()}
    if len(owners) > 1:
        text = f"The files in {folder} have several owners: the server may be unable to write some."
        yield Finding(Level.FAILURE, text, f"chown -R chat:chat {folder}")
    free = shutil.disk_usage(folder).free
    text = f"The disk of {folder} has {free / 2**30:.1f} GiB free."
    level = Level.FAILURE if free < FULL else Level.WARNING if free < TIGHT else Level.OK
    yield Finding(level, text, "" if level is Level.OK else "Free some space: without it, messages are refused.")


def database() -> Iterator[Finding]:
    """Whether the database answers, has all indexes, and agrees about the time."""
    name = "MongoDB" if config.mongo_url else "The database"
    try:
        store.ping()
        missing = store.upkeep.missing_indexes()
        skew = abs(store.upkeep.clock() - time.time())
    except ChatError as error:
        yield Finding(
            Level.FAILURE, f"{name} can't be used: {error}", "MONGO_URL" if config.mongo_url else "flask verify"
        )
        return
    yield Finding(Level.OK, f"{name} answers.")
    if missing:
        text = f"Indexes are missing, so some requests are slow: {', '.join(sorted(missing))}"
        yield Finding(Level.FAILURE, text, "Restore them with MongoDB's createIndexes, or from a backup.")
    if skew > SKEW_SECONDS:
        text = f"The clocks of this machine and of {name} differ by {skew:.0f} seconds."
        yield Finding(Level.FAILURE, text, "systemctl enable --now systemd-timesyncd, on both")


def redis() -> Iterator[Finding]:
    """Whether Redis answers, if it is used."""
    if not config.redis_url:
        return
    try:
        bus.ping()
    except ChatError as error:
        yield Finding(Level.FAILURE, f"Redis can't be used: {error}", "REDIS_URL")
    else:
        yield Finding(Level.OK, "Redis answers.")


def image_store() -> Iterator[Finding]:
    """Whether an image can be stored and removed again."""
    try:
        images.remove(images.save("doctor", _PIXEL))
    except ChatError as error:
        advice = "CLOUDINARY_URL" if config.cloudinary else f"chown -R chat:chat {config.data_dir}"
        yield Finding(Level.FAILURE, f"Images can't be stored: {error}", advice)
    else:
        yield Finding(Level.OK, "Images can be stored.")


ALL: tuple[Callable[[], Iterator[Finding]], ...] = (settings, files, database, redis, image_store)


def _is_reachable(path: Path) -> bool:
    """Whether the folders above let others in."""
    return all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents)
