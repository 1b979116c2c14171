"""Mails: they wait in the store until the mail server has taken them, so that one that is down loses none."""

import logging

from chat.controllers import links
from chat.current import config, mailer, store
from chat.lib.mail import MailRefusedError, MailUnavailableError
from chat.models.link import DAY, Link
from chat.models.mail import Kind, Mail
from chat.models.user import User
from chat.models.values import iso, now

log = logging.getLogger(__name__)

LEASE = 2 * 60 * 1000  # milliseconds for one attempt; then another process may try
KEEP = 3 * DAY  # milliseconds: a mail that could not be sent for so long is given up
RESET_DAYS = 1 / 24  # an hour
CONFIRMATION_DAYS = 3

TEXTS: dict[Kind, tuple[str, str]] = {
    "password_reset": (
        "Set a new password",
        "Open this link to set a new password. It works once, for an hour:\n\n{link}\n\n"
        "If you did not ask for it, ignore this mail: your password has not changed.",
    ),
    "email_confirmation": (
        "Confirm your email",
        "Open this link to confirm that this email is yours. It works once, for three days:\n\n{link}\n\n"
        "If you did not ask for it, ignore this mail.",
    ),
    "email_changed": (
        "Your email was changed",
        "Your account at {server} now has another email. If this was not you, tell an admin of that server.",
    ),
    "new_login": (
        "New login",
        "Your account at {server} was logged in to from a browser or device that it does not know, on {time}:\n\n"
        "{details}\n\nIf this was not you, change your password: that ends all other sessions.",
    ),
    "password_changed": (
        "Your password was changed",
        "The password of your account at {server} was changed on {time}.\n\n"
        'If this was not you, set a new one with "Forgot password?", or tell an admin of that server.',
    ),
}


def queue(kind: Kind, email: str, user: User | None = None, details: str = "") -> None:
    """Have a mail sent soon, if this server sends mail."""
    if config.smtp_url:
        store.outbox.add(Mail(kind=kind, email=email, user_id=user.id if user else None, details=details[:200]))


def send_due() -> None:
    """Send the mails that are due. Several processes can do this at once: each takes others."""
    while mail := store.outbox.take(now() + LEASE):
        try:
            if written := _write(mail):
                mailer.send(mail.email, *written)
        except MailUnavailableError as error:
            if now() - mail.created_at < KEEP:
                log.warning("a mail could not be sent, and waits: %s", error)
                store.outbox.postpone(mail.id, now() + min(2**mail.attempts, 600) * 1000)
                continue
            log.warning("a mail could not be sent for days, and is given up: %s", error)
        except MailRefusedError as error:
            log.warning("the mail server refuses a mail: %s", error)
        store.outbox.remove(mail.id)


def _write(mail: Mail) -> tuple[str, str] | None:
    """The subject and the text; None if there is no one to send it to (any more)."""
    link = None
    if mail.kind == "password_reset":
        user = store.users.find_by_email(mail.email)
        link = reset_link(user) if user and not user.deactivated_at else None
    elif mail.kind == "email_confirmation":
        user = store.users.find(mail.user_id or "")
        link = _confirmation(user, mail.email) if user else None
    if link is None and mail.kind in ("password_reset", "email_confirmation"):
        return None
    subject, text = TEXTS[mail.kind]
    time = iso(mail.created_at)[:16].replace("T", " ") + " UTC"
    return subject, text.format(
        link=links.make(link) if link else "", server=config.public_url, time=time, details=mail.details
    )


def reset_link(user: User) -> Link:
    """A link to set a new password, for an hour."""
    return links.draft("password_reset", RESET_DAYS, user_id=user.id)


def _confirmation(user: User, email: str) -> Link:
    return links.draft("email_confirmation", CONFIRMATION_DAYS, user_id=user.id, email=email)
