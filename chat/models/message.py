"""Messages, and how they change: each change is a pure function from a message to its next state.

A change returns None if there is nothing to change.
"""

from collections.abc import Mapping

from msgspec import Struct, field
from msgspec.structs import asdict, replace

from chat.answers import Deleter, NoticeKind
from chat.models.values import new_id, now


class Draft(Struct, frozen=True, kw_only=True):
    """A message that has no number yet, because it is not stored.

    A direct message has a ``receiver_id``; a room's message has none. ``fingerprint`` tells whether a repeated
    ``client_id`` repeats the same send. A room's notice, such as "joined", has its kind in ``system``, and in ``user_id``
    the user whom it is about.
    """

    id: str = field(default_factory=new_id)
    conversation: str
    sender_id: str
    receiver_id: str | None = None
    text: str | None = None
    image: str | None = None
    client_id: str | None = None
    fingerprint: str | None = None
    reply_to: str | None = None
    system: NoticeKind | None = None
    user_id: str | None = None
    created_at: int = field(default_factory=now)
    updated_at: int = field(default_factory=now)

    def numbered(self, number: int) -> "Message":
        """The message under its number in the conversation."""
        return Message(**asdict(self), seq=number, rev=number)


class Message(Draft, frozen=True, kw_only=True):
    """A stored message.

    ``seq`` is its place in the conversation, ``rev`` the number of its latest change. Both come from the conversation's one
    counter. ``reactions`` maps an emoji to the ids of the users who reacted with it.
    """

    seq: int
    rev: int
    reactions: Mapping[str, list[str]] = {}
    edited_at: int | None = None
    deleted_at: int | None = None
    deleted_by: Deleter | None = None

    def edited(self, text: str) -> "Message | None":
        """With another text."""
        if text == self.text:
            return None
        time = now()
        return replace(self, text=text, edited_at=time, updated_at=time)

    def deleted(self, by: Deleter | None = None) -> "Message | None":
        """A tombstone: it keeps its place and loses its content. ``by`` says who did it, if not its sender."""
        if self.deleted_at:
            return None
        time = now()
        return replace(self, text=None, image=None, reactions={}, deleted_at=time, deleted_by=by, updated_at=time)

    def reacted(self, user_id: str, emoji: str, on: bool) -> "Message | None":
        """With or without that user's reaction."""
        users = self.reactions.get(emoji, [])
        if on == (user_id in users):
            return None
        users = [*users, user_id] if on else [user for user in users if user != user_id]
        reactions = {**self.reactions, emoji: users}
        return replace(self, reactions={emoji: who for emoji, who in reactions.items() if who}, updated_at=now())

    def without_reactions_of(self, user_id: str) -> "Message | None":
        """Without any reaction of that user."""
        left = {emoji: [user for user in users if user != user_id] for emoji, users in self.reactions.items()}
        reactions = {emoji: users for emoji, users in left.items() if users}
        return None if reactions == self.reactions else replace(self, reactions=reactions, updated_at=now())


class LegacyMessage(Struct, frozen=True, kw_only=True):
    """A direct message that the Express backend wrote, until `flask migrate` numbers it. It can be read, and
    erased with its sender's account."""

    id: str
    sender_id: str
    receiver_id: str
    text: str | None = None
    image: str | None = None
    created_at: int
    updated_at: int
    deleted_at: int | None = None


def renamed_to(text: str) -> str:
    """The new name of a room in the text of a notice. Release 1.0 stored the whole notice, now the text is the name."""
    return text.rpartition(" named the room ")[2]
