"""Users and their sessions."""

import re

from msgspec import Struct, field
from precis_i18n import get_profile

from chat.models.values import new_id, now

_EMAIL_SIDE = get_profile("UsernameCaseMapped")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


class Session(Struct, frozen=True, kw_only=True):
    """One login of a user, in one browser or on one device."""

    id: str = field(default_factory=new_id)
    created_at: int = field(default_factory=now)
    last_used_at: int = field(default_factory=now)
    user_agent: str = ""


class User(Struct, frozen=True, kw_only=True):
    """A person with an account. ``password_hash`` (bcrypt) never leaves the models.

    ``sessions`` are in the order in which they began. ``blocked`` has the ids of the users whom this one blocks.
    A deactivated user keeps their messages, has no session and can't begin one. ``verified`` says whether the
    email is known to be theirs, or need not be.
    """

    id: str = field(default_factory=new_id)
    email: str
    full_name: str
    password_hash: str
    profile_pic: str = ""
    created_at: int = field(default_factory=now)
    updated_at: int = field(default_factory=now)
    last_seen: int | None = None
    admin: bool = False
    deactivated_at: int | None = None
    verified: bool = True
    sessions: tuple[Session, ...] = ()
    blocked: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"User(id={self.id!r})"  # without the hash: this may end up in a log

    @property
    def deleted(self) -> bool:
        """Whether it only stands for a user who has deleted their account: no other user has no email."""
        return not self.email

    def session(self, session_id: str) -> Session | None:
        """The session with that id, if it has not ended."""
        return next((session for session in self.sessions if session.id == session_id), None)


def deleted_user(user_id: str, since: int) -> User:
    """What stands for a user who has deleted their account; ``since``: the time of the conversation that they were in."""
    return User(id=user_id, email="", full_name="Deleted user", password_hash="", created_at=since, updated_at=since)


def normal_email(email: str) -> str:
    """The form in which an email is stored and compared: both sides of the ``@`` as RFC 8265's UsernameCaseMapped.

    One that this profile does not allow, as an older version may have stored, is only put into lower case.
    """
    plain = email.strip().lower()
    try:
        return plain if plain.isascii() else _profiled(plain)
    except UnicodeEncodeError:
        return plain


def is_email(email: str) -> bool:
    """Whether a normal email has one ``@``, text on both sides, no white space and nothing that can't be seen.

    Only sending mail shows more.
    """
    if not _EMAIL.fullmatch(email) or not email.isprintable():
        return False
    try:
        return bool(_profiled(email))
    except UnicodeEncodeError:
        return False


def _profiled(email: str) -> str:
    """An email in that profile, each label of its domain by itself. Raises `UnicodeEncodeError`."""
    local, at, domain = email.partition("@")
    labels = [_EMAIL_SIDE.enforce(label) if label else "" for label in domain.split(".")]
    return (_EMAIL_SIDE.enforce(local) if local else "") + at + ".".join(labels)
