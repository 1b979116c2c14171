"""What users see of each other.

While one of two users blocks the other, neither sees when the other is online or was, types, has read or reacts, wherever
both are. In rooms, a message of a user whom one blocks is marked. Names in notices are those of today.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from chat import answers
from chat.controllers import views
from chat.controllers.views import Viewer
from chat.current import config, store
from chat.lib.threads import in_slices
from chat.models.conversation import Conversation
from chat.models.message import LegacyMessage, Message
from chat.models.user import User


def hidden_from(me: User) -> frozenset[str]:
    """The ids of those whom I block and who block me."""
    return me.blocked | store.users.blockers_of(me.id)


def viewer(me: User, found: Iterable[Message | LegacyMessage | None]) -> Viewer:
    """How I see conversations with these messages."""
    emails = config.emails == "everyone" or me.admin
    return Viewer(blocked=me.blocked, hidden=hidden_from(me), names=_names(found), emails=emails)


def messages(me: User, found: list[Message | LegacyMessage]) -> list[answers.Message]:
    """The messages as I see them."""
    hidden = hidden_from(me) if any(_reactions(message) for message in found) else frozenset[str]()
    seen_by = Viewer(blocked=me.blocked, hidden=hidden, names=_names(found))
    return [views.message(seen_by, message) for message in in_slices(found)]


def message(me: User, found: Message | LegacyMessage) -> answers.Message:
    """The message as I see it."""
    return messages(me, [found])[0]


def by_members(conversation: Conversation, message: Message) -> Iterator[tuple[list[str], answers.Message]]:
    """The message as the members of its conversation see it: for those who see the same, once."""
    reacted = set(chain.from_iterable(message.reactions.values()))
    blocked: defaultdict[str, set[str]] = defaultdict(set)
    hidden: defaultdict[str, set[str]] = defaultdict(set)
    for blocker, other in store.users.blocks_with({message.sender_id, *reacted}):
        blocked[blocker].add(other)
        hidden[blocker].add(other)
        hidden[other].add(blocker)
    groups: defaultdict[tuple[frozenset[str], frozenset[str]], list[str]] = defaultdict(list)
    for member in conversation.members:
        marked = frozenset(blocked.get(member, ())) & {message.sender_id}
        groups[marked, frozenset(hidden.get(member, ())) & reacted].append(member)
    names = _names([message])
    for (marked, unseen), members in groups.items():
        yield members, views.message(Viewer(blocked=marked, hidden=unseen, names=names), message)


def _reactions(message: Message | LegacyMessage) -> bool:
    return isinstance(message, Message) and bool(message.reactions)


def _names(found: Iterable[Message | LegacyMessage | None]) -> Mapping[str, str]:
    """The names of the users in notices, by id; the deleted are missing."""
    notices = [message for message in found if isinstance(message, Message) and message.system]
    ids = {id for notice in notices for id in (notice.sender_id, notice.user_id) if id}
    return store.users.names(ids) if ids else {}
