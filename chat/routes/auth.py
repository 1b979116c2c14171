"""/api/auth: accounts and sessions."""

from flask import Blueprint, Response, request, stream_with_context

from chat import answers, schemas
from chat.controllers import account, auth, invitations, joining, recovery, sessions, views
from chat.controllers.auth import Login
from chat.errors import (
    BadImageError,
    BusyError,
    DatabaseUnavailableError,
    DeactivatedError,
    ImageStoreUnavailableError,
    InvalidCredentialsError,
    InvalidLinkError,
    InvitationNeededError,
    MailNotSetUpError,
    SignupClosedError,
    UserExistsError,
    WrongDomainError,
)
from chat.lib.archive import zipped
from chat.middleware.auth import (
    browser_marks,
    clear_cookie,
    current_token,
    mark_browser,
    protect_route,
    protect_unverified,
    set_cookie,
)
from chat.middleware.endpoint import encoded, endpoint
from chat.models.user import User
from chat.schemas import Id

bp = Blueprint("auth", __name__, url_prefix="/api/auth")
SETS_COOKIE = {"Set-Cookie": "The session, renewed while it is used: HttpOnly, SameSite=Strict."}
NOT_JOINING = (SignupClosedError, InvitationNeededError, InvalidLinkError, WrongDomainError)
CLEARS_COOKIE = {"Set-Cookie": "Removes the session."}


@bp.post("/signup")
@endpoint(answer=answers.LoggedIn, fails=(UserExistsError, *NOT_JOINING), headers=SETS_COOKIE)
def signup(body: schemas.Signup, query: schemas.WithToken) -> Response:
    """Create an account and log in. `SIGNUP` says who may: anyone, who has an invitation, or no one."""
    return _welcome(joining.signup(body, _visitor()), query)


@bp.post("/invitation")
@endpoint(fails=(InvalidLinkError,))
def show_invitation(body: schemas.LinkToken) -> answers.Offer:
    """What an invitation offers."""
    auth.count_signup(_visitor())
    return invitations.offer(body.token)


@bp.post("/login")
@endpoint(answer=answers.LoggedIn, fails=(InvalidCredentialsError, DeactivatedError), headers=SETS_COOKIE)
def login(body: schemas.Credentials, query: schemas.WithToken) -> Response:
    """Log in."""
    return _welcome(auth.login(body, _visitor()), query)


@bp.post("/logout")
@endpoint(answer=answers.Done, fails=(DatabaseUnavailableError,), headers=CLEARS_COOKIE)
def logout() -> Response:
    """Log out: the session ends on the server, and its sockets are closed."""
    auth.logout(current_token())
    return clear_cookie(encoded(answers.Done(message="logged out successfully")))


@bp.post("/forgot-password")
@endpoint(fails=(MailNotSetUpError,))
def forgot_password(body: schemas.EmailOnly) -> answers.Done:
    """Send a link to set a new password. The answer is the same whether or not there is such an account."""
    return recovery.forgot(body, _visitor())


@bp.post("/reset-password")
@endpoint(fails=(InvalidLinkError,))
def reset_password(body: schemas.NewPasswordByLink) -> answers.Done:
    """Set a new password with a link; all sessions end."""
    return recovery.reset(body)


@bp.post("/confirm-email")
@endpoint(fails=(InvalidLinkError, UserExistsError))
def confirm_email(body: schemas.LinkToken) -> answers.Me:
    """Confirm an email with a link, or change to it."""
    return recovery.confirm(body)


@bp.post("/confirmation")
@protect_unverified
@endpoint(fails=(MailNotSetUpError,))
def send_confirmation(me: User) -> answers.Done:
    """Send the link that confirms my email once more."""
    return recovery.send_confirmation(me)


@bp.put("/email")
@protect_unverified
@endpoint(fails=(InvalidCredentialsError, MailNotSetUpError))
def change_email(me: User, body: schemas.NewEmail) -> answers.Done:
    """Change my email: a link goes to the new one, and confirms it."""
    return recovery.change_email(me, body)


@bp.get("/check")
@protect_unverified
@endpoint()
def check(me: User) -> answers.Me:
    """Who am I?"""
    return views.me(me)


@bp.put("/update-profile")
@protect_route
@endpoint(fails=(BadImageError, ImageStoreUnavailableError))
def update_profile(me: User, body: schemas.Profile) -> answers.Me:
    """Set my name, my picture, or both."""
    return auth.update_profile(me, body)


@bp.put("/password")
@protect_route
@endpoint(answer=answers.Me, fails=(InvalidCredentialsError,))
def change_password(login: Login, body: schemas.PasswordChange) -> Response:
    """Set a new password; all other sessions end."""
    me, mark = auth.change_password(login, body)
    return mark_browser(encoded(me), me.id, mark)


@bp.get("/sessions")
@protect_route
@endpoint()
def list_sessions(login: Login) -> list[answers.Session]:
    """Where I am logged in, the newest login first."""
    return sessions.index(login.user, login.session_id)


@bp.delete("/sessions/<session_id>")
@protect_route
@endpoint()
def revoke_session(me: User, session_id: Id) -> answers.Done:
    """End one of my sessions; its sockets are closed."""
    sessions.revoke(me, session_id)
    return answers.Done(message="this session has ended")


@bp.delete("/sessions")
@protect_route
@endpoint()
def revoke_other_sessions(login: Login) -> answers.Done:
    """End all my sessions but this one."""
    sessions.revoke_others(login.user, login.session_id)
    return answers.Done(message="all other sessions have ended")


@bp.get("/export")
@protect_route
@endpoint(answer="application/zip", fails=(BusyError,))
def export(login: Login) -> Response:
    """Everything that is mine, or that was said to me: a zip of NDJSON files and images."""
    headers = {"Content-Disposition": "attachment; filename=chat-export.zip", "Cache-Control": "no-store"}
    files = account.export(login)
    return Response(stream_with_context(zipped(files)), mimetype="application/zip", headers=headers)


@bp.delete("/account")
@protect_route
@endpoint(answer=answers.Done, fails=(InvalidCredentialsError,), headers=CLEARS_COOKIE)
def delete_account(me: User, body: schemas.Password) -> Response:
    """Delete my account: my messages become tombstones, my images and reactions go, all my sessions end."""
    account.delete(me, body)
    return clear_cookie(encoded(answers.Done(message="your account has been deleted")))


def _welcome(welcome: auth.Welcome, query: schemas.WithToken) -> Response:
    answer = views.logged_in(welcome.user, welcome.token) if query.token else welcome.user
    response = set_cookie(encoded(answer), welcome.token)
    return mark_browser(response, welcome.user.id, welcome.mark)


def _visitor() -> auth.Visitor:
    return auth.Visitor(request.headers.get("User-Agent", ""), request.remote_addr or "", browser_marks())
