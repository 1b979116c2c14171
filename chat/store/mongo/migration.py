"""Numbering what the Express backend wrote, in a database that is in use."""

from collections.abc import Iterator

from pymongo import ASCENDING
from pymongo.errors import DuplicateKeyError

from chat.models.conversation import direct
from chat.store.mongo.connection import failures_named
from chat.store.mongo.documents import Document
from chat.store.mongo.messages import Messages

_UNNUMBERED = {"conversation": None}


class Migration(Messages):
    """The part of `chat.store.Store` that is about messages of another backend."""

    def count_unnumbered(self) -> int:
        return self.database.messages.count_documents(_UNNUMBERED)

    def number_messages(self) -> Iterator[str]:
        with failures_named():
            done: set[str] = set()
            for found in self.database.messages.find(_UNNUMBERED, {"senderId": 1, "receiverId": 1}):
                conversation = direct(str(found["senderId"]), str(found["receiverId"]))
                if conversation.id not in done:
                    done.add(conversation.id)
                    self._open(conversation)
                    yield from self._number(conversation.id)

    def _number(self, conversation_id: str) -> Iterator[str]:
        """Give each its place among those without number, from the last one down to 1.

        Numbering began above them all, so these places are free; a message that the Express backend wrote after that
        has none, and comes last.
        """
        messages = self.database.messages
        waiting = [found["_id"] for found in self.unnumbered(conversation_id)]
        first = messages.find_one({"conversation": conversation_id}, {"seq": 1}, sort=[("seq", ASCENDING)])
        places = min(len(waiting), first["seq"] - 1) if first else len(waiting)
        for late in waiting[places:]:
            with self.numbers.turn(conversation_id):
                while not self._give(conversation_id, late, self._last_number(conversation_id) + 1):
                    pass
            yield str(late)
        for place in range(places, 0, -1):
            self._give(conversation_id, waiting[place - 1], place)
            yield str(waiting[place - 1])

    def _give(self, conversation_id: str, message_id: object, number: int) -> bool:
        """Give a message its number, unless it has one by now; False where the number is taken."""
        numbered: Document = {"conversation": conversation_id, "seq": number, "rev": number}
        self.numbers.forget(conversation_id)
        try:
            self.database.messages.update_one({"_id": message_id, **_UNNUMBERED}, {"$set": numbered})
        except DuplicateKeyError:
            return False
        return True
