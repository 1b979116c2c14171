"""Proves, or disproves, that no message is lost, repeated or out of order, while everything that can fail does.

    scripts/prove_delivery --mode cluster --rounds 40
    scripts/prove_delivery --url https://chat.example.org      a deployment of your own

Many clients send, edit and read, in a room of all and from each to the next, over sockets and HTTP, at any process, through
a network that cuts connections, holds data back and repeats requests. They ignore some answers and send again. Meanwhile
parts of the deployment are harmed, round after round; a mode says how. Then all is well again, and every client has to end
with what the server has, by what it does anyway. With --url nothing is harmed: it is not ours.

It makes accounts and a room of its own, and ends by itself.
"""

import signal
import sys
import time
from collections import Counter

import click

from tests.delivery.deployment import Deployment
from tests.delivery.history import WRONG
from tests.delivery.modes import MODES, Mode
from tests.delivery.trial import Trial


def prove(
    deployment: Deployment,
    mode: Mode | None,
    *,
    clients: int = 6,
    messages: int = 1200,
    rounds: int = 6,
    seconds: float | None = None,
    pause: float = 3.0,
    seed: int = 1,
) -> tuple[Counter[str], list[str]]:
    """Hold a trial: what became of the messages, and what else went wrong."""
    trial = Trial(deployment.urls, clients, seed)

    def harm() -> None:
        for number in range(rounds if mode else 0):
            time.sleep(pause)
            assert mode
            mode.harm(deployment, number, mode.seconds if seconds is None else seconds)
        time.sleep(pause)

    deployment.make_network(bad=mode is None or mode.bad_network)
    with click.progressbar(length=messages, label="Sending") as bar:
        trial.run(messages, harm, lambda: bar.update(1))
    deployment.make_network(bad=False)
    trial.settle()
    counts = trial.report()
    trial.close()
    counts["rounds"] = rounds if mode else 0
    counts["connections cut"] = sum(proxy.cuts for proxy in deployment.proxies)
    counts["requests repeated"] = sum(proxy.repeats for proxy in deployment.proxies)
    counts["database answers lost"] = sum(proxy.losses for proxy in deployment.database_proxies)
    counts["database requests late"] = sum(proxy.delays for proxy in deployment.database_proxies)
    failures = [*trial.failures, *(f"{name}: {counts[name]}" for name in WRONG if counts[name])]
    if mode and not mode.someone_leaves and counts["told offline"]:
        failures.append(f"users were shown as offline while they were connected: {counts['told offline']} times")
    return counts, failures


@click.command(help=(__doc__ or "").split("\n")[0])
@click.option("--url", help="A running deployment of your own; nothing is harmed.")
@click.option(
    "--mode", type=click.Choice(list(MODES)), default="kills", show_default=True, help="What is harmed, and how."
)
@click.option(
    "--store", type=click.Choice(["sqlite", "mongo"]), help="For the mode kills: sqlite unless you say mongo."
)
@click.option("--server", "kind", type=click.Choice(["flask", "gunicorn"]), default="gunicorn", show_default=True)
@click.option("--clients", default=6, show_default=True)
@click.option(
    "--messages", default=1200, show_default=True, help="At least; clients write until the last round is over."
)
@click.option("--rounds", default=6, show_default=True, help="How often something is harmed.")
@click.option("--seconds", type=float, help="How long each round's harm lasts; the default depends on the mode.")
@click.option("--pause", default=3.0, show_default=True, help="Seconds before each round.")
@click.option("--seed", default=1, show_default=True, help="The same seed has the same bad luck.")
def main(
    url: str | None,
    mode: str,
    store: str | None,
    kind: str,
    clients: int,
    messages: int,
    rounds: int,
    seconds: float | None,
    pause: float,
    seed: int,
) -> None:
    """Hold a trial and print what became of the messages; exits with 1 if anything is wrong."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended before its time"))  # so that what it started ends too
    chosen = MODES[mode]
    database = (store or "sqlite") if mode == "kills" else chosen.store
    with Deployment(database, kind, chosen.processes, seed=seed, hostile=chosen.hostile, url=url) as deployment:
        counts, failures = prove(
            deployment,
            None if url else chosen,
            clients=clients,
            messages=messages,
            rounds=rounds,
            seconds=seconds,
            pause=pause,
            seed=seed,
        )
    for name, count in counts.items():
        if count or name in WRONG:
            click.echo(f"{name:>24}: {count}")
    for failure in failures:
        click.echo(failure, err=True)
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
