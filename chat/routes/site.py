"""Everything that is not the API: the client's files, uploaded images, health."""

import gzip
from contextlib import suppress
from functools import lru_cache
from hmac import compare_digest
from pathlib import Path

from flask import Blueprint, Response, request, send_from_directory
from werkzeug.exceptions import NotFound as NoSuchRoute

from chat import answers, schemas
from chat.controllers import pictures
from chat.controllers.auth import Login
from chat.current import bus, config, metrics, store
from chat.errors import (
    DatabaseDamagedError,
    DatabaseTooNewError,
    DatabaseUnavailableError,
    InvalidTokenError,
    NotAloneError,
    NotFoundError,
    RedisUnavailableError,
    RestartingError,
)
from chat.lib.image_stores import NAME, UPLOADS
from chat.lib.images import TYPES
from chat.lib.metrics import CONTENT_TYPE
from chat.middleware.auth import protect_route
from chat.middleware.endpoint import endpoint
from chat.middleware.failures import respond_to_http_error
from chat.realtime import server
from chat.version import VERSION

bp = Blueprint("site", __name__)
SHIPPED_CLIENT = Path(__file__).resolve().parent.parent / "web"
NOT_PAGES = ("/api", "/socket.io", "/uploads")
YEAR = 365 * 24 * 3600
POLICY = (
    "default-src 'self'; img-src 'self' https: data: blob:; connect-src 'self' ws: wss:; object-src 'none';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
NOT_READY = (
    DatabaseUnavailableError,
    DatabaseDamagedError,
    DatabaseTooNewError,
    RedisUnavailableError,
    NotAloneError,
    RestartingError,
)
COMPRESSIBLE = {"text/html", "text/css", "text/javascript", "image/svg+xml", "application/manifest+json"}


@bp.get("/healthz")
@endpoint()
def healthz() -> answers.Health:
    """Is the server alive?"""
    return answers.Health(status="alive")


@bp.get("/readyz")
@endpoint(fails=NOT_READY)
def readyz() -> answers.Health:
    """Can the server do its work: does what it depends on answer?"""
    if server.draining():
        raise RestartingError
    store.ping()
    bus.ping()
    return answers.Health(status="ready")


@bp.get("/api/limits")
@endpoint()
def limits() -> answers.Limits:
    """The limits that a client needs to know."""
    return answers.Limits(
        max_text_length=config.max_text_length,
        max_name_length=config.max_name_length,
        max_image_bytes=config.max_image_bytes,
        max_image_pixels=config.max_image_pixels,
        max_room_members=schemas.MAX_MEMBERS,
        min_password_length=schemas.MIN_PASSWORD,
        max_password_bytes=schemas.MAX_PASSWORD,
        image_types=[f"image/{kind}" for kind in TYPES],
    )


@bp.get("/api/about")
@endpoint()
def about() -> answers.About:
    """What a client needs to know before the login."""
    return answers.About(
        version=VERSION,
        signup=config.who_may_join,
        signup_domains=list(config.signup_domains),
        mail=config.smtp_url is not None,
    )


@bp.get("/metrics")
@endpoint(answer="text/plain", opened_by=lambda config: config.metrics_token)
def show_metrics() -> Response:
    """Numbers for Prometheus."""
    token = config.metrics_token
    if token is None:
        raise NotFoundError("there are no metrics here: the server's owner has not set METRICS_TOKEN")
    if not compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {token}".encode()):
        raise InvalidTokenError("send the header Authorization: Bearer <METRICS_TOKEN>")
    return Response(metrics.text(), content_type=CONTENT_TYPE)


@bp.get("/uploads/<name>")
def upload(name: str) -> Response:
    """A picture that I may see, or its thumbnail; the picture itself if it has none."""
    found = NAME.fullmatch(name)
    if found is None:
        raise NotFoundError("no such picture")
    response: Response = _picture(name=name, whole=found[1])
    return response


@protect_route
def _picture(login: Login, name: str, whole: str) -> Response:
    path, host = f"/uploads/{whole}", request.host
    pictures.require_visible(
        login.user, {path, f"{config.public_url}{path}", f"http://{host}{path}", f"https://{host}{path}"}
    )
    folder = config.data_dir.absolute() / UPLOADS
    response = send_from_directory(folder, name if (folder / name).is_file() else whole, max_age=YEAR)
    response.cache_control.public, response.cache_control.private = False, True
    response.cache_control.immutable = True
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@bp.app_errorhandler(NoSuchRoute)
def page(error: NoSuchRoute) -> Response:
    """A file of the client, or its index for any other path: the client has routes of its own.

    ``/sync.js`` is served with every front end, so that any page can import it.
    """
    first = "/" + request.path.split("/", 2)[1]
    if request.method not in ("GET", "HEAD") or first in NOT_PAGES:
        return respond_to_http_error(error)
    own = request.path != "/sync.js" and (config.frontend_dist / "index.html").is_file()
    found = _file(config.frontend_dist if own else SHIPPED_CLIENT)
    if found is None:
        return respond_to_http_error(error)
    response = compressed(found)
    if not own:
        response.headers["Content-Security-Policy"] = (
            POLICY  # only for our own client: another may need a different one
        )
    return response


def _file(folder: Path) -> Response | None:
    """A file of the folder, or its index for a page of the client; None for a missing file with an extension.

    Hidden files are not served, and links can't lead out of the folder.
    """
    path = request.path.lstrip("/") or "index.html"
    hidden = any(part.startswith(".") for part in path.split("/"))
    if not hidden and (folder / path).resolve().is_relative_to(folder.resolve()):
        with suppress(NoSuchRoute):
            return send_from_directory(folder, path)
    if hidden or Path(path).suffix:
        return None
    return send_from_directory(folder, "index.html")


def compressed(response: Response) -> Response:
    """The response compressed, if the browser accepts that: a first load is a third of the size."""
    if response.status_code != 200 or not request.accept_encodings["gzip"] or response.mimetype not in COMPRESSIBLE:
        return response
    response.direct_passthrough = False
    response.set_data(_gzip(response.get_data()))
    response.content_encoding = "gzip"
    response.vary.add("Accept-Encoding")
    return response


@lru_cache(maxsize=256)
def _gzip(content: bytes) -> bytes:
    return gzip.compress(content, compresslevel=9, mtime=0)
