"""The mails that wait, in MongoDB."""

from bson import ObjectId
from bson.datetime_ms import DatetimeMS
from pymongo import ReturnDocument

from chat.models.mail import Mail
from chat.models.values import now
from chat.store.mongo import documents
from chat.store.mongo.connection import Connection, operation
from chat.store.mongo.documents import MAIL


class MongoOutbox:
    """`chat.store.port.Outbox` in MongoDB."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._outbox = connection.database.outbox

    @operation
    def add(self, mail: Mail) -> None:
        self._outbox.insert_one(documents.document(mail, MAIL))

    @operation
    def take(self, until: int) -> Mail | None:
        found = self._outbox.find_one_and_update(
            {"dueAt": {"$lte": DatetimeMS(now())}},
            {"$set": {"dueAt": DatetimeMS(until)}, "$inc": {"attempts": 1}},
            sort=[("dueAt", 1)],
            return_document=ReturnDocument.AFTER,
        )
        return documents.mail(found) if found else None

    @operation
    def postpone(self, mail_id: str, until: int) -> None:
        self._outbox.update_one({"_id": ObjectId(mail_id)}, {"$set": {"dueAt": DatetimeMS(until)}})

    @operation
    def remove(self, mail_id: str) -> None:
        self._outbox.delete_one({"_id": ObjectId(mail_id)})
