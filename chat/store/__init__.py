"""The database: one port, two adapters."""

from pathlib import Path

from chat.store.mongo import MongoStore
from chat.store.port import Store
from chat.store.sqlite import SqliteStore

__all__ = ["DATABASE", "Store", "open_store"]

DATABASE = "chat.db"  # the file of the embedded store


def open_store(mongo_url: str | None, data_dir: Path) -> Store:
    """MongoDB if an address is given, else the SQLite file ``chat.db`` in ``data_dir``."""
    return MongoStore(mongo_url) if mongo_url else SqliteStore(data_dir / DATABASE)
