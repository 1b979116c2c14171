"""Two processes on one SQLite file without Redis: it is noticed and said, and ends with the other process."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from chat.config import Config
from chat.lib import sole
from chat.lib.sole import Sole
from tests.clients.sockets import wait_until
from tests.clients.wsgi import in_process
from tests.conftest import MakeApp
from tests.services import ROOT

OTHER = "import sys, time; from pathlib import Path; from chat.lib.sole import Sole; sole = Sole(Path(sys.argv[1]))"


@pytest.fixture(params=["sqlite"])
def config(tmp_path: Path) -> Config:
    return Config(jwt_secret="x" * 48, data_dir=tmp_path)


def test_a_process_beside_another_one_is_not_ready_and_says_what_to_do(
    make_app: MakeApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sole, "OVERLAP_SECONDS", 0.0)
    site = in_process(make_app())
    waits = f"{OTHER}; print(sole.holds(), flush=True); time.sleep(60)"
    other = subprocess.Popen([sys.executable, "-c", waits, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    with other:
        assert other.stdout
        assert other.stdout.readline() == "True\n"
        for _ in range(2):
            answer = site.browser().get("/readyz")
            assert (answer.status_code, answer.json()["code"]) == (503, "not_alone")
            assert "REDIS_URL" in answer.json()["message"]
        told = [record for record in caplog.records if "set REDIS_URL" in record.getMessage()]
        assert [record.levelno for record in told] == [logging.CRITICAL]
        other.kill()
    wait_until(lambda: site.browser().get("/readyz").status_code == 200)


def test_the_log_is_quiet_about_a_process_that_is_being_replaced(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before, after = Sole(tmp_path), Sole(tmp_path)
    assert before.holds()
    assert not after.holds()
    del before
    assert after.holds()
    assert not caplog.records


def test_processes_that_redis_joins_may_share_a_file(make_app: MakeApp, tmp_path: Path) -> None:
    other = Sole(tmp_path)
    assert other.holds()
    app = make_app(redis_url="redis://127.0.0.1:1/0")
    assert in_process(app).browser().get("/readyz").json()["code"] == "redis_unavailable"


def test_a_folder_that_cannot_be_locked_is_no_reason_not_to_serve(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert Sole(tmp_path / "missing").holds()
    assert "could not find out" in caplog.text
