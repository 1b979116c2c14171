"""Reports: what users want admins to look at."""

from msgspec import Struct, field

from chat.models.values import new_id, now
from chat.schemas import Outcome


class Report(Struct, frozen=True, kw_only=True):
    """A message or a person that a user reports. ``text`` is what the message said then: its sender may change it.

    It is open until an admin decides; then it has an ``outcome``.
    """

    id: str = field(default_factory=new_id)
    created_at: int = field(default_factory=now)
    reporter_id: str
    user_id: str
    message_id: str | None = None
    text: str | None = None
    reason: str
    outcome: Outcome | None = None
    closed_at: int | None = None
