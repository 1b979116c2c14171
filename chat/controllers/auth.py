"""Accounts: signing up, logging in, and who is asking."""

from collections.abc import Mapping
from dataclasses import dataclass

from chat import answers, schemas
from chat.controllers import mails, sessions, views
from chat.current import bus, cached_users, config, images, limits, passwords, store, tokens
from chat.errors import (
    BadRequestError,
    DeactivatedError,
    EmailNotVerifiedError,
    InvalidCredentialsError,
    InvalidTokenError,
    NoTokenError,
    UserNotFoundError,
)
from chat.lib import logs
from chat.lib.limits import Count
from chat.lib.passwords import common
from chat.lib.tokens import RENEWED_AFTER
from chat.models.user import Session, User, is_email, normal_email
from chat.models.values import clean_name, now
from chat.realtime.bus import ProfileChanged
from chat.realtime.connections import network_of
from chat.schemas import MAX_EMAIL, MAX_PASSWORD, MIN_PASSWORD

USED_PRECISION = (
    10 * 60 * 1000
)  # milliseconds: how exactly it is known when a session was last used; not each use is a write
UNLIMITED = 10_000  # sessions of one user: a load that logs in all the time must not end its own


@dataclass(frozen=True, slots=True)
class Login:
    """Who is acting, through which of their sessions, and from when until when (seconds since 1970) its token holds."""

    user: User
    session_id: str
    issued_at: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where a login comes from: the name of the browser or program, and the address.

    ``marks`` are those that the browser got at earlier logins, by the ids of the users.
    """

    user_agent: str
    address: str
    marks: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Welcome:
    """A user who has just logged in: the token of the session, and the mark by which the browser is known again."""

    user: answers.Me
    token: str
    mark: str


def count_signup(visitor: Visitor) -> None:
    """Count one more attempt to sign up. Raises `RateLimitedError`."""
    limits.hit("signups", network_of(visitor.address))


def welcome(user: User, visitor: Visitor) -> Welcome:
    """Log a new user in, who may have to confirm their email first."""
    if not user.verified:
        mails.queue("email_confirmation", user.email, user)
    logs.security("signup", user.id)
    return _begin_session(user, visitor)


def new_user(body: schemas.Signup, *, admin: bool = False) -> User:
    """A user with these fields, who is not stored yet. Raises `BadRequestError` if one is invalid."""
    email = normal_email(body.email)
    if len(body.email) > MAX_EMAIL or not is_email(email):
        raise BadRequestError("this is not an email address")
    name = clean_name(body.full_name, "full name")
    password_hash = hash_new(body.password)
    return User(email=email, full_name=name, password_hash=password_hash, admin=admin, verified=not config.verify_email)


def login(body: schemas.Credentials, visitor: Visitor) -> Welcome:
    """Log in.

    Raises `InvalidCredentialsError`, which never says what was wrong, `RateLimitedError` after many wrong logins, or
    `DeactivatedError`, which only who knows the password gets to see. A browser in which the user has logged in before has
    a limit of its own, so others can't lock the user out of it.
    """
    email = body.email.strip()[:MAX_EMAIL]  # no account has a longer one: it is compared and counted like any other
    account = normal_email(email)
    user = store.users.find_by_email(email)  # as it was typed, for accounts of before emails were normalised
    if user is None and account != email:
        user = store.users.find_by_email(account)
    browser = _known_browser(user, visitor) if user else None
    if browser:
        guesses = _guesses(browser)
    else:
        network = network_of(visitor.address)
        guesses = [*_guesses(account), ("wrong_logins_from", network), ("wrong_logins_daily_from", network)]
    user = _verify(account, user, body.password, guesses)
    if user.deactivated_at:
        raise DeactivatedError
    if not browser:
        mails.queue("new_login", user.email, user, visitor.user_agent)
    logs.security("login", user.id)
    return _begin_session(user, visitor)


def logout(token: str | None) -> None:
    """End the session of this token, if it is one, and close its sockets."""
    claims = tokens.read(token) if token else None
    if claims is not None:
        logs.security("logout", claims.user_id)
        sessions.end(claims.user_id, [claims.session_id])


def authenticate(token: str | None) -> Login:
    """Who holds this token. Raises `NoTokenError`, `InvalidTokenError` or `UserNotFoundError`."""
    if not token:
        raise NoTokenError
    claims = tokens.read(token)
    if claims is None:
        raise InvalidTokenError
    user = load_session_user(claims.user_id, claims.session_id)
    return Login(user, claims.session_id, claims.issued_at, claims.expires_at)


def renew(login: Login) -> str | None:
    """A new token for a session that is used, if its token is no longer new; None if there is no need."""
    session = login.user.session(login.session_id)
    if session is None or now() / 1000 - login.issued_at < RENEWED_AFTER.total_seconds():
        return None
    return tokens.issue(login.user.id, session.id, session.created_at)


def require_verified(user: User) -> None:
    """Raise `EmailNotVerifiedError` if the user has to confirm their email first."""
    if config.verify_email and not user.verified:
        raise EmailNotVerifiedError


def load_session_user(user_id: str, session_id: str | None) -> User:
    """The user of a session that has not ended. Raises `InvalidTokenError` or `UserNotFoundError`.

    A connection without a session is one that `ALLOW_QUERY_USER_ID` lets in.
    """
    user = cached_users.recall(user_id, session_id) if session_id else store.users.find(user_id)
    if user is None:
        raise UserNotFoundError
    if session_id is not None:
        _check_session(user, session_id)
    return user


def change_password(login: Login, body: schemas.PasswordChange) -> tuple[answers.Me, str]:
    """Set a new password, and end all sessions but this one: the user, and a new mark for this browser.

    The marks of all other browsers hold no longer. Raises `InvalidCredentialsError` or `RateLimitedError`.
    """
    me = login.user
    verify_password(me, body.current_password)
    new_hash = hash_new(body.new_password)
    ended = store.users.set_password(me.id, old_hash=me.password_hash, new_hash=new_hash, keep_session=login.session_id)
    if ended is None:  # another request has changed it meanwhile
        raise InvalidCredentialsError("the current password is wrong")
    logs.security("password_changed", me.id)
    sessions.announce_end(me.id, [session.id for session in ended])
    mails.queue("password_changed", me.email, me)
    return views.me(store.users.find(me.id) or me), tokens.mark_browser(me.id, new_hash)


def verify_password(me: User, password: str) -> None:
    """Make sure that it is really the user who asks. Raises `InvalidCredentialsError` or `RateLimitedError`.

    Counted apart from logins: guesses from outside don't keep the user from changing the password.
    """
    try:
        _verify(me.id, me, password, _guesses(me.id))
    except InvalidCredentialsError:
        raise InvalidCredentialsError("the current password is wrong") from None


def update_profile(me: User, body: schemas.Profile) -> answers.Me:
    """Set the name, the picture, or both. Raises `BadRequestError`, `BadImageError` or `ImageStoreUnavailableError`."""
    full_name = None if body.full_name is None else clean_name(body.full_name, "full name")
    if full_name is None and not body.profile_pic:
        raise BadRequestError("give a profilePic or a fullName")
    limits.hit("writes", me.id)
    picture = save_image(me, body.profile_pic) if body.profile_pic else None
    change = store.users.set_profile(me.id, full_name=full_name, profile_pic=picture)
    if change is None:
        if picture:
            images.remove(picture)
        raise UserNotFoundError
    if change.replaced_picture:
        images.remove(change.replaced_picture)
    bus.publish(ProfileChanged(me.id, change.user.full_name, change.user.profile_pic))
    return views.me(change.user)


def save_image(me: User, data_uri: str) -> str:
    """Store an image that I upload; its address.

    Raises `BadImageError`, `RateLimitedError` or `ImageStoreUnavailableError`.
    """
    limits.hit("images", me.id)
    return images.save(me.id, data_uri)


def hash_new(password: str) -> str:
    """The hash of a new password. Raises `BadRequestError` if it is too short, too long or too common."""
    if len(password) < MIN_PASSWORD:
        raise BadRequestError(f"the password needs at least {MIN_PASSWORD} characters")
    if len(password.encode()) > MAX_PASSWORD:
        raise BadRequestError(f"the password is over {MAX_PASSWORD} bytes")
    if config.refuse_common_passwords and password.lower() in common():
        raise BadRequestError("this is one of the most common passwords: choose another one")
    return passwords.hash(password)


def _check_session(user: User, session_id: str) -> None:
    session = user.session(session_id)
    if session is None:
        raise InvalidTokenError("log in again: this session has ended")
    if now() - session.last_used_at > USED_PRECISION:
        store.users.touch_session(user.id, session_id, now())


def _known_browser(user: User, visitor: Visitor) -> str | None:
    """What counts wrong logins from a browser in which the user has logged in before with the present password."""
    name = tokens.known_browser(visitor.marks.get(user.id, ""), user.id, user.password_hash)
    return f"browser {name}" if name else None


def _guesses(who: str) -> list[Count]:
    return [("wrong_logins", who), ("wrong_logins_daily", who)]


def _verify(account: str, user: User | None, password: str, guesses: list[Count]) -> User:
    """The user, if the password is right. A wrong one is counted by ``guesses``, also if there is no such account.

    It is counted before the comparison, which takes long, and taken back after: many guesses at once learn no more than
    one after the other. They are counted in turn, so that many right ones at once do not seem to be guesses.
    """
    logins = ("logins", account)
    limits.test(logins, *guesses)  # those that would be refused need not wait
    with passwords.turn():
        counted = limits.reserve(logins, *guesses)
        right = passwords.matches(password, user.password_hash if user else passwords.no_hash)
        if user is None or not right:
            counted.take_back("logins")
            logs.security("login_failed", user.id if user else None)
            raise InvalidCredentialsError
        counted.take_back(*(rate for rate, _ in guesses))
        limits.clear(*guesses[0])
    return user


def _begin_session(user: User, visitor: Visitor) -> Welcome:
    session = Session(user_agent=visitor.user_agent[:200])
    keep = config.max_sessions if config.rate_limits else UNLIMITED
    ended = store.users.begin_session(user.id, session, password_hash=user.password_hash, keep=keep)
    if ended is None:  # the password was changed while this login was under way
        raise InvalidCredentialsError
    sessions.announce_end(user.id, [old.id for old in ended])
    mark = tokens.mark_browser(user.id, user.password_hash)
    return Welcome(views.me(user), tokens.issue(user.id, session.id), mark)
