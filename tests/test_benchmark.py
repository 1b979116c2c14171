"""The benchmark runs, measures all that its table shows, and its ratios say who is ahead. No speed is asserted."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.backends import PAIRS, ours_on
from benchmarks.report import ROWS, Figures, table, write
from tests.services import ROOT

SQLITE = PAIRS[0]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_quick_run_measures_each_row_on_each_backend() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--json"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    figures = {(step, figure, backend): values for step, figure, backend, values in json.loads(done.stdout)}
    for pair in PAIRS:
        for row in ROWS:
            for backend in (ours_on(pair), pair.peer):
                if row.step not in pair.lacks:
                    assert all(map(math.isfinite, figures[row.step, row.figure, backend]))
    assert figures["idle", "held", ours_on(SQLITE)] == [30]


def _table(ours: list[float], peer: list[float], step: str, figure: str) -> str:
    figures: Figures = {(step, figure, ours_on(SQLITE)): ours, (step, figure, SQLITE.peer): peer}
    return table(figures, [SQLITE], [step], {"users": 120})


def test_more_a_second_is_ahead() -> None:
    row = "| sidebar, 120 users | a second | 300 | 100 | **3.0×** |"
    assert row in _table([300], [100], "sidebar", "rate")


def test_fewer_milliseconds_are_ahead() -> None:
    assert "| 40.0 | 20.0 | 0.50× |" in _table([40], [20], "check_during_logins", "p99")


def test_rounds_count_by_their_median() -> None:
    assert "| 3.00 | 1.00 | **3.0×** |" in _table([1, 3, 50], [1, 1, 1], "sidebar", "rate")


def test_a_measurement_that_failed_has_no_ratio() -> None:
    assert "| failed | 20.0 | failed |" in _table([], [20], "sidebar", "rate")


def test_the_table_replaces_what_is_between_the_markers(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- benchmark -->\nold\n<!-- /benchmark -->\nafter\n")
    write("new", page)
    assert page.read_text() == "before\n<!-- benchmark -->\nnew\n<!-- /benchmark -->\nafter\n"


def test_a_page_without_markers_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("text")
    with pytest.raises(ValueError, match="no markers"):
        write("new", page)
    assert page.read_text() == "text"
