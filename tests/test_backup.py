"""`flask backup`, `flask verify` and `flask restore`: a server comes back as it was, and numbers and sessions stay true."""

import shutil
import sqlite3
import threading
import zipfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from pymongo import MongoClient

from chat import create_app
from chat.config import Config
from chat.store.sqlite import snapshot
from tests.clients.http import Person, Site
from tests.clients.wsgi import in_process
from tests.conftest import MakeApp
from tests.images import png

SignUp = Callable[[str], Person]
Run = Callable[..., Result]


only_sqlite = pytest.mark.parametrize("config", ["sqlite"], indirect=True)
only_mongo = pytest.mark.parametrize("config", ["mongo"], indirect=True)


@pytest.fixture
def run(app: Flask) -> Run:
    """Run a command on the app: ``run("backup", path)``."""
    return lambda *args: app.test_cli_runner().invoke(args=[*map(str, args)])


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return tmp_path / "backup.zip"


@pytest.fixture
def new_app(config: Config, tmp_path: Path) -> Flask:
    """A server in another folder, at its first start. To restore a backup closes its store."""
    return create_app(replace(config, data_dir=tmp_path / "new"))


def _restore(app: Flask, archive: Path) -> Result:
    return app.test_cli_runner().invoke(args=["restore", str(archive)])


def _restored(make_app: MakeApp, new_app: Flask, archive: Path) -> Site:
    """The site after a restore into a new server."""
    result = _restore(new_app, archive)
    assert result.exit_code == 0, result.output
    return in_process(make_app(data_dir=new_app.extensions["chat"].config.data_dir))


def _in(site: Site, person: Person) -> Person:
    """The same person at another site, logged in."""
    return Person(site, person.name, person.email, person.password).log_in()


@only_sqlite
def test_a_restored_server_has_all_accounts_messages_and_images(
    run: Run, sign_up: SignUp, make_app: MakeApp, new_app: Flask, archive: Path
) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    sent = ann.call("POST", f"/api/messages/send/{bob.id}", {"text": "look", "image": png()})
    room = bob.create_room("Design", ann)
    assert run("backup", archive).exit_code == 0
    site = _restored(make_app, new_app, archive)
    ann, bob = _in(site, ann), _in(site, bob)
    assert [message["text"] for message in ann.history(bob)] == ["look"]
    assert ann.http.get(sent["image"]).status_code == 200
    assert ann.call("GET", f"/api/rooms/{room['_id']}")["name"] == "Design"


@only_sqlite
def test_what_was_acknowledged_before_a_backup_begins_is_in_it_while_more_is_sent(
    run: Run, sign_up: SignUp, make_app: MakeApp, new_app: Flask, archive: Path
) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    ended = threading.Event()
    sent: list[str] = []

    def send() -> None:
        while not ended.is_set():
            sent.append(ann.send(bob, "again", image=png())["_id"])

    thread = threading.Thread(target=send)
    thread.start()
    while len(sent) < 5:
        ended.wait(0.01)
    before = list(sent)
    result = run("backup", archive)
    ended.set()
    thread.join()
    assert result.exit_code == 0, result.output
    site = _restored(make_app, new_app, archive)
    ann, bob = _in(site, ann), _in(site, bob)
    kept = ann.history(bob)
    assert [message["_id"] for message in kept] == sent[: len(kept)]
    assert len(kept) >= len(before)
    assert all(ann.http.get(message["image"]).status_code == 200 for message in kept)


def test_a_copy_ends_although_others_keep_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "PAGES", 1)
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE texts (text)")
        db.executemany("INSERT INTO texts VALUES (?)", [["x" * 4000]] * 20)

        class WritingBar:
            length = pos = 0

            def update(self, _steps: int) -> None:
                db.execute("INSERT INTO texts VALUES ('meanwhile')")

            def __enter__(self) -> "WritingBar":
                return self

            def __exit__(self, *_: object) -> None:
                pass

        monkeypatch.setattr(snapshot, "progress_bar", lambda *_args, **_options: WritingBar())
        snapshot.copy_database(tmp_path / "a.db", tmp_path / "b.db", "Copying")
        assert db.execute("SELECT count(*) FROM texts").fetchone()[0] > 20
    with closing(sqlite3.connect(tmp_path / "b.db")) as copy:
        assert copy.execute("SELECT count(*) FROM texts").fetchone() == (20,)


@only_sqlite
def test_a_session_from_before_the_backup_does_not_come_back(
    run: Run, sign_up: SignUp, make_app: MakeApp, new_app: Flask, archive: Path
) -> None:
    ann = sign_up("Ann")
    run("backup", archive)
    site = _restored(make_app, new_app, archive)
    assert site.browser(ann.token).get("/api/auth/check").status_code == 401


@only_sqlite
def test_a_client_that_has_seen_more_than_the_backup_misses_nothing_that_is_sent_after_the_restore(
    run: Run, sign_up: SignUp, make_app: MakeApp, new_app: Flask, archive: Path
) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    ann.send(bob, "one")
    run("backup", archive)
    lost = [ann.send(bob, text) for text in ("two", "three")]
    site = _restored(make_app, new_app, archive)
    ann, bob = _in(site, ann), _in(site, bob)
    ann.send(bob, "after")
    seen = {ann.conversation(bob): lost[-1]["rev"]}
    caught_up = bob.call("POST", "/api/messages/sync", {"cursors": seen})
    (changes,) = caught_up["conversations"]
    assert [message["text"] for message in changes["messages"]] == ["after"]


@only_sqlite
def test_a_restore_never_replaces_a_server_with_accounts(run: Run, sign_up: SignUp, archive: Path) -> None:
    ann = sign_up("Ann")
    run("backup", archive)
    result = run("restore", archive)
    assert result.exit_code == 1
    assert "has accounts: move it away" in result.output
    assert ann.http.get("/api/auth/check").status_code == 200


@only_sqlite
def test_a_damaged_archive_is_refused_and_leaves_nothing_behind(
    run: Run, sign_up: SignUp, new_app: Flask, archive: Path
) -> None:
    sign_up("Ann")
    run("backup", archive)
    content = archive.read_bytes()
    middle = content.index(b"chat.db") + 100
    archive.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    assert run("verify", archive).exit_code == 1
    result = _restore(new_app, archive)
    assert result.exit_code == 1
    assert "damaged" in result.output
    folder = new_app.extensions["chat"].config.data_dir
    assert not (folder / "chat.db").exists()
    assert not (folder / "restore.partial").exists()


@only_sqlite
@pytest.mark.parametrize("name", ["../outside", "/tmp/outside", "uploads/../../outside", "uploads/a/b", "other"])
def test_an_archive_cannot_write_outside_its_folders(run: Run, new_app: Flask, archive: Path, name: str) -> None:
    manifest = f'{{"version": "1.1.0", "files": {{"{name}": "{"0" * 64}"}}}}'
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr(name, "x")
        zipped.writestr("manifest.json", manifest)
    result = _restore(new_app, archive)
    assert result.exit_code == 1
    assert "a file that no backup has" in result.output


@only_sqlite
def test_only_its_owner_may_read_a_backup_and_what_is_restored(
    run: Run, sign_up: SignUp, make_app: MakeApp, new_app: Flask, archive: Path
) -> None:
    sign_up("Ann")
    run("backup", archive)
    _restored(make_app, new_app, archive)
    database = new_app.extensions["chat"].config.data_dir / "chat.db"
    assert [path.stat().st_mode & 0o777 for path in (archive, database)] == [0o600, 0o600]


@only_sqlite
def test_a_backup_replaces_no_file_and_a_failed_one_leaves_none(run: Run, tmp_path: Path, archive: Path) -> None:
    archive.write_text("mine")
    assert "exists: choose another name" in run("backup", archive).output
    assert archive.read_text() == "mine"
    result = run("backup", tmp_path / "no" / "backup.zip")
    assert result.exit_code == 1
    assert "the backup failed" in result.output


def test_a_server_in_order_passes_and_a_missing_image_is_named(run: Run, sign_up: SignUp, config: Config) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    image = ann.send(bob, "look", image=png())["image"]
    assert run("verify").output.endswith("in order.\n")
    name = image.rpartition("/")[2]
    (config.data_dir / "uploads" / name).unlink()
    result = run("verify")
    assert result.exit_code == 1
    assert f"the image {name} is missing" in result.output


def test_a_number_that_was_not_given_is_a_problem(run: Run, sign_up: SignUp, config: Config) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    ann.send(bob, "one")
    ann.send(bob, "two")
    if config.mongo_url:
        with MongoClient[dict[str, Any]](config.mongo_url) as client:
            client.get_default_database().conversations.update_many({}, {"$set": {"rev": 1}})
    else:
        with closing(sqlite3.connect(config.data_dir / "chat.db")) as db, db:
            db.execute("UPDATE conversations SET rev = 1")
    result = run("verify")
    assert result.exit_code == 1
    assert "has given number 1, but has a message with number 2" in result.output


@only_sqlite
def test_damaged_pages_are_a_problem(
    run: Run, sign_up: SignUp, config: Config, tmp_path: Path, make_app: MakeApp
) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    for _ in range(20):
        ann.send(bob, "x" * 2000)
    run("backup", tmp_path / "good.zip")
    with zipfile.ZipFile(tmp_path / "good.zip") as zipped:
        zipped.extract("chat.db", tmp_path / "bad")
    database = tmp_path / "bad" / "chat.db"
    content = bytearray(database.read_bytes())
    content[-8192:-4096] = b"\xff" * 4096
    database.write_bytes(content)
    bad = make_app(data_dir=tmp_path / "bad")
    result = bad.test_cli_runner().invoke(args=["verify"])
    assert result.exit_code == 1
    assert "damaged" in result.output
    shutil.rmtree(tmp_path / "bad")


@only_mongo
def test_on_mongodb_a_backup_has_the_images_and_names_the_program_for_the_rest(
    run: Run, sign_up: SignUp, archive: Path
) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    ann.send(bob, "look", image=png())
    result = run("backup", archive)
    assert "1 images" in result.output
    assert "mongodump" in result.output
    assert "the database" not in result.output


@only_mongo
def test_on_mongodb_a_restore_ends_sessions_and_leaves_numbers_out(
    run: Run, app: Flask, sign_up: SignUp, archive: Path
) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    before = ann.send(bob, "one")
    run("backup", archive)
    assert run("restore", archive).exit_code == 0
    app.extensions["chat"].store.users.endings()  # as a server asks each second
    assert ann.http.get("/api/auth/check").status_code == 401
    after = ann.log_in().send(bob, "two")
    assert after["rev"] > before["rev"] + 1000
