"""Looking back on all answers of the run: none may have held what stays inside, or been a breakdown."""

import re

from scripts.attacks.checks import LeftOut, same, that
from scripts.attacks.registry import attack
from scripts.attacks.world import World


@attack("reads every answer of this run for password hashes and inner fields", "none")
def hashes(world: World) -> None:
    same(world.watch.hashes, [])


@attack("reads every answer of this run for tracebacks and names of libraries", "none")
def insides(world: World) -> None:
    same(world.watch.insides, [])


@attack("has the server break down: a 500 to any request of this run", "none")
def breakdowns(world: World) -> None:
    same(world.watch.breakdowns, [])


@attack("learns the versions of the server's software from its answers", "at most a plain name")
def versions(world: World) -> None:
    versions = world.watch.versions
    if any(version.startswith("Werkzeug") for version in versions):
        raise LeftOut("this is the development server, which is not for others")
    that(not any(re.search(r"\d", version) for version in versions), versions)


@attack("leaves the server broken behind them", "everybody is served as ever")
def alive(world: World) -> None:
    with world.bob.socket() as socket:
        same(socket.ask("typing", {"to": world.ann.id}), {"ok": True})
    world.ann.send(world.bob, "still here")
    same(world.bob.texts_with(world.ann)[-1], "still here")
    same(world.ask("GET", "/readyz").status_code, 200)
