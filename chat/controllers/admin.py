"""What admins do to accounts. ``actor`` is the admin; the audit log has all of it, with the reason.

Functions that take a ``user_id`` raise `NotFoundError` if there is no such user.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from chat import answers, schemas
from chat.answers import AuditAction
from chat.controllers import account, auth, mails, sessions, users, views
from chat.controllers.audit import recorded
from chat.current import store
from chat.errors import BadRequestError, NotFoundError, UserExistsError
from chat.lib.archive import File
from chat.models.audit import Actor
from chat.models.user import User
from chat.models.values import now
from chat.store.port import AccountChange


def list_users(query: schemas.Found) -> answers.Accounts:
    """A page of the accounts whose name or email contains a text, the newest account first."""
    found = store.users.search(query.q.strip(), query.before, query.limit + 1)
    shown = found[: query.limit]
    older = shown[-1].id if len(found) > query.limit else None
    return answers.Accounts(users=[views.account(user) for user in shown], older=older)


def show(user_id: str) -> answers.Account:
    """One account."""
    return views.account(users.find(user_id))


def create(actor: Actor, body: schemas.Signup, *, admin: bool = False) -> answers.Account:
    """Create an account for someone, whoever may join by themselves. Raises as `auth.signup` does."""
    user = replace(auth.new_user(body, admin=admin), verified=True)
    with recorded(actor, "user_created", user_id=user.id, details="as an admin" if admin else ""):
        if not store.users.add(user):
            raise UserExistsError
    return views.account(user)


def set_admin(actor: Actor, user_id: str, admin: bool, reason: str) -> answers.Account:
    """Make a user an admin, or an admin an ordinary user."""
    user = _other(actor, user_id)
    action: AuditAction = "user_made_admin" if admin else "user_no_longer_admin"
    with recorded(actor, action, user_id=user.id, reason=reason):
        return _change(user, AccountChange(admin=admin))


def deactivate(actor: Actor, user_id: str, reason: str) -> answers.Account:
    """End all sessions of a user, with their sockets, and let none begin. Their messages stay."""
    user = _other(actor, user_id)
    with recorded(actor, "user_deactivated", user_id=user.id, reason=reason):
        return _change(user, AccountChange(deactivated_at=now(), end_sessions=True))


def reactivate(actor: Actor, user_id: str, reason: str) -> answers.Account:
    """Let a user who was deactivated log in again."""
    user = users.find(user_id)
    with recorded(actor, "user_reactivated", user_id=user.id, reason=reason):
        return _change(user, AccountChange(deactivated_at=None))


def log_out(actor: Actor, user_id: str, reason: str) -> answers.Account:
    """End all sessions of a user, with their sockets."""
    user = users.find(user_id)
    with recorded(actor, "user_logged_out", user_id=user.id, reason=reason):
        return _change(user, AccountChange(end_sessions=True))


def set_password(actor: Actor, user_id: str, password: str, reason: str) -> answers.Account:
    """Set a user's password, and end all their sessions. Raises `BadRequestError` if it is no fit password."""
    user = users.find(user_id)
    password_hash = auth.hash_new(password)
    with recorded(actor, "password_set", user_id=user.id, reason=reason):
        mails.queue("password_changed", user.email, user)
        return _change(user, AccountChange(password_hash=password_hash, end_sessions=True))


def delete(actor: Actor, user_id: str, reason: str) -> None:
    """Erase a person: as `account.delete` does, if they ask for it."""
    user = _other(actor, user_id)
    with recorded(actor, "user_deleted", user_id=user.id, reason=reason):
        account.erase(user)


def export(actor: Actor, user_id: str, reason: str) -> Iterator[File]:
    """The files of everything that is a user's, or that they can see, for a person who asks for it."""
    user = users.find(user_id)
    with recorded(actor, "user_exported", user_id=user.id, reason=reason):
        return account.files_of(user)


def _other(actor: Actor, user_id: str) -> User:
    """The user whom this is done to. Since no admin does it to themselves, there is always one left."""
    if actor.user_id == user_id:
        raise BadRequestError("you can't do this to your own account: ask another admin")
    return users.find(user_id)


def _change(user: User, change: AccountChange) -> answers.Account:
    before = store.users.change_account(user.id, change)
    if before is None:
        raise NotFoundError("no such user")
    if change.end_sessions:
        sessions.announce_end(user.id, [session.id for session in before.sessions])
    return views.account(users.find(user.id))
