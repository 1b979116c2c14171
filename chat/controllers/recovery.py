"""What a link in a mail, or from an admin, lets a user do: set a new password, confirm an email."""

from chat import answers, schemas
from chat.controllers import auth, links, mails, sessions, users, views
from chat.controllers.audit import recorded
from chat.controllers.auth import Visitor
from chat.current import config, limits, store
from chat.errors import BadRequestError, InvalidLinkError, MailNotSetUpError, UserExistsError
from chat.lib import logs
from chat.models.audit import Actor
from chat.models.user import User, is_email, normal_email
from chat.realtime.connections import network_of
from chat.schemas import MAX_EMAIL
from chat.store.port import AccountChange


def forgot(body: schemas.EmailOnly, visitor: Visitor) -> answers.Done:
    """Send a link to set a new password. The answer and its time do not tell whether there is such an account.

    Raises `MailNotSetUpError` or `RateLimitedError`.
    """
    _require_mail()
    email = _email(body.email)
    limits.hit("mails_from", network_of(visitor.address))
    limits.hit("mails", email)
    mails.queue("password_reset", email)  # whether there is an account is looked up when the mail is sent
    return answers.Done(message="if there is an account with this email, a link is on its way to it")


def reset(body: schemas.NewPasswordByLink) -> answers.Done:
    """Set a new password with a link, and end all sessions. Raises `InvalidLinkError` or `BadRequestError`."""
    if links.find("password_reset", body.token) is None:
        raise InvalidLinkError
    password_hash = auth.hash_new(body.password)
    link = links.use("password_reset", body.token)
    if link is None or link.user_id is None:
        raise InvalidLinkError
    before = store.users.change_account(link.user_id, AccountChange(password_hash=password_hash, end_sessions=True))
    if before is None:
        raise InvalidLinkError
    store.links.remove_of_user(before.id)  # no other link for a new password is of any use now
    logs.security("password_reset", before.id)
    sessions.announce_end(before.id, [session.id for session in before.sessions])
    mails.queue("password_changed", before.email, before)
    return answers.Done(message="your password is set: log in with it")


def make_reset_link(actor: Actor, user_id: str, reason: str) -> answers.ResetLink:
    """A link with which a user sets a new password, for an admin to pass on. Raises `NotFoundError`."""
    user = users.find(user_id)
    with recorded(actor, "reset_link_made", user_id=user.id, reason=reason):
        return answers.ResetLink(link=links.make(mails.reset_link(user)))


def change_email(me: User, body: schemas.NewEmail) -> answers.Done:
    """Send a link to a new email, which it then confirms. Raises `InvalidCredentialsError` or `MailNotSetUpError`."""
    _require_mail()
    auth.verify_password(me, body.password)
    email = _email(body.email)
    limits.hit("mails", me.id)
    mails.queue("email_confirmation", email, me)
    return answers.Done(message="a link is on its way to the new email: open it to confirm the change")


def send_confirmation(me: User) -> answers.Done:
    """Send the link that confirms my email once more. Raises `MailNotSetUpError` or `RateLimitedError`."""
    _require_mail()
    limits.hit("mails", me.id)
    mails.queue("email_confirmation", me.email, me)
    return answers.Done(message="a link is on its way to your email")


def confirm(body: schemas.LinkToken) -> answers.Me:
    """Confirm an email with a link. Raises `InvalidLinkError`, or `UserExistsError` if another account has it by now."""
    link = links.use("email_confirmation", body.token)
    user = store.users.find(link.user_id) if link and link.user_id else None
    if link is None or user is None or link.email is None:
        raise InvalidLinkError
    if link.email != user.email:
        if not store.users.set_email(user.id, link.email):
            raise UserExistsError
        logs.security("email_changed", user.id)
        mails.queue("email_changed", user.email, user)
        store.links.remove_of_user(user.id)  # what was sent to the old email opens nothing any more
    store.users.change_account(user.id, AccountChange(verified=True))
    return views.me(users.find(user.id))


def _require_mail() -> None:
    if not config.smtp_url:
        raise MailNotSetUpError


def _email(text: str) -> str:
    email = normal_email(text)
    if len(text) > MAX_EMAIL or not is_email(email):
        raise BadRequestError("this is not an email address")
    return email
