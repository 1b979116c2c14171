"""A connection to the file, and how it is set up."""

import sqlite3
from pathlib import Path

Db = sqlite3.Connection

BUSY_SECONDS = 4.0  # how long to wait for another process's write; an answer is due within 5 seconds
WAL_BYTES = 16 * 1024 * 1024  # what the -wal file keeps on the disk after a checkpoint


def connect(path: Path, *, create: bool = False) -> Db:
    """Open a connection. A file that has gone is an error, unless ``create`` is set."""
    uri = f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}"
    db = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute(f"PRAGMA journal_size_limit = {WAL_BYTES}")
    db.execute("PRAGMA synchronous = FULL")  # a commit has reached the disk: a power cut can't undo it
    db.execute("PRAGMA foreign_keys = ON")
    return db
