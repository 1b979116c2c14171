"""The MongoDB store: the collections and fields of the Express backend, and ours on top."""

from pymongo.database import Database

from chat.store.mongo.connection import connect, create_indexes
from chat.store.mongo.conversations import Conversations
from chat.store.mongo.documents import Document
from chat.store.mongo.messages import Messages
from chat.store.mongo.migration import Migration
from chat.store.mongo.numbers import Numbers
from chat.store.mongo.users import Users


class MongoStore(Users, Conversations, Migration, Messages):
    """`chat.store.Store` on MongoDB; see there for what each method promises."""

    def __init__(self, url: str) -> None:
        self._database = connect(url)
        self._indexed = False
        self.numbers = Numbers()

    @property
    def database(self) -> Database[Document]:
        """The database; its indexes are made at the first use, so that a server may start before MongoDB does."""
        if not self._indexed:
            create_indexes(self._database)
            self._indexed = True
        return self._database

    def ping(self) -> None:
        self.database.command("ping")

    def close(self) -> None:
        self._database.client.close()
