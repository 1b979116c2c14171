"""What the routes of both kinds of conversation share: sending a message, and a page of history."""

from urllib.parse import urlencode

from flask import request

from chat import answers
from chat.controllers.messages import HistoryPage, Sent
from chat.errors import BadImageError, ClientIdReusedError, ImageStoreUnavailableError

SENDING = (BadImageError, ClientIdReusedError, ImageStoreUnavailableError)  # what any send can fail with
LINK = {"Link": 'The address of the next page of older messages, if there are any: `<…>; rel="prev"`.'}

Page = tuple[list[answers.Message], int, dict[str, str]]


def sent(sent: Sent) -> tuple[answers.Message, int]:
    """The answer to a send: 201, or 200 if it had been sent before."""
    return sent.message, 201 if sent.new else 200


def page(page: HistoryPage) -> Page:
    """A page of history, with the address of the next older one."""
    if page.older is None:
        return page.messages, 200, {}
    asked = {name: value for name, value in request.args.items() if name != "page"}
    query = urlencode({**asked, "before": page.older})
    return page.messages, 200, {"Link": f'<{request.path}?{query}>; rel="prev"'}
