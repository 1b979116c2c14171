"""Who may see a picture: everyone who is logged in, if it is a profile picture; else the members of its conversation."""

from collections.abc import Collection

from chat.controllers import conversations
from chat.current import store
from chat.errors import NotFoundError
from chat.models.message import LegacyMessage
from chat.models.user import User


def require_visible(me: User, addresses: Collection[str]) -> None:
    """Raise `NotFoundError` unless I may see the picture that is kept under one of these addresses.

    This is decided each time: a picture is gone with its message, and for a member with their membership.
    """
    if not (store.users.have_picture(addresses) or _is_in_my_conversation(me, addresses)):
        raise NotFoundError("no such picture")


def _is_in_my_conversation(me: User, addresses: Collection[str]) -> bool:
    message = store.messages.with_image(addresses)
    if isinstance(message, LegacyMessage):
        return me.id in (message.sender_id, message.receiver_id)
    return message is not None and conversations.find_mine(me, message.conversation) is not None
