"""Accounts: who is who, and which logins hold."""

from dataclasses import dataclass
from datetime import timedelta

from chat.config import settings
from chat.controllers import sessions
from chat.errors import BadRequest, NotFound, Unauthorized
from chat.lib import passwords, tokens
from chat.lib.images import clean, images
from chat.models.user import Session, User, is_email, normal_email
from chat.models.values import now
from chat.store import store

MIN_PASSWORD = 6  # characters, as clients of the Express backend expect
USED_PRECISION = timedelta(minutes=10)  # how exactly it is known when a session was used last: not each use is a write
MAX_EMAIL = 254  # characters: RFC 5321's longest path, less its brackets


@dataclass(frozen=True, slots=True)
class Login:
    """Who is acting, and through which of their sessions."""

    user: User
    session_id: str


def signup(full_name: str, email: str, password: str, user_agent: str) -> tuple[User, str]:
    """Make an account and log in: the user and a token.

    Raises `BadRequest` where a field is unfit, or the email is taken (``user_exists``).
    """
    email = normal_email(email)
    if not is_email(email) or len(email) > MAX_EMAIL:
        raise BadRequest("this is not an email address")
    name = checked_name(full_name, "full name")
    user = User(email=email, full_name=name, password_hash=_hash_new(password))
    if not store.add_user(user):
        raise BadRequest("an account with this email exists already", "user_exists")
    return user, _begin_session(user, user_agent)


def login(email: str, password: str, user_agent: str) -> tuple[User, str]:
    """Log in: the user and a token. Raises `BadRequest` (``invalid_credentials``), never saying what was wrong."""
    user = store.find_user_by_email(email.strip())
    right = passwords.matches(password, user.password_hash if user else passwords.NOBODY)
    if user is None or not right:
        raise BadRequest("invalid credentials", "invalid_credentials")
    return user, _begin_session(user, user_agent)


def logout(token: str | None) -> None:
    """End the session of this token, if it is one, and close its sockets."""
    claims = tokens.read(token) if token else None
    if claims is not None:
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
    """Set another password, and end all logins but this one. Raises `BadRequest`."""
    if not passwords.matches(current, me.password_hash):
        raise BadRequest("the current password is wrong", "invalid_credentials")
    changed = store.update_user(me.id, password_hash=_hash_new(new), updated_at=now())
    if changed is None:
        raise NotFound("this account is gone", "user_not_found")
    sessions.revoke_others(changed, current_id)
    return changed


def update_profile(user: User, full_name: str | None, profile_pic: str | None) -> User:
    """Set the name, the picture (a data URI), or both. Raises `BadRequest` where neither is given or one is unfit."""
    changes: dict[str, object] = {}
    if full_name is not None:
        changes["full_name"] = checked_name(full_name, "full name")
    if profile_pic:
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
    """A name without white space around it. Raises `BadRequest` where nothing or too much is left."""
    name = name.strip()
    if not name:
        raise BadRequest(f"the {what} is missing")
    if len(name) > settings.max_name_length:
        raise BadRequest(f"the {what} is over {settings.max_name_length} characters")
    return name


def _check_session(user: User, session_id: str) -> None:
    session = user.session(session_id)
    if session is None:
        raise Unauthorized("log in again: this session has ended", "invalid_token")
    if now() - session.last_used_at > USED_PRECISION:
        store.touch_session(user.id, session_id, now())


def _hash_new(password: str) -> str:
    if len(password) < MIN_PASSWORD:
        raise BadRequest(f"the password needs at least {MIN_PASSWORD} characters")
    if len(password.encode()) > passwords.MAX_BYTES:
        raise BadRequest(f"the password is over {passwords.MAX_BYTES} bytes")
    return passwords.make_hash(password)


def _begin_session(user: User, user_agent: str) -> str:
    session = Session(user_agent=user_agent[:200])
    store.add_session(user.id, session, settings.max_sessions)
    return tokens.issue(user.id, session.id)
