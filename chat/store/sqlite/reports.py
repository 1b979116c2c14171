"""Reports in SQLite."""

from chat.models.report import Report
from chat.models.values import now
from chat.schemas import Outcome
from chat.store.sqlite import rows
from chat.store.sqlite.file import SqliteFile
from chat.store.sqlite.rows import REPORT, columns

_SELECT = f"SELECT {columns(REPORT)} FROM reports"


class SqliteReports:
    """`chat.store.port.Reports` in SQLite."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file

    def add(self, report: Report) -> None:
        self._file.write(lambda db: db.execute(rows.insert("reports", REPORT), rows.row(report, REPORT)))

    def find(self, report_id: str) -> Report | None:
        row = self._file.one(f"{_SELECT} WHERE id = ?", report_id)
        return row and rows.report(row)

    def page(self, *, is_open: bool, before: str | None, limit: int) -> list[Report]:
        query = f"{_SELECT} WHERE (outcome IS NULL) = ? AND (? IS NULL OR id < ?) ORDER BY id DESC LIMIT ?"
        return [rows.report(row) for row in self._file.all(query, is_open, before, before, limit)]

    def close(self, report_id: str, outcome: Outcome) -> bool:
        query = "UPDATE reports SET outcome = ?, closed_at = ? WHERE id = ? AND outcome IS NULL"
        return self._file.write(lambda db: db.execute(query, [outcome, now(), report_id]).rowcount == 1)
