"""A short run of the proof of delivery: kills, cut connections, repeated requests, ignored answers."""

import subprocess
import sys

import pytest

from tests.services import ROOT


@pytest.mark.parametrize(
    ("store", "server", "kills"), [("sqlite", "gunicorn", 3), ("sqlite", "flask", 2), ("mongo", "gunicorn", 4)]
)
def test_nothing_is_lost_repeated_or_out_of_order_whatever_fails(store: str, server: str, kills: int) -> None:
    command = [sys.executable, "-m", "tests.delivery", "--store", store, "--server", server, "--seed", "7"]
    bounds = ["--clients", "4", "--messages", "600", "--kills", str(kills), "--pause", "1.5"]
    done = subprocess.run([*command, *bounds], cwd=ROOT, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "acknowledged: 600" in done.stdout
    for name in ("lost", "edits lost", "repeated", "out of order"):
        assert f" {name}: 0" in done.stdout
