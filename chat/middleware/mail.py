"""Sends the mails that wait, beside everything else, from the first request on: so the command line never does."""

import logging
import threading
import time

from flask import Flask

from chat.config import Config
from chat.controllers import mails
from chat.errors import ChatError
from chat.lib import threads

log = logging.getLogger(__name__)
POLL_SECONDS = 1.0


def init_app(app: Flask, config: Config) -> None:
    """Send the mails of ``app``, if there is a mail server."""
    started = threading.Lock()
    if not config.smtp_url:
        return

    @app.before_request
    def start() -> None:
        if started.acquire(blocking=False):
            threads.spawn(_send, app)


def _send(app: Flask) -> None:
    failing = False
    while True:
        try:
            with app.app_context():
                mails.send_due()
            failing = False
        except ChatError as error:  # the database is down: the mails wait in it
            if not failing:
                log.warning("mails wait: %s", error)
            failing = True
        except Exception:
            log.exception("mails could not be sent")
            time.sleep(60)
        time.sleep(POLL_SECONDS)
