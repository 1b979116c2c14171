"""Fixtures of the attacks: the deployment that ``--base-url`` names, or servers of their own, one on each store.

Nothing here, and nothing that it uses, imports the chat.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attacks.routes import Household
from tests.attacks.target import Target
from tests.clients.http import Person
from tests.services import ChatServer

SECRET = "only-for-these-attacks-" + "x" * 32
SERVERS = {"sqlite": "flask", "mongo": "gunicorn"}
WORKERS = {"gevent": "gevent", "threads": "threads"}  # which only what concerns the front door attacks as well
HERE = Path(__file__).parent
# What floods and guesses, and what looks back on all.
LAST = [HERE / f"test_{name}.py" for name in ("limits", "floods", "guessing", "afterwards")]


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("attacks")
    group.addoption("--base-url", help="attack this deployment, which has to be yours")
    group.addoption("--jwt-secret", help="its JWT_SECRET, for attacks by someone who stole it; skipped without it")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "deployment" in metafunc.fixturenames:
        url = metafunc.config.getoption("base_url", None)
        names = [*SERVERS, *(WORKERS if metafunc.module.__name__.endswith("test_door") else ())]
        servers = [pytest.param(name, marks=pytest.mark.xdist_group(f"attacks-{name}")) for name in names]
        metafunc.parametrize("deployment", [url] if url else servers, indirect=True, scope="session")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LAST.index(item.path) if item.path in LAST else -1)


@pytest.fixture(scope="session")
def deployment(request: pytest.FixtureRequest) -> Iterator[tuple[str, str | None]]:
    """The address of the server under attack, and its secret if it is known."""
    if url := request.config.getoption("base_url", None):
        yield url, request.config.getoption("jwt_secret") or os.environ.get("ATTACK_JWT_SECRET")
        return
    kind = {**SERVERS, **WORKERS}[request.param]
    settings = {"MONGO_URL": f"{request.getfixturevalue('mongo')}/attacked"} if request.param == "mongo" else {}
    with ChatServer(kind, JWT_SECRET=SECRET, BCRYPT_COST="10", **settings) as server:
        yield server.url, SECRET
        log = server.log()
    assert "unexpected failure" not in log
    assert "chat/controllers" not in log


@pytest.fixture(scope="session")
def target(deployment: tuple[str, str | None], request: pytest.FixtureRequest) -> Iterator[Target]:
    """The deployment under attack."""
    target = Target(*deployment)
    yield target
    report = request.config.pluginmanager.getplugin("terminalreporter")
    for email in target.clean_up():
        if report:
            report.write_line(f"The account {email} could not be deleted; no one has its password.")


@pytest.fixture(scope="session")
def secret(target: Target) -> str:
    """The deployment's own secret, which was stolen."""
    if target.secret is None:
        pytest.skip("needs --jwt-secret")
    return target.secret


@pytest.fixture(scope="session")
def household(target: Target) -> Household:
    """A user with one of everything."""
    return Household(target)


@pytest.fixture(scope="session")
def photographer(target: Target) -> Person:
    """A user who sends images: how many a minute is limited for each user."""
    return target.person("Pia")
