"""Accounts: who is who, and which logins hold."""

from dataclasses import dataclass
from datetime import timedelta

from chat.config import settings
from chat.controllers import sessions
from chat.errors import BadRequest, NotFound, Unauthorized
from chat.lib import logs, passwords, tokens
from chat.lib.images import clean, images
from chat.lib.limits import limits
from chat.models.user import Session, User, is_email, normal_email
from chat.models.values import now
from chat.schemas import MAX_EMAIL, MAX_PASSWORD, MIN_PASSWORD
from chat.store import store

USED_PRECISION = timedelta(minutes=10)  # how exactly it is known when a session was used last: not each use is a write
UNLIMITED = 10_000  # sessions of one user: a load that logs in all the time must not end its own


@dataclass(frozen=True, slots=True)
class Login:
    """Who is acting, and through which of their sessions."""

    user: User
    session_id: str


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is at the door: the name of the browser or program, and the address it comes from."""

    user_agent: str
    address: str


def signup(full_name: str, email: str, password: str, visitor: Visitor) -> tuple[User, str]:
    """Make an account and log in: the user and a token.

    Raises `BadRequest` where a field is unfit or the email is taken (``user_exists``), or `TooManyRequests`.
    """
    if len(email) > MAX_EMAIL or not is_email(normal_email(email)):
        raise BadRequest("this is not an email address")
    name = checked_name(full_name, "full name")
    limits.take("signups", visitor.address)
    user = User(email=normal_email(email), full_name=name, password_hash=_hash_new(password))
    if not store.add_user(user):
        raise BadRequest("an account with this email exists already", "user_exists")
    logs.security("signup", user.id)
    return user, _begin_session(user, visitor)


def login(email: str, password: str, visitor: Visitor) -> tuple[User, str]:
    """Log in: the user and a token.

    Raises `BadRequest` (``invalid_credentials``), never saying what was wrong, or `TooManyRequests` after many wrong ones.
    """
    limits.check("wrong_logins_from", visitor.address)
    try:
        user = _whose(normal_email(email), store.find_user_by_email(email.strip()), password, "invalid credentials")
    except BadRequest:
        limits.take("wrong_logins_from", visitor.address)
        raise
    logs.security("login", user.id)
    return user, _begin_session(user, visitor)


def logout(token: str | None) -> None:
    """End the session of this token, if it is one, and close its sockets."""
    claims = tokens.read(token) if token else None
    if claims is not None:
        logs.security("logout", claims.user_id)
        sessions.end(claims.user_id, claims.session_id)


def authenticate(token: str | None) -> Login:
    """Who holds this token. Raises `Unauthorized` (``no_token``, ``invalid_token``) or `NotFound` (``user_not_found``)."""
    if not token:
        raise Unauthorized("log in first: there is no token", "no_token")
    claims = tokens.read(token)
    if claims is None:
        raise Unauthorized("log in again: this token is not valid", "invalid_token")
    return Login(still_there(claims.user_id, claims.session_id), claims.session_id)


def still_there(user_id: str, session_id: str) -> User:
    """The user of a session that still holds. Raises as `authenticate` does.

    An empty ``session_id`` is a connection without a login, as `ALLOW_QUERY_USER_ID` lets in.
    """
    user = store.find_user(user_id)
    if user is None:
        raise NotFound("this account is gone", "user_not_found")
    if session_id:
        _check_session(user, session_id)
    return user


def change_password(me: User, current_id: str, current: str, new: str) -> User:
    """Set another password, and end all logins but this one. Raises `BadRequest` or `TooManyRequests`."""
    confirm(me, current)
    changed = store.update_user(me.id, password_hash=_hash_new(new), updated_at=now())
    if changed is None:
        raise NotFound("this account is gone", "user_not_found")
    logs.security("password_changed", me.id)
    sessions.revoke_others(changed, current_id)
    return changed


def confirm(me: User, password: str) -> None:
    """Make sure that it is me who asks. Raises `BadRequest` (``invalid_credentials``) or `TooManyRequests`.

    Counted apart from logins: others who guess at the account from outside keep nobody from changing the password.
    """
    _whose(me.id, me, password, "the current password is wrong")


def update_profile(user: User, full_name: str | None, profile_pic: str | None) -> User:
    """Set the name, the picture (a data URI), or both. Raises `BadRequest` where neither is given or one is unfit."""
    changes: dict[str, object] = {}
    if full_name is not None:
        changes["full_name"] = checked_name(full_name, "full name")
    if profile_pic:
        limits.take("images", user.id)
        changes["profile_pic"] = images.save(clean(profile_pic))
    if not changes:
        raise BadRequest("give a profilePic or a fullName")
    changed = store.update_user(user.id, **changes, updated_at=now())
    if changed is None:
        raise NotFound("the account is gone", "user_not_found")
    if profile_pic and user.profile_pic:
        images.remove(user.profile_pic)
    return changed


def checked_name(name: str, what: str) -> str:
    """A name without white space around it. Raises `BadRequest` where too much is sent, or nothing."""
    if len(name) > settings.max_name_length:
        raise BadRequest(f"the {what} is over {settings.max_name_length} characters")
    if not name.strip():
        raise BadRequest(f"the {what} is missing")
    return name.strip()


def _check_session(user: User, session_id: str) -> None:
    session = user.session(session_id)
    if session is None:
        raise Unauthorized("log in again: this session has ended", "invalid_token")
    if now() - session.last_used_at > USED_PRECISION:
        store.touch_session(user.id, session_id, now())


def _whose(account: str, user: User | None, password: str, words: str) -> User:
    """The user, if the password is right; wrong ones are counted for that ``account``, also where there is none.

    Whether it is still allowed to guess is asked again after the comparison, which takes long: so many guesses at once
    learn no more than one after the other.
    """
    limits.check("wrong_logins", account)
    right = passwords.matches(password, user.password_hash if user else passwords.NOBODY)
    limits.check("wrong_logins", account)
    if user is None or not right:
        logs.security("login_failed", user.id if user else None)
        limits.take("wrong_logins", account)
        raise BadRequest(words, "invalid_credentials")
    limits.forgive("wrong_logins", account)
    return user


def _hash_new(password: str) -> str:
    if len(password) < MIN_PASSWORD:
        raise BadRequest(f"the password needs at least {MIN_PASSWORD} characters")
    if len(password.encode()) > MAX_PASSWORD:
        raise BadRequest(f"the password is over {MAX_PASSWORD} bytes")
    if settings.refuse_common_passwords and password.lower() in passwords.common():
        raise BadRequest("this is one of the most common passwords, which others try first: choose another one")
    return passwords.make_hash(password)


def _begin_session(user: User, visitor: Visitor) -> str:
    session = Session(user_agent=visitor.user_agent[:200])
    keep = settings.max_sessions if settings.rate_limits else UNLIMITED
    store.add_session(user.id, session, keep)
    return tokens.issue(user.id, session.id)
