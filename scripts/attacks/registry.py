"""The list of attacks. A decorator puts a function on it, under a sentence that says what an attacker tries."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from scripts.attacks.world import World

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack: ``run`` raises where something else comes than what is ``expected``.

    ``needs`` is what it cannot do without: "limits" (a server that has them on), or "secret" (the server's own).
    """

    group: str
    name: str
    expected: str
    run: Callable[[World], None]
    needs: str


ATTACKS: list[Attack] = []


def attack(name: str, expected: str, needs: str = "") -> Callable[[Callable[[World], None]], Callable[[World], None]]:
    """Put a function on the list; its module names the group."""

    def register(run: Callable[[World], None]) -> Callable[[World], None]:
        ATTACKS.append(Attack(run.__module__.rpartition(".")[2], name, expected, run, needs))
        return run

    return register


def attacks(
    name: str, expected: str, cases: Mapping[str, T], needs: str = ""
) -> Callable[[Callable[[World, T], None]], Callable[[World, T], None]]:
    """Put a function on the list once for each case; ``{}`` in the name stands for the case's."""

    def register(run: Callable[[World, T], None]) -> Callable[[World, T], None]:
        group = run.__module__.rpartition(".")[2]
        for case, value in cases.items():
            ATTACKS.append(Attack(group, name.format(case), expected, partial(_call, run, value), needs))
        return run

    return register


def _call(run: Callable[[World, T], None], value: T, world: World) -> None:
    run(world, value)
