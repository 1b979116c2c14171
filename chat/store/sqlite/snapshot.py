"""A copy of the database as it is at one moment, made while others read and write."""

import sqlite3
from contextlib import closing
from pathlib import Path

from chat.lib.progress import progress_bar

PAGES = 2048  # copied at a time: 8 MiB
LONG_BYTES = 256 * 1024 * 1024  # copying this much takes seconds: a progress bar is shown


def copy_database(source: Path, target: Path, label: str) -> None:
    """Copy the database to ``target``, which gets its name when it is complete. Others wait for nothing."""
    partial = target.with_name(f"{target.name}.partial")
    partial.unlink(missing_ok=True)
    try:
        with (
            closing(sqlite3.connect(source, isolation_level=None)) as original,
            closing(sqlite3.connect(partial)) as copy,
            progress_bar(label, 1, hidden=source.stat().st_size < LONG_BYTES) as bar,
        ):

            def progress(_status: int, remaining: int, total: int) -> None:
                bar.length = total
                bar.update(total - remaining - bar.pos)

            # A transaction that has read sees no later write. Without it, SQLite begins again after each of them.
            original.execute("BEGIN")
            original.execute("SELECT 1 FROM sqlite_schema").fetchone()
            original.backup(copy, pages=PAGES, progress=progress)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
