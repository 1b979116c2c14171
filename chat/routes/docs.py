"""/api: this description of it, for programs and for people."""

import re
from functools import lru_cache
from typing import Any

from flask import Blueprint, Flask, Response, current_app, render_template
from markupsafe import Markup, escape

from chat import openapi
from chat.current import EXTENSION
from chat.middleware.endpoint import endpoint
from chat.routes.site import POLICY, compressed

bp = Blueprint("docs", __name__, url_prefix="/api")


@bp.get("/openapi.json")
@endpoint()
def document() -> dict[str, Any]:
    """This description as an OpenAPI document."""
    return openapi.document(_app(), _app().extensions[EXTENSION].config)


@bp.get("/docs")
@endpoint(answer="text/html")
def page() -> Response:
    """This description as a page."""
    response = Response(_page(_app()), mimetype="text/html")
    response.headers["Content-Security-Policy"] = POLICY
    return compressed(response)


@bp.get("/docs.css")
@endpoint(answer="text/css")
def style() -> Response:
    """The style of the page."""
    return compressed(Response(render_template("docs.css"), mimetype="text/css"))


@bp.app_template_filter("code")
def _code(text: str) -> Markup:
    """A text in which anything between backticks is code."""
    return Markup(re.sub(r"`+([^`]+)`+", r"<code>\1</code>", str(escape(text))))  # noqa: S704  # it is escaped


@lru_cache(maxsize=1)
def _page(app: Flask) -> str:
    return render_template("docs.html", api=openapi.document(app, app.extensions[EXTENSION].config))


def _app() -> Flask:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # the app behind the proxy
    return app
