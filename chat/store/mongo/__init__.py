"""The MongoDB store: the collections and fields of the Express backend, and ours on top."""

from collections.abc import Callable

from chat.errors import DatabaseUnavailableError
from chat.store.mongo.audit import MongoAudit
from chat.store.mongo.connection import Connection, failures_named
from chat.store.mongo.conversations import MongoConversations
from chat.store.mongo.ledger import Ledger
from chat.store.mongo.legacy import Legacy
from chat.store.mongo.links import MongoLinks
from chat.store.mongo.messages import MongoMessages
from chat.store.mongo.outbox import MongoOutbox
from chat.store.mongo.reports import MongoReports
from chat.store.mongo.upkeep import MongoUpkeep
from chat.store.mongo.users import MongoUsers
from chat.store.mongo.writing import Writing
from chat.store.port import Audit, Conversations, Links, Messages, Outbox, Reports, Upkeep, Users


class MongoStore:
    """`chat.store.port.Store` on the MongoDB database that ``url`` names, which need not run yet.

    Raises `DatabaseTooNewError` if a newer version wrote the database.
    """

    def __init__(self, url: str, connect: Callable[[str], Connection] = Connection) -> None:
        self._connection = connect(url)
        ledger = Ledger(self._connection)
        self.users: Users = MongoUsers(self._connection)
        self.conversations: Conversations = MongoConversations(self._connection, ledger)
        writing = Writing(self._connection, ledger)
        self.messages: Messages = MongoMessages(self._connection, ledger, writing)
        self.upkeep: Upkeep = MongoUpkeep(self._connection)
        self.audit: Audit = MongoAudit(self._connection)
        self.links: Links = MongoLinks(self._connection)
        self.reports: Reports = MongoReports(self._connection)
        self.outbox: Outbox = MongoOutbox(self._connection)
        self.legacy = Legacy(self._connection, writing)
        try:
            with failures_named():
                self._connection.prepare()
        except DatabaseUnavailableError:
            pass  # the first use tries again
        except Exception:
            self.close()
            raise

    def ping(self) -> None:
        """Return if MongoDB answers."""
        with self._connection.operation():
            self._connection.database.command("ping")

    def close(self) -> None:
        """Close the connections."""
        self._connection.database.client.close()
