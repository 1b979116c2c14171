"""Who may create an account: anyone, those who have an invitation, or no one."""

from chat import schemas
from chat.controllers import auth, invitations, rooms
from chat.controllers.auth import Visitor, Welcome
from chat.current import config, store
from chat.errors import InvitationNeededError, SignupClosedError, UserExistsError, WrongDomainError


def signup(body: schemas.Signup, visitor: Visitor) -> Welcome:
    """Create an account and log in. An invitation may also make them a member of a room.

    Raises `BadRequestError` if a field is invalid, `UserExistsError`, or `RateLimitedError`; and if they may not join,
    `SignupClosedError`, `InvitationNeededError`, `InvalidLinkError` or `WrongDomainError`.
    """
    auth.count_signup(visitor)
    if config.who_may_join == "closed":
        raise SignupClosedError
    if config.who_may_join == "invite" and not body.invitation:
        raise InvitationNeededError
    if body.invitation:
        invitations.offer(body.invitation)  # a password is not hashed for who has none
    user = auth.new_user(body)
    if config.signup_domains and user.email.rpartition("@")[2] not in config.signup_domains:
        raise WrongDomainError(f"only emails of {' or '.join(config.signup_domains)} can sign up here")
    invitation = invitations.accept(body.invitation) if body.invitation else None
    if not store.users.add(user):
        if invitation:
            store.links.give_back(invitation.id)
        raise UserExistsError
    if invitation and invitation.room_id:
        rooms.join_invited(user, invitation.room_id)
    return auth.welcome(user, visitor)
