"""`flask doctor`: looks for what is wrong with a deployment, and says which line to change."""

import sys
from collections.abc import Iterator

import click
from flask.cli import with_appcontext

from chat.cli import inspections, proxy
from chat.cli.findings import Finding, Level
from chat.current import config

_MARKS = {Level.OK: ("ok  ", "green"), Level.WARNING: ("warn", "yellow"), Level.FAILURE: ("FAIL", "red")}


@click.command()
@click.option("--url", help="The address that browsers use; by default PUBLIC_URL.")
@with_appcontext
def doctor(url: str | None) -> None:
    """Check the settings, the disk, the database and, through the proxy, the running server.

    The exit code is 1 if something has to be changed. Warnings are for you to judge.
    """
    counts = dict.fromkeys(Level, 0)
    for finding in _findings((url or config.public_url).rstrip("/")):
        counts[finding.level] += 1
        mark, color = _MARKS[finding.level]
        click.echo(f"{click.style(mark, fg=color)}  {finding.text}")
        if finding.advice:
            click.echo(f"      {finding.advice}")
    click.echo(f"\n{counts[Level.FAILURE]} to change, {counts[Level.WARNING]} to judge, {counts[Level.OK]} in order.")
    sys.exit(1 if counts[Level.FAILURE] else 0)


def _findings(url: str) -> Iterator[Finding]:
    for inspect in inspections.ALL:
        yield from inspect()
    if url:
        yield from proxy.inspect(url)
    else:
        advice = "Set PUBLIC_URL, or run: flask doctor --url https://chat.example.org"
        yield Finding(Level.WARNING, "The running server was not checked: its address isn't known.", advice)
