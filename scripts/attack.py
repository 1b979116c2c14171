"""Attacks a deployment of your own, in over 300 ways, and says which of them it withstood.

    .venv/bin/python scripts/attack.py https://chat.example.org

It needs nothing but the address. It makes accounts with random emails and deletes them in the end, stops by itself within
two minutes, and exits with 1 where an attack came through. Wrong logins from one address are limited, so leave five
minutes between two runs. Never aim it at what is not yours.

What each attack tries is in `scripts/attacks/`, to be read.
"""

import sys
import threading
import time
from collections import Counter
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.attacks import load
from scripts.attacks.checks import LeftOut
from scripts.attacks.registry import ATTACKS, Attack
from scripts.attacks.world import World

TOTAL_SECONDS = 110.0  # for all attacks; the rest of two minutes is for cleaning up
ATTACK_SECONDS = 45.0  # for one


def outcome(attack: Attack, world: World, seconds: float) -> tuple[str, str]:
    """ "ok", "left out" or "FAILED", and what came."""
    came: list[tuple[str, str]] = []
    thread = threading.Thread(target=lambda: came.append(_run(attack, world)), daemon=True)
    thread.start()
    thread.join(max(0.0, seconds))
    return came[0] if came else ("FAILED", f"nothing within {seconds:.0f} seconds")


def _run(attack: Attack, world: World) -> tuple[str, str]:
    try:
        attack.run(world)
    except LeftOut as reason:
        return "left out", str(reason)
    except Exception as error:  # whatever goes wrong, the attack did not end as expected
        return "FAILED", " ".join(f"{error or type(error).__name__}".split())[:400]
    return "ok", ""


@click.command()
@click.argument("base_url", required=False)
@click.option("--list", "only_list", is_flag=True, help="Say what would be tried, and try nothing.")
@click.option("--only", help="One group of attacks alone, such as images, or those with these words in their name.")
@click.option("--no-limits", is_flag=True, help="Leave out what needs limits: for a server with RATE_LIMITS=off.")
@click.option("--seconds", default=TOTAL_SECONDS, show_default=True, help="For all attacks together.")
@click.option(
    "--jwt-secret",
    envvar="ATTACK_JWT_SECRET",
    show_envvar=True,
    help="The server's own secret, for attacks by somebody who stole it; they are left out without it.",
)
def main(
    base_url: str | None, only_list: bool, only: str | None, no_limits: bool, seconds: float, jwt_secret: str | None
) -> None:
    """Attack the deployment at BASE_URL, which has to be yours."""
    load()
    chosen = [attack for attack in ATTACKS if only in (None, attack.group) or only in attack.name]
    if only_list:
        for attack in chosen:
            click.echo(f"{attack.group:<10} {attack.name}: {attack.expected}")
        return
    if base_url is None:
        raise click.UsageError("say which deployment of yours to attack, such as http://localhost:3000")
    have = {"": True, "limits": not no_limits, "secret": jwt_secret is not None}
    world, counts = World(base_url, jwt_secret), Counter[str]()
    end = time.monotonic() + seconds
    for attack in (attack for attack in chosen if have[attack.needs]):
        result, came = outcome(attack, world, min(ATTACK_SECONDS, end - time.monotonic()))
        counts[result] += 1
        came = f" (expected: {attack.expected}; came: {came})" if result == "FAILED" else came and f" ({came})"
        click.echo(f"{result:<8}  {attack.group:<10} {attack.name}{came}")
    for email in world.clean_up():
        click.echo(
            f"The account {email} could not be deleted (a login that is locked cannot); nobody has its password."
        )
    left_out = counts["left out"] + len(chosen) - counts.total()
    click.echo(f"{counts['ok']} attacks withstood, {counts['FAILED']} not, {left_out} left out.")
    sys.exit(1 if counts["FAILED"] or not counts["ok"] else 0)


if __name__ == "__main__":
    main()
