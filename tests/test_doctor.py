"""`flask doctor` finds what is wrong with a deployment, and names the line that mends it."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from pymongo import MongoClient

from chat.config import Config
from chat.store.mongo.upkeep import INDEXES
from tests.conftest import MakeApp
from tests.services import free_port

only_sqlite = pytest.mark.parametrize("config", ["sqlite"], indirect=True)
Doctor = Callable[..., Result]


@pytest.fixture
def doctor(make_app: MakeApp) -> Doctor:
    """Run it with other settings: ``doctor(app_env="production")``."""

    def run(**settings: Any) -> Result:
        settings = {"public_url": f"http://127.0.0.1:{free_port()}", **settings}
        return make_app(**settings).test_cli_runner().invoke(args=["doctor"])

    return run


def test_a_server_in_order_has_nothing_to_change_but_what_does_not_run(doctor: Doctor) -> None:
    result = doctor(app_env="production", client_origins=(), rate_limits=True, public_url="")
    assert result.exit_code == 0, result.output
    assert "The running server was not checked" in result.output


def test_a_server_that_does_not_run_is_a_failure(doctor: Doctor) -> None:
    result = doctor()
    assert result.exit_code == 1
    assert "FAIL  The chat doesn't answer at this address" in result.output


@only_sqlite
@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"public_url": "http://chat.example.org"}, "PUBLIC_URL=https://chat.example.org"),
        ({"rate_limits": False}, "RATE_LIMITS=on"),
        ({"trusted_proxies": 0}, "TRUSTED_PROXIES=1"),
        ({"client_origins": ("http://localhost:5173",)}, "CLIENT_ORIGINS=https://app.example.org"),
        ({"redis_url": "redis://127.0.0.1:1/0"}, "REDIS_URL"),
    ],
)
def test_a_setting_that_is_wrong_in_production_is_named_with_the_line_to_change(
    doctor: Doctor, settings: dict[str, Any], line: str
) -> None:
    assert f"      {line}" in doctor(app_env="production", **settings).output


@only_sqlite
def test_a_database_that_others_can_read_is_a_failure(doctor: Doctor, config: Config, app: Flask) -> None:
    database = config.data_dir / "chat.db"
    for folder in database.parents[:4]:
        folder.chmod(0o755)
    database.chmod(0o644)
    assert f"chmod -R go= {database}" in doctor(app_env="production").output
    database.chmod(0o600)
    assert f"chmod -R go= {database}" not in doctor(app_env="production").output


@only_sqlite
def test_a_full_disk_is_a_failure(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=50 * 2**20))
    assert "Free some space" in doctor().output


@only_sqlite
def test_a_folder_of_images_that_cannot_be_written_is_a_failure(doctor: Doctor, config: Config, app: Flask) -> None:
    (config.data_dir / "uploads").rmdir()
    (config.data_dir / "uploads").symlink_to("/proc")  # no one can write there, not even root
    assert "FAIL  Images can't be stored" in doctor().output


def test_a_missing_index_is_named(doctor: Doctor, config: Config, app: Flask) -> None:
    if config.mongo_url:
        with MongoClient[dict[str, Any]](config.mongo_url) as client:
            client.get_default_database().messages.drop_index("conversation_1_seq_1")
    else:
        with closing(sqlite3.connect(config.data_dir / "chat.db")) as db:
            db.execute("DROP INDEX messages_by_seq")
    assert "Indexes are missing, so some requests are slow: messages" in doctor().output


@pytest.mark.parametrize("config", ["mongo"], indirect=True)
def test_the_indexes_that_it_expects_are_those_of_a_new_database(app: Flask, config: Config) -> None:
    with MongoClient[dict[str, Any]](config.mongo_url) as client:
        database = client.get_default_database()
        made = {name: {*database[name].index_information()} - {"_id_"} for name in database.list_collection_names()}
    assert {name: indexes for name, indexes in made.items() if indexes} == {
        name: set(indexes) for name, indexes in INDEXES.items()
    }
