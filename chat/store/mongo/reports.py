"""Reports in MongoDB."""

from bson import ObjectId
from bson.datetime_ms import DatetimeMS
from pymongo import DESCENDING

from chat.models.report import Report
from chat.models.values import now
from chat.schemas import Outcome
from chat.store.mongo import documents
from chat.store.mongo.connection import Connection, operation
from chat.store.mongo.documents import REPORT, Document


class MongoReports:
    """`chat.store.port.Reports` in MongoDB."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._reports = connection.database.reports

    @operation
    def add(self, report: Report) -> None:
        self._reports.insert_one(documents.document(report, REPORT))

    @operation
    def find(self, report_id: str) -> Report | None:
        found = self._reports.find_one({"_id": ObjectId(report_id)})
        return documents.report(found) if found else None

    @operation
    def page(self, *, is_open: bool, before: str | None, limit: int) -> list[Report]:
        query: Document = {"outcome": {"$exists": not is_open}}
        if before:
            query["_id"] = {"$lt": ObjectId(before)}
        return [documents.report(found) for found in self._reports.find(query).sort("_id", DESCENDING).limit(limit)]

    @operation
    def close(self, report_id: str, outcome: Outcome) -> bool:
        is_open = {"_id": ObjectId(report_id), "outcome": {"$exists": False}}
        change = {"$set": {"outcome": outcome, "closedAt": DatetimeMS(now())}}
        return self._reports.update_one(is_open, change).modified_count == 1
