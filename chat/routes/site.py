"""Everything that is not the API: the client's files, uploaded images, health."""

import gzip
from functools import lru_cache
from hmac import compare_digest
from pathlib import Path

from flask import Blueprint, Response, jsonify, request, send_from_directory
from werkzeug.exceptions import NotFound as NoSuchRoute

from chat import answers
from chat.config import settings
from chat.errors import NotFound, Unauthorized, answer_http_error
from chat.lib.cluster import cluster
from chat.middleware.metrics import metrics
from chat.middleware.operation import gives
from chat.schemas import MAX_MEMBERS, MAX_PASSWORD, MIN_PASSWORD
from chat.store import store

bp = Blueprint("site", __name__)
SHIPPED_CLIENT = Path(__file__).resolve().parent.parent / "web"
NOT_PAGES = ("/api", "/socket.io", "/uploads")
YEAR = 365 * 24 * 3600
POLICY = (
    "default-src 'self'; img-src 'self' https: data: blob:; connect-src 'self' ws: wss:; object-src 'none';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
COMPRESSIBLE = {"text/html", "text/css", "text/javascript", "image/svg+xml", "application/manifest+json"}


@bp.get("/healthz")
@gives(answers.Health)
def healthz() -> dict[str, str]:
    """Is the server alive?"""
    return {"status": "alive"}


@bp.get("/readyz")
@gives(answers.Health, fails=("database_unavailable", "redis_unavailable"))
def readyz() -> dict[str, str]:
    """Can the server do its work: does what it depends on answer?"""
    store.ping()
    cluster.ping()
    return {"status": "ready"}


@bp.get("/api/limits")
def limits() -> Response:
    """What the server accepts, for clients that check before they send."""
    return jsonify(
        maxTextLength=settings.max_text_length,
        maxNameLength=settings.max_name_length,
        maxImageBytes=settings.max_image_bytes,
        maxImagePixels=settings.max_image_pixels,
        minPasswordLength=MIN_PASSWORD,
        maxPasswordBytes=MAX_PASSWORD,
        maxRoomMembers=MAX_MEMBERS,
        imageTypes=["image/png", "image/jpeg", "image/gif", "image/webp"],
    )


@bp.get("/metrics")
@gives("text/plain", token="metrics_token")
def show_metrics() -> Response:
    """Numbers for Prometheus."""
    token = settings.metrics_token
    if token is None:
        raise NotFound("there are no metrics here: the server's owner has set no METRICS_TOKEN")
    if not compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {token}".encode()):
        raise Unauthorized("send the header Authorization: Bearer <METRICS_TOKEN>")
    return metrics.answer()


@bp.get("/uploads/<name>")
def upload(name: str) -> Response:
    response = send_from_directory(settings.data_dir.absolute() / "uploads", name, max_age=YEAR)
    response.cache_control.public, response.cache_control.immutable = True, True
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@bp.app_errorhandler(NoSuchRoute)
def page(error: NoSuchRoute) -> Response:
    """A file of the client, or its index for any other path: the client has routes of its own."""
    first = "/" + request.path.split("/", 2)[1]
    if request.method not in ("GET", "HEAD") or first in NOT_PAGES:
        return answer_http_error(error)
    if (settings.frontend_dist / "index.html").is_file():
        return compressed(_file(settings.frontend_dist))
    response = compressed(_file(SHIPPED_CLIENT))
    response.headers["Content-Security-Policy"] = POLICY  # of our own client; what another one needs is not ours to say
    return response


def _file(folder: Path) -> Response:
    try:
        return send_from_directory(folder, request.path.lstrip("/") or "index.html")
    except NoSuchRoute:
        return send_from_directory(folder, "index.html")


def compressed(response: Response) -> Response:
    """The same file, smaller, for browsers that take it so: a first load is a third in size."""
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
