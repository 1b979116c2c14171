"""Other users: finding one, and blocking one."""

from chat import answers
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
    """Block or unblock a user: their messages and signs of presence. Raises `NotFoundError` or `BadRequestError`."""
    limits.hit("writes", me.id)
    other = find(other_id)
    if other.id == me.id:
        raise BadRequestError("you can't block yourself")
    store.users.set_blocked(me.id, other.id, blocked)
    presence.set_hidden(me.id, me.blocked | {other.id} if blocked else me.blocked - {other.id})
    return answers.BlockAnswer(blocked=blocked)
