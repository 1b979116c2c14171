"""What the figures mean, and the table that they become."""

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.backends import Pair, ours_on

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"

# The figures of all rounds, by step, name of the figure, and backend.
Figures = dict[tuple[str, str, str], list[float]]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table: one figure of one step. In ``work``, names in braces are sizes of the plan.

    All rounds count by their median; for memory by the largest, because a later round reuses what an earlier one freed.
    """

    step: str
    figure: str
    work: str
    unit: str
    more_is_better: bool = False
    of_rounds: Callable[[Iterable[float]], float] = statistics.median


ROWS = (
    Row("signup", "rate", "signups", "a second", more_is_better=True),
    Row("login", "rate", "logins", "a second", more_is_better=True),
    Row("check_during_logins", "p99", "`check` while 8 people log in", "p99, ms"),
    Row("check", "rate", "`check`, 16 at a time", "a second", more_is_better=True),
    Row("check", "p99", "", "p99, ms"),
    Row("sidebar", "rate", "sidebar, {users} users", "a second", more_is_better=True),
    Row("history", "rate", "history of {history} messages", "a second", more_is_better=True),
    Row("history", "p99", "", "p99, ms"),
    Row("http_send", "rate", "HTTP sends, stored and pushed", "a second", more_is_better=True),
    Row("http_send", "p50", "delivery of these", "p50, ms"),
    Row("http_send", "p99", "", "p99, ms"),
    Row("socket_send", "rate", "sends over one socket, acknowledged", "a second", more_is_better=True),
    Row("socket_send", "p50", "", "p50, ms"),
    Row("socket_send", "p99", "", "p99, ms"),
    Row("room", "rate", "room of {room}: deliveries", "a second", more_is_better=True),
    Row("connect", "rate", "{sockets} sockets connect", "a second", more_is_better=True),
    Row("connect", "cpu", "CPU of a connect", "ms"),
    Row("connect", "kb", "presence sent to each", "KB"),
    Row("socket_memory", "kb", "memory of a socket, of {resting:,}", "KB", of_rounds=max),
    Row("idle", "held", "{idle:,} idle sockets", "still open", more_is_better=True),
    Row("idle", "mb", "memory with these", "MB"),
    Row("idle", "p99", "`check` beside these", "p99, ms"),
)
STEPS = tuple(dict.fromkeys(row.step for row in ROWS))


def table(figures: Figures, pairs: Sequence[Pair], steps: Sequence[str], plan: Mapping[str, Any]) -> str:
    """The Markdown table of these steps: for each pair our figure, the peer's, and the ratio; above 1 we are ahead."""
    heads = [head for pair in pairs for head in (ours_on(pair), pair.peer, "ratio")]
    lines = [f"| | | {' | '.join(heads)} |", f"|-|-|{'-:|' * len(heads)}"]
    for row in ROWS:
        if row.step in steps:
            cells = [cell for pair in pairs for cell in _compare(row, figures, pair)]
            lines.append(f"| {row.work.format(**plan)} | {row.unit} | {' | '.join(cells)} |")
    return "\n".join(lines)


def write(content: str, page: Path = PAGE, section: str = "benchmark") -> None:
    """Put the content between the markers of that section of the page."""
    begin, end = f"<!-- {section} -->", f"<!-- /{section} -->"
    before, begun, rest = page.read_text().partition(begin)
    _, ended, after = rest.partition(end)
    if not (begun and ended):
        raise ValueError(f"{page} has no markers {begin} and {end}")
    page.write_text(f"{before}{begin}\n{content}\n{end}{after}")


def _compare(row: Row, figures: Figures, pair: Pair) -> tuple[str, str, str]:
    if row.step in pair.lacks:
        return "–", "–", "–"
    values = [figures.get((row.step, row.figure, name)) for name in (ours_on(pair), pair.peer)]
    ours, peer = [row.of_rounds(rounds) if rounds else None for rounds in values]
    if ours is None or peer is None:
        return _number(ours), _number(peer), "failed"
    better, worse = (ours, peer) if row.more_is_better else (peer, ours)
    if min(ours, peer) <= 0:  # memory that has shrunk says nothing
        return _number(ours), _number(peer), "–"
    ratio = better / worse
    shown = f"{ratio:.0f}×" if ratio >= 10 else f"{ratio:.1f}×" if ratio >= 2 else f"{ratio:.2f}×"
    return _number(ours), _number(peer), f"**{shown}**" if ratio >= 1 else shown


def _number(value: float | None) -> str:
    """Three digits: 12,345, 321, 43.2, 5.43."""
    if value is None:
        return "failed"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
