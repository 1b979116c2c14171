"""Numbering what the Express backend wrote, in a database that is in use."""

from collections.abc import Iterator

from pymongo import ASCENDING

from chat.models.conversation import direct
from chat.models.folding import fold
from chat.store.mongo import unnumbered
from chat.store.mongo.connection import Connection, operation
from chat.store.mongo.documents import SEARCH_TEXT, Document
from chat.store.mongo.writing import Writing


class Legacy:
    """The messages of the Express backend that have no number yet."""

    def __init__(self, connection: Connection, writing: Writing) -> None:
        self._connection = connection
        self._messages = connection.messages
        self._writing = writing

    @operation
    def count_unnumbered(self) -> int:
        """How many there are."""
        return self._messages.count_documents(unnumbered.ALL)

    def number_messages(self) -> Iterator[str]:
        """Number them, and yield the id of each that has its number."""
        done: set[str] = set()
        for found in self._messages.find(unnumbered.ALL, {"senderId": 1, "receiverId": 1}):
            conversation = direct(str(found["senderId"]), str(found["receiverId"]))
            if conversation.id not in done:
                done.add(conversation.id)
                yield from self._number(conversation.id)

    def _number(self, conversation_id: str) -> Iterator[str]:
        """Give each its place among those without number, from the last one down to 1.

        The conversation's counter begins above them, so these places are free. A message that the Express backend wrote
        after that has no place, and gets the next number.
        """
        begun = self._writing.begin(conversation_id)
        waiting = unnumbered.newest(self._messages, conversation_id)
        first = self._messages.find_one({"conversation": conversation_id}, {"seq": 1}, sort=[("seq", ASCENDING)])
        places = min(len(waiting), first["seq"] - 1 if first else begun)
        for late in waiting[places:]:
            self._writing.number(conversation_id, str(late["_id"]))
            yield str(late["_id"])
        for place in range(places, 0, -1):
            id, text = waiting[place - 1]["_id"], waiting[place - 1].get("text")
            numbered: Document = {"conversation": conversation_id, "seq": place, "rev": place}
            if text:
                numbered[SEARCH_TEXT] = fold(text)
            self._messages.update_one({"_id": id, **unnumbered.ALL}, {"$set": numbered})
            yield str(id)
