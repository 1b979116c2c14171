"""What the server does by itself from its first request on, beside everything else: so the command line never does."""

import logging
import threading
import time
from collections.abc import Callable

from flask import Flask

from chat.config import Config
from chat.controllers import mails, retention
from chat.errors import ChatError
from chat.lib import threads

log = logging.getLogger(__name__)
MAIL_SECONDS = 1.0
PURGE_SECONDS = 3600.0
FIRST_PURGE_SECONDS = 600.0  # not while clients come back after a restart
AFTER_A_BUG_SECONDS = 60.0


def init_app(app: Flask, config: Config) -> None:
    """Purge messages of ``app`` that are too old, and send its mails if there is a mail server."""
    chores: list[tuple[Callable[[], object], float, float]] = [
        (lambda: sum(retention.purge()), FIRST_PURGE_SECONDS, PURGE_SECONDS)
    ]
    if config.smtp_url:
        chores.append((mails.send_due, 0, MAIL_SECONDS))
    started = threading.Lock()

    @app.before_request
    def start() -> None:
        if started.acquire(blocking=False):
            for work, first, seconds in chores:
                threads.spawn(_repeat, app, work, first, seconds)


def _repeat(app: Flask, work: Callable[[], object], first: float, seconds: float) -> None:
    failing = False
    time.sleep(first)
    while True:
        try:
            with app.app_context():
                work()
            failing = False
        except ChatError as error:  # the database is down: what is to be done is still there later
            if not failing:
                log.warning("mails and purges wait: %s", error)
            failing = True
        except Exception:
            log.exception("a chore failed")
            time.sleep(AFTER_A_BUG_SECONDS)
        time.sleep(seconds)
