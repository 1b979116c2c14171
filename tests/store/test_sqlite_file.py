"""The SQLite file when its disk fails: nothing is acknowledged that a restart would not find, and each failure is named."""

import logging
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from chat import create_app
from chat.config import Config
from chat.errors import DatabaseDamagedError, DatabaseUnavailableError
from chat.models.conversation import direct
from chat.models.message import Draft
from chat.models.user import User
from chat.store.sqlite import SqliteStore, file, writer
from chat.store.sqlite.connection import Db
from tests.clients.wsgi import in_process
from tests.services import ROOT
from tests.store.conftest import add_user

PAGE = 4096


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "chat.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    with closing(SqliteStore(path)) as store:
        yield store


class _Disk:
    """A disk whose writes can be made to fail or to hang, between the writer and SQLite."""

    def __init__(self, store: SqliteStore) -> None:
        self._writer = store._file._writer
        self._real = self._writer._db
        self._writer._db = self  # type: ignore[assignment]
        self.before: Callable[[str], None] = lambda _statement: None

    def execute(self, statement: str, *values: Any) -> Any:
        self.before(statement)
        return self._real.execute(statement, *values)  # type: ignore[union-attr]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def _failing(code: int, message: str = "disk I/O error") -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(message)
    error.sqlite_errorcode = code
    return error


def _send(store: SqliteStore, ann: User, bob: User, text: str = "text", client_id: str | None = None) -> int:
    draft = Draft(
        conversation=direct(ann.id, bob.id).id, sender_id=ann.id, receiver_id=bob.id, text=text, client_id=client_id
    )
    return store.messages.append(draft).message.seq


def _texts(store: SqliteStore, ann: User, bob: User) -> list[str | None]:
    return [message.text for message in store.messages.page(direct(ann.id, bob.id), None, 1000).messages]


STATEMENTS = ("BEGIN", "SAVEPOINT", "SELECT", "INSERT", "UPDATE", "RELEASE", "COMMIT")


@pytest.mark.parametrize("code", [sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY])
@pytest.mark.parametrize("failing", STATEMENTS)
def test_a_failing_write_is_unavailable_and_the_next_one_goes_on(store: SqliteStore, failing: str, code: int) -> None:
    ann, bob = add_user(store, "Ann"), add_user(store, "Bob")
    _send(store, ann, bob, "before")
    disk = _Disk(store)

    def fail(statement: str) -> None:
        if statement.lstrip().startswith(failing):
            disk.before = lambda _statement: None
            raise _failing(code)

    disk.before = fail
    with pytest.raises(DatabaseUnavailableError):
        _send(store, ann, bob, "fails", client_id="1")
    assert _texts(store, ann, bob) == ["before"]
    assert _send(store, ann, bob, "after") == 2
    assert _texts(store, ann, bob) == ["before", "after"]


def test_a_connection_that_cannot_roll_back_is_replaced(store: SqliteStore) -> None:
    ann, bob = add_user(store, "Ann"), add_user(store, "Bob")
    disk = _Disk(store)

    def fail(statement: str) -> None:
        if statement in ("COMMIT", "ROLLBACK"):
            raise _failing(sqlite3.SQLITE_IOERR_FSYNC)

    disk.before = fail
    with pytest.raises(DatabaseUnavailableError):
        _send(store, ann, bob, "fails")
    assert _send(store, ann, bob, "after") == 1


def test_a_missing_column_is_a_bug_and_not_an_unavailable_database(store: SqliteStore) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such column"):
        store._file.all("SELECT nonsense FROM users")
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        store._file.write(lambda db: db.execute("DELETE FROM nonsense"))


def test_one_failing_write_does_not_undo_those_beside_it(store: SqliteStore) -> None:
    def fail(db: Db) -> None:
        db.execute("DELETE FROM users")
        raise ValueError

    ann = add_user(store, "Ann")
    with pytest.raises(ValueError):
        store._file.write(fail)
    assert store.users.find(ann.id)


def test_a_write_on_a_hung_disk_gives_up_and_reads_go_on(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "WRITE_SECONDS", 0.2)
    ann, bob = add_user(store, "Ann"), add_user(store, "Bob")
    _send(store, ann, bob, "before")
    disk, hang = _Disk(store), threading.Event()

    def wait(statement: str) -> None:
        if statement == "COMMIT":
            hang.wait(20)

    disk.before = wait
    with pytest.raises(DatabaseUnavailableError):
        _send(store, ann, bob, "hangs")
    with pytest.raises(DatabaseUnavailableError):
        _send(store, ann, bob, "waits behind it")
    assert _texts(store, ann, bob) == ["before"]
    hang.set()
    monkeypatch.undo()
    _send(store, ann, bob, "after")
    assert _texts(store, ann, bob)[-1] == "after"
    assert "waits behind it" not in _texts(store, ann, bob)  # given up before it began


@pytest.mark.parametrize("suffix", ["", "-wal"])
@pytest.mark.parametrize("replace", [False, True])
def test_a_file_that_was_deleted_or_replaced_takes_no_writes(
    store: SqliteStore, path: Path, suffix: str, replace: bool, caplog: pytest.LogCaptureFixture
) -> None:
    ann, bob = add_user(store, "Ann"), add_user(store, "Bob")
    _send(store, ann, bob, "before")
    gone = Path(f"{path}{suffix}")
    copy = shutil.copy(gone, f"{gone}.copy")
    gone.unlink()
    if replace:
        Path(copy).rename(gone)
    for _ in range(2):
        with pytest.raises(DatabaseUnavailableError):
            _send(store, ann, bob, "after")
        with pytest.raises(DatabaseUnavailableError):
            store.ping()
    told = [record for record in caplog.records if "restart the server" in record.getMessage()]
    assert len(told) == 1
    assert told[0].levelno == logging.CRITICAL


def test_a_damaged_page_is_named_and_fails_the_ping(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with closing(SqliteStore(path)) as store:
        ann, bob = add_user(store, "Ann"), add_user(store, "Bob")
        for number in range(100):
            _send(store, ann, bob, f"{number}" * 100)
    with path.open("r+b") as content:
        content.seek(path.read_bytes().index(b"50" * 100) // PAGE * PAGE)  # the page of message 50
        content.write(b"\xff" * 64)
    with closing(SqliteStore(path)) as store:
        with pytest.raises(DatabaseDamagedError):
            _texts(store, ann, bob)
        with pytest.raises(DatabaseDamagedError):
            store.ping()
    assert "restore a backup" in caplog.text


def test_damage_is_found_at_the_start_before_anyone_reads_it(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with closing(SqliteStore(path)) as store:
        ann, bob = add_user(store, "Ann"), add_user(store, "Bob")
        for number in range(100):
            _send(store, ann, bob, f"{number}" * 100)
    with path.open("r+b") as content:
        content.seek(path.stat().st_size - PAGE)
        content.write(os.urandom(PAGE))
    with closing(SqliteStore(path)) as store:
        _wait_until(lambda: "flask verify" in caplog.text)
        with pytest.raises(DatabaseDamagedError):
            store.ping()


def test_over_a_damaged_file_reads_and_writes_are_503_and_the_server_is_not_ready(path: Path) -> None:
    config = Config(jwt_secret="x" * 48, data_dir=path.parent, rate_limits=False, bcrypt_cost=4)
    app = create_app(config)
    site = in_process(app)
    ann, bob = site.sign_up("Ann"), site.sign_up("Bob")
    for number in range(100):
        ann.send(bob, f"{number}" * 100)
    app.extensions["chat"].store.close()
    content = bytearray(path.read_bytes())
    for page in range(PAGE, len(content), PAGE):  # all but the first, so that the file can be opened
        if b"50" * 100 in content[page : page + PAGE]:
            content[page : page + 64] = b"\xff" * 64
    path.write_bytes(content)
    app = create_app(config)
    with closing(app.extensions["chat"].store):
        site = in_process(app)
        for method, address, body in (
            ("GET", f"/api/messages/{bob.id}", None),
            ("POST", f"/api/messages/send/{bob.id}", {"text": "more", "clientId": "1"}),
            ("GET", "/readyz", None),
        ):
            answer = site.browser(ann.token).request(method, address, body)
            assert (answer.status_code, answer.json()["code"]) == (503, "database_damaged")


def test_a_disk_that_could_not_read_for_a_while_is_not_damaged(store: SqliteStore) -> None:
    with pytest.raises(DatabaseDamagedError), store._file.reading():
        raise _failing(sqlite3.SQLITE_CORRUPT)  # as SQLite calls a read that fails
    with pytest.raises(DatabaseDamagedError):
        store.ping()

    def is_well() -> bool:
        with suppress(DatabaseDamagedError):
            store.ping()
            return True
        return False

    _wait_until(is_well)


def test_a_file_that_is_no_database_is_named(path: Path) -> None:
    path.write_bytes(b"this is not a database" * 1000)
    with pytest.raises(DatabaseDamagedError):
        SqliteStore(path)


def test_a_full_disk_is_unavailable_and_keeps_what_was_acknowledged(tmp_path: Path) -> None:
    script = """
import resource, signal, sys
from pathlib import Path
from chat.errors import DatabaseUnavailableError
from chat.models.user import User
from chat.store.sqlite import SqliteStore
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = SqliteStore(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
added = 0
try:
    while True:
        assert store.users.add(User(email=f"{added}@example.org", full_name="x" * 2000, password_hash=""))
        added += 1
except DatabaseUnavailableError:
    store.ping()
    print(added, len(store.users.all()))
"""
    command = [sys.executable, "-c", script, str(tmp_path / "chat.db")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    added, kept = map(int, done.stdout.split())
    assert added == kept > 0
    with closing(SqliteStore(tmp_path / "chat.db")) as store:
        assert len(store.users.all()) == kept


def test_the_wal_file_shrinks_after_a_reader_elsewhere_has_ended(
    path: Path, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "IDLE_SECONDS", 0.05)
    wal = Path(f"{path}-wal")
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM users").fetchall()
        for number in range(200):
            store.users.add(User(email=f"{number}@example.org", full_name="x" * 1000, password_hash=""))
        assert wal.stat().st_size > 0
    _wait_until(lambda: wal.stat().st_size == 0)
    assert len(store.users.all()) == 200


def test_threads_share_the_file(store: SqliteStore) -> None:
    ann, bob = add_user(store, "Ann"), add_user(store, "Bob")
    threads = [
        threading.Thread(target=lambda: [_send(store, ann, bob) for _ in range(20)], daemon=True) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    page = store.messages.page(direct(ann.id, bob.id), None, 1000)
    assert sorted(message.seq for message in page.messages) == list(range(1, 161))  # type: ignore[union-attr]


def _wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
