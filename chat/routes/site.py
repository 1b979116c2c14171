"""Everything that is not the API: the client's files, uploaded images, health."""

from pathlib import Path

from flask import Blueprint, Response, request, send_from_directory
from werkzeug.exceptions import NotFound as NoSuchRoute

from chat.config import settings
from chat.errors import answer_http_error
from chat.lib.cluster import cluster
from chat.store import store

bp = Blueprint("site", __name__)
SHIPPED_CLIENT = Path(__file__).resolve().parent.parent / "web"
NOT_PAGES = ("/api", "/socket.io", "/uploads")
YEAR = 365 * 24 * 3600


@bp.get("/healthz")
def healthz() -> dict[str, str]:
    return {"status": "alive"}


@bp.get("/readyz")
def readyz() -> dict[str, str]:
    store.ping()
    cluster.ping()
    return {"status": "ready"}


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
    folder = settings.frontend_dist if (settings.frontend_dist / "index.html").is_file() else SHIPPED_CLIENT
    try:
        return send_from_directory(folder, request.path.lstrip("/") or "index.html")
    except NoSuchRoute:
        return send_from_directory(folder, "index.html", max_age=0)
