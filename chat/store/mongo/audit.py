"""The audit log in MongoDB."""

from bson import ObjectId
from pymongo import DESCENDING

from chat.models.audit import Entry
from chat.store.mongo import documents
from chat.store.mongo.connection import Connection, operation
from chat.store.mongo.documents import ENTRY


class MongoAudit:
    """`chat.store.port.Audit` in MongoDB."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._audit = connection.database.audit

    @operation
    def add(self, entry: Entry) -> None:
        self._audit.insert_one(documents.document(entry, ENTRY))

    @operation
    def page(self, before: str | None, limit: int) -> list[Entry]:
        older = {"_id": {"$lt": ObjectId(before)}} if before else {}
        return [documents.entry(found) for found in self._audit.find(older).sort("_id", DESCENDING).limit(limit)]
