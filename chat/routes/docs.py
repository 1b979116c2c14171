"""/api: this description of it, for programs and for people."""

import re
from typing import Any

from flask import Blueprint, Response, current_app, make_response, render_template
from markupsafe import Markup, escape

from chat import openapi
from chat.middleware.operation import gives
from chat.routes.site import POLICY, compressed

bp = Blueprint("docs", __name__, url_prefix="/api")


@bp.get("/openapi.json")
@gives(dict)
def document() -> dict[str, Any]:
    """This description as an OpenAPI document."""
    return openapi.document(current_app)


@bp.get("/docs")
@gives("text/html")
def page() -> Response:
    """This description as a page."""
    response = make_response(render_template("docs.html", api=openapi.document(current_app)))
    response.headers["Content-Security-Policy"] = POLICY
    return compressed(response)


@bp.get("/docs.css")
@gives("text/css")
def style() -> Response:
    """How the page looks."""
    return compressed(Response(render_template("docs.css"), mimetype="text/css"))


@bp.app_template_filter("code")
def _code(text: str) -> Markup:
    """A text with what is between backticks as code."""
    return Markup(re.sub(r"`+([^`]+)`+", r"<code>\1</code>", str(escape(text))))  # noqa: S704  # it is escaped
