"""One-time links in MongoDB."""

from bson import ObjectId
from bson.datetime_ms import DatetimeMS
from pymongo import DESCENDING, ReturnDocument

from chat.models.link import DAY, Key, Link, Purpose
from chat.models.values import now
from chat.store.mongo import documents
from chat.store.mongo.connection import Connection, operation
from chat.store.mongo.documents import LINK, Document
from chat.store.port import KEEP_EXPIRED_DAYS


class MongoLinks:
    """`chat.store.port.Links` in MongoDB."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._links = connection.database.links

    @operation
    def add(self, link: Link) -> None:
        self._links.delete_many({"expiresAt": {"$lt": DatetimeMS(now() - KEEP_EXPIRED_DAYS * DAY)}})
        self._links.insert_one(documents.document(link, LINK))

    @operation
    def find(self, purpose: Purpose, key: Key) -> Link | None:
        found = self._links.find_one(_open(purpose, key))
        return documents.link(found) if found else None

    @operation
    def use(self, purpose: Purpose, key: Key) -> Link | None:
        found = self._links.find_one_and_update(
            _open(purpose, key), {"$inc": {"usesLeft": -1}}, return_document=ReturnDocument.AFTER
        )
        return documents.link(found) if found else None

    @operation
    def give_back(self, link_id: str) -> None:
        self._links.update_one({"_id": ObjectId(link_id)}, {"$inc": {"usesLeft": 1}})

    @operation
    def of_purpose(self, purpose: Purpose) -> list[Link]:
        return [documents.link(found) for found in self._links.find({"purpose": purpose}).sort("_id", DESCENDING)]

    @operation
    def remove(self, purpose: Purpose, link_id: str) -> bool:
        return self._links.delete_one({"_id": ObjectId(link_id), "purpose": purpose}).deleted_count == 1

    @operation
    def remove_of_user(self, user_id: str) -> None:
        self._links.delete_many({"userId": ObjectId(user_id)})


def _open(purpose: Purpose, key: Key) -> Document:
    return {
        "_id": ObjectId(key.id),
        "purpose": purpose,
        "secretHash": key.secret_hash,
        "expiresAt": {"$gt": DatetimeMS(now())},
        "usesLeft": {"$gt": 0},
    }
