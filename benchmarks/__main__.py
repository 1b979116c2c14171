"""Start our server and its peers, load them in turn, print the table and write it into docs/performance.md.

A ratio above 1 means that this project is ahead. The machine should do nothing else meanwhile. A full run takes about
twenty minutes.
"""

import json
import os
import platform
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from benchmarks.backends import FOLDER, PAIRS, install, node, running
from benchmarks.report import STEPS, Figures, table, write

# How much of everything; --quick only shows that it works.
FULL = {
    "rounds": 5,
    "seconds": 3,  # of each measurement
    "users": 120,
    "logins": 32,
    "history": 200,  # messages
    "room": 100,  # members
    "sockets": 300,  # that connect at once
    "resting": 1000,  # sockets whose memory is measured
    "idle": 10_000,
    "hold": 40,  # seconds: longer than the 25 s between two pings
    "settle": 1.5,  # seconds after many sockets came or went
}
QUICK = {
    **{"rounds": 1, "seconds": 0.3, "users": 14, "logins": 8, "history": 5, "room": 6},
    **{"sockets": 10, "resting": 20, "idle": 30, "hold": 0.5, "settle": 0.1},
}
ONCE = ("idle",)  # not in each round


@click.command(help=__doc__)
@click.option("--rounds", type=click.IntRange(1), help="How many rounds; 5 by default.")
@click.option("--only", multiple=True, type=click.Choice(STEPS), help="Measure only this step; may be repeated.")
@click.option("--store", type=click.Choice(["sqlite", "mongo"]), help="Compare on one store only.")
@click.option("--plain", is_flag=True, help="Offer no permessage-deflate; browsers do.")
@click.option("--quick", is_flag=True, help="A few seconds, to see that it works; the figures mean nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures of all rounds as JSON in place of the table.")
@click.option("--write/--no-write", "save", default=None, help="Write docs/performance.md; a full run does.")
def main(
    rounds: int | None,
    only: tuple[str, ...],
    store: str | None,
    plain: bool,
    quick: bool,
    as_json: bool,
    save: bool | None,
) -> None:
    install()
    pairs = tuple(pair for pair in PAIRS if store is None or pair.store.lower().startswith(store))
    steps = tuple(step for step in STEPS if step in only or not only)
    plan: dict[str, Any] = {**(QUICK if quick else FULL), **({"rounds": rounds} if rounds else {})}
    # The signups make the users of all other steps.
    plan |= {"steps": tuple(dict.fromkeys(("signup", *steps))), "once": ONCE, "deflate": not plain}
    figures: Figures = {}
    errors = []
    with running(pairs) as backends:
        plan["backends"] = backends
        lines = load(plan)
        with click.progressbar(lines, length=measurements(plan), file=sys.stderr, item_show_func=label) as bar:
            for line in bar:
                if "error" in line:
                    errors.append(f"{line['backend']}, {line['step']}: {line['error']}")
                for name, value in line.get("figures", {}).items():
                    figures.setdefault((line["step"], name, line["backend"]), []).append(value)
    text = f"{provenance(plan)}\n\n{table(figures, pairs, steps, plan)}"
    click.echo(json.dumps([[*key, values] for key, values in figures.items()]) if as_json else text)
    if save or (save is None and not errors and not quick and not only and not store):
        write(text)
    if errors:
        raise SystemExit("\n".join(["These failed:", *errors]))


def load(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Run the load in Node, and give its lines as they come."""
    command = [node(), str(FOLDER / "load" / "main.mjs")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(plan))
            process.stdin.close()
            for line in process.stdout:
                yield json.loads(line)
        finally:
            process.terminate()


def measurements(plan: dict[str, Any]) -> int:
    """How many lines the load will print."""
    return sum(
        1 if step in plan["once"] else plan["rounds"]
        for step in plan["steps"]
        for backend in plan["backends"]
        if step not in backend["lacks"]
    )


def label(line: dict[str, Any] | None) -> str | None:
    """What the progress bar says beside itself."""
    return f"{line['step']} {line['backend']}" if line else None


def provenance(plan: dict[str, Any]) -> str:
    """Where the figures come from, in a sentence."""
    rounds = "1 round" if plan["rounds"] == 1 else f"medians of {plan['rounds']} rounds"
    project = tomllib.loads((FOLDER.parent / "pyproject.toml").read_text())["project"]
    node_version = subprocess.run([node(), "--version"], capture_output=True, text=True, check=True).stdout.strip("v\n")
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, version {project['version']}: {os.cpu_count()} cores ({processor()}), "
        f"Python {platform.python_version()}, gunicorn {version('gunicorn')}, Node {node_version}; "
        f"{rounds}, {plan['seconds']} s for each measurement."
    )


def processor() -> str:
    """The name of the processor."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


if __name__ == "__main__":
    main()
