"""The ways to harm a deployment while clients use it. Each happens in rounds, and ends well: all parts run again."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tests.delivery.deployment import Deployment

LOST = 0.05  # of the answers of the database
LATE = 0.01  # of the requests to it


@dataclass(frozen=True)
class Mode:
    """What a trial needs, and what one of its rounds does for some seconds; rounds count from 0."""

    harm: Callable[[Deployment, int, float], None]
    store: Literal["sqlite", "mongo"] = "mongo"
    processes: int = 2
    bad_network: bool = True
    hostile: bool = False
    seconds: float = 0.0  # that one round's harm lasts, unless the caller says otherwise
    someone_leaves: bool = True  # so that others are rightly told that they are offline


def kill(deployment: Deployment, number: int, seconds: float) -> None:
    """Kill a server, MongoDB or Redis with SIGKILL, one after another, and start it again."""
    victim = deployment.parts[number % len(deployment.parts)]
    victim.kill()
    time.sleep(seconds)
    victim.start()


def freeze(deployment: Deployment, number: int, seconds: float) -> None:
    """Stop a server, MongoDB or Redis with SIGSTOP, one after another, and let it go on."""
    victim = deployment.parts[number % len(deployment.parts)]
    victim.pause()
    time.sleep(seconds)
    victim.resume()


def lose_redis(deployment: Deployment, _number: int, seconds: float) -> None:
    """Take Redis away, and start it again, empty."""
    assert deployment.redis
    deployment.redis.kill()
    time.sleep(seconds)
    deployment.redis.start()


def lose_answers(deployment: Deployment, _number: int, seconds: float) -> None:
    """Deliver requests to the database, and throw away some of its answers; deliver some requests late."""
    for proxy in deployment.database_proxies:
        proxy.cut, proxy.delay, proxy.lost, proxy.late, proxy.bad = 0.0, 0.0, LOST, LATE, True
    time.sleep(seconds)
    for proxy in deployment.database_proxies:
        proxy.bad = False


def spoil_disk(deployment: Deployment, number: int, seconds: float) -> None:
    """Let the disk be full, unable to sync, hung, or broken; in every third round the server is killed meanwhile."""
    assert deployment.disk
    is_killed = number % 3 == 1
    deployment.disk.fail(("full", "unsynced", "hung", "broken")[number % 4])
    time.sleep(seconds)
    if is_killed:
        deployment.servers[0].kill()
    deployment.disk.recover()
    if is_killed:
        deployment.servers[0].start()


MODES = {
    "kills": Mode(kill, processes=1),
    "cluster": Mode(kill),
    "freeze": Mode(freeze, bad_network=False, seconds=20.0),
    "redis": Mode(lose_redis, bad_network=False, seconds=70.0, someone_leaves=False),
    "answers": Mode(lose_answers, bad_network=False, seconds=5.0),
    "disk": Mode(spoil_disk, store="sqlite", processes=1, hostile=True, seconds=6.0),
}
