"""What can go wrong: one exception class for each error code, with its HTTP status and its default message.

Raise the class: ``raise BlockedError``, or ``raise BadRequestError("q is missing: what to search for")``. A docstring says
what the code means; the API's description shows it. `chat.middleware.failures` turns a failure into a response, and
`chat.sockets` into an acknowledgement.
"""

from typing import ClassVar


class ChatError(Exception):
    """A failure with a message for people, a stable code for programs, and the HTTP status that fits."""

    status: ClassVar[int]
    code: ClassVar[str]
    message: str
    retry_after: int | None = None  # seconds

    def __init__(self, message: str | None = None) -> None:
        self.message = message or self.message
        super().__init__(self.message)


class BadRequestError(ChatError):
    """The input is not what this endpoint accepts; the message says what is wrong."""

    status, code = 400, "bad_request"
    message = "the input is not what this endpoint accepts"


class BadImageError(ChatError):
    """The image can't be used; the message says why."""

    status, code = 400, "bad_image"
    message = "this image can't be used"


class UnknownHostError(ChatError):
    """The request is for another host than the server's."""

    status, code = 400, "unknown_host"
    message = "this server has another address: PUBLIC_URL names it, and a proxy has to pass the header Host on"


class InvalidCredentialsError(ChatError):
    """The email or the password is wrong."""

    status, code = 400, "invalid_credentials"
    message = "invalid credentials"


class UserExistsError(ChatError):
    """An account with this email already exists."""

    status, code = 400, "user_exists"
    message = "an account with this email already exists"


class NoTokenError(ChatError):
    """The request is not logged in."""

    status, code = 401, "no_token"
    message = "log in first: the request has no token"


class InvalidTokenError(ChatError):
    """The login is invalid, has expired or was ended: log in again."""

    status, code = 401, "invalid_token"
    message = "log in again: this token is not valid"


class BlockedError(ChatError):
    """This person has blocked you."""

    status, code = 403, "blocked"
    message = "this person doesn't accept messages from you"


class CrossSiteError(ChatError):
    """Pages of other sites can't do this."""

    status, code = 403, "cross_site"
    message = "pages of other sites can't do this"


class NotAMemberError(ChatError):
    """Join this room first."""

    status, code = 403, "not_a_member"
    message = "join this room first"


class NotTheOwnerError(ChatError):
    """Only owners of the room can do this."""

    status, code = 403, "not_the_owner"
    message = "only owners of the room can do this"


class SignupClosedError(ChatError):
    """No one can sign up here: only the server's admins make accounts."""

    status, code = 403, "signup_closed"
    message = "no one can sign up here by themselves: ask an admin of this server for an account"


class InvitationNeededError(ChatError):
    """Signing up needs an invitation."""

    status, code = 403, "invitation_needed"
    message = "you need an invitation to sign up here: ask an admin of this server for a link"


class InvalidLinkError(ChatError):
    """The link has expired, was used already, was revoked, or never existed."""

    status, code = 403, "invalid_link"
    message = "this link is not valid any more: it has expired, was used already or was revoked; ask for a new one"


class WrongDomainError(ChatError):
    """Emails of this domain can't sign up here; the message says which can."""

    status, code = 403, "wrong_domain"
    message = "emails of this domain can't sign up here"


class EmailNotVerifiedError(ChatError):
    """The email of this account has to be confirmed first, with the link that was sent to it."""

    status, code = 403, "email_not_verified"
    message = "confirm your email first: a link was sent to it"


class NotAnAdminError(ChatError):
    """Only admins can do this."""

    status, code = 403, "not_an_admin"
    message = "only admins can do this"


class DeactivatedError(ChatError):
    """The account is deactivated: only an admin can change that."""

    status, code = 403, "deactivated"
    message = "this account is deactivated: ask an admin of this server"


class NotFoundError(ChatError):
    """It doesn't exist, or you can't see it."""

    status, code = 404, "not_found"
    message = "there is nothing at this address"


class UserNotFoundError(ChatError):
    """The account that is logged in has been deleted."""

    status, code = 404, "user_not_found"
    message = "this account has been deleted"


class MethodNotAllowedError(ChatError):
    """This address doesn't accept that method."""

    status, code = 405, "method_not_allowed"
    message = "this address doesn't accept that method"


class AlreadyDecidedError(ChatError):
    """Another admin has decided about this report."""

    status, code = 409, "already_decided"
    message = "another admin has decided about this report already"


class ClientIdReusedError(ChatError):
    """This `clientId` was used for a different message."""

    status, code = 409, "client_id_reused"
    message = "this clientId was used for a different message"


class NotMigratedError(ChatError):
    """Another backend wrote this message: the server's owner has to run `flask migrate`."""

    status, code = 409, "not_migrated"
    message = "this message has no number yet: ask the server's owner to run `flask migrate`"


class WrongUserError(ChatError):
    """The request names another sender than the user who is logged in."""

    status, code = 409, "wrong_user"
    message = "another user is logged in now: log in again to send this"


class TooLargeError(ChatError):
    """The request is too large."""

    status, code = 413, "too_large"
    message = "the request is too large"


class NotJsonError(ChatError):
    """The body is not JSON: send it with `Content-Type: application/json`."""

    status, code = 415, "not_json"
    message = "send JSON with Content-Type: application/json"


class RateLimitedError(ChatError):
    """Too many requests: wait for the number of seconds in `Retry-After`."""

    status, code = 429, "rate_limited"
    message = "too many requests"

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class InternalError(ChatError):
    """Something went wrong on the server's side."""

    status, code = 500, "internal_error"
    message = "something went wrong on our side"


class DatabaseUnavailableError(ChatError):
    """The database can't be used right now; try again soon."""

    status, code = 503, "database_unavailable"
    message = "the database can't be used right now; try again soon"


class DatabaseDamagedError(ChatError):
    """The database is damaged: the server's owner has to restore a backup."""

    status, code = 503, "database_damaged"
    message = "the database is damaged; the server's owner has to restore it"


class DatabaseTooNewError(ChatError):
    """A newer version of this server wrote the database: the server's owner has to install that version."""

    status, code = 503, "database_too_new"
    message = "a newer version of this server wrote the database"

    def __init__(self, found: int, known: int) -> None:
        super().__init__(
            f"this database was written by a newer version ({found}); this is {known}: install the newer version of the "
            "server, or restore a backup of before"
        )


class BusyError(ChatError):
    """Too many requests of this kind are under way on the server; try again soon."""

    status, code = 503, "busy"
    message = "the server has too much to do right now; try again soon"
    retry_after = 1


class SearchTooLongError(ChatError):
    """The search took too long, and was stopped: search in one conversation."""

    status, code = 503, "search_too_long"
    message = "this search takes too long: search in one conversation, or for a rarer word"


class ImageStoreUnavailableError(ChatError):
    """Images can't be stored right now, and nothing was saved; try again soon."""

    status, code = 503, "image_store_unavailable"
    message = "images can't be stored right now; try again soon"


class MailNotSetUpError(ChatError):
    """This server sends no mail: an admin can make a link to set a new password."""

    status, code = 404, "mail_not_set_up"
    message = "this server sends no mail: ask an admin of this server for a link to set a new password"


class RestartingError(ChatError):
    """The server is about to restart; try again soon."""

    status, code = 503, "restarting"
    message = "the server is about to restart; try again soon"


class RedisUnavailableError(ChatError):
    """Redis can't be reached right now."""

    status, code = 503, "redis_unavailable"
    message = "Redis can't be reached right now"


class NotAloneError(ChatError):
    """Several processes serve from one SQLite file without Redis: run one, or set `REDIS_URL` for all of them."""

    status, code = 503, "not_alone"
    message = "another process serves from the same folder: run one process, or set REDIS_URL for all of them"
