"""Other users: finding one, and blocking one."""

from chat import answers
from chat.controllers import seeing
from chat.current import limits, presence, store
from chat.errors import BadRequestError, NotFoundError
from chat.models.user import User


def find(user_id: str) -> User:
    """The user with that id. Raises `NotFoundError`."""
    user = store.users.find(user_id)
    if user is None:
        raise NotFoundError("no such user")
    return user


def block(me: User, other_id: str, blocked: bool) -> answers.BlockAnswer:
    """Block or unblock a user: their messages, invitations, and the signs that `seeing` names, which mine are to them.

    Raises `NotFoundError`, `BadRequestError` or `RateLimitedError`.
    """
    limits.hit("writes", me.id)
    other = find(other_id)
    if other.id == me.id:
        raise BadRequestError("you can't block yourself")
    store.users.set_blocked(me.id, other.id, blocked)
    for user in (find(me.id), find(other.id)):
        presence.set_hidden(user.id, seeing.hidden_from(user))
    return answers.BlockAnswer(blocked=blocked)
