"""The commands of a server's owner, on both stores; one of them beside a server that runs."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from chat.config import Config
from chat.models.audit import Entry
from chat.models.user import User
from tests.clients.http import Person, Site
from tests.clients.sockets import Socket, wait_until
from tests.services import ROOT

Run = Callable[..., Result]
SignUp = Callable[[str], Person]


@pytest.fixture
def run(app: Flask) -> Run:
    """Run a command, with what is typed: ``run("user", "list")``."""
    return lambda *words, typed="": app.test_cli_runner().invoke(args=words, input=typed)


def _listed(run: Run, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run(*words, "--json").stdout)
    return found


def _log(app: Flask) -> list[Entry]:
    entries: list[Entry] = app.extensions["chat"].store.audit.page(None, 100)
    return entries


def test_the_first_admin_is_made_on_the_command_line(run: Run, site: Site, app: Flask) -> None:
    result = run("user", "create", "Ann@example.org", "--name", "Ann", "--admin", typed="opensesame\nopensesame\n")
    assert result.exit_code == 0, result.output
    assert "opensesame" not in result.output
    ann = site.newcomer("Ann", "ann@example.org", "opensesame").log_in()
    assert ann.user["admin"] is True
    (entry,) = _log(app)
    assert (entry.action, entry.actor_id, entry.user_id) == ("user_created", None, ann.id)
    assert entry.actor.endswith("on the command line")


def test_a_generated_password_is_printed_and_works(run: Run, site: Site) -> None:
    output = run("user", "create", "ann@example.org", "--name", "Ann", "--generate").stdout
    password = output.partition("Password: ")[2].strip()
    site.newcomer("Ann", "ann@example.org", password).log_in()


@pytest.mark.parametrize("email", ["nonsense", "a b@example.org"])
def test_an_account_that_cannot_be_is_refused_in_one_line(run: Run, email: str) -> None:
    result = run("user", "create", email, "--name", "Ann", "--generate")
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", "Error: this is not an email address\n")


def test_a_password_is_no_argument(run: Run) -> None:
    assert run("user", "set-password", "ann@example.org", "secret").exit_code == 2
    assert run("user", "create", "ann@example.org", "--name", "Ann", "--password", "secret").exit_code == 2


def test_a_new_password_logs_out_everywhere(run: Run, sign_up: SignUp) -> None:
    ann = sign_up("Ann")
    assert run("user", "set-password", ann.email, typed="opensesame\nopensesame\n").exit_code == 0
    assert ann.ask("GET", "/api/auth/check").status_code == 401
    ann.password = "opensesame"
    ann.log_in()


def test_accounts_are_listed_as_a_table_or_as_json(run: Run, sign_up: SignUp) -> None:
    ann, bob = sign_up("Ann"), sign_up("Bob")
    heading, *lines = run("user", "list").stdout.splitlines()
    assert heading.split() == ["Id", "Email", "Name", "Admin", "Deactivated"]
    assert [line.split() for line in lines] == [[bob.id, bob.email, "Bob"], [ann.id, ann.email, "Ann"]]
    assert [user["_id"] for user in _listed(run, "user", "list", "--search", "ann")] == [ann.id]
    assert _listed(run, "user", "show", ann.email.upper()) == _listed(run, "user", "show", ann.id)


def test_a_name_cannot_write_to_the_terminal(run: Run, app: Flask) -> None:
    app.extensions["chat"].store.users.add(User(email="a@b.c", full_name="\x1b[2Jgone", password_hash="-"))
    assert "\x1b" not in run("user", "list").stdout


def test_rights_are_given_and_taken(run: Run, sign_up: SignUp) -> None:
    ann = sign_up("Ann")
    for command, admin in (("make-admin", True), ("remove-admin", False)):
        assert run("user", command, ann.email).exit_code == 0
        assert [user["admin"] for user in _listed(run, "user", "show", ann.id)] == [admin]
    for command, status in (("deactivate", 403), ("reactivate", 200)):
        assert run("user", command, ann.email, "--reason", "spam").exit_code == 0
        login = {"email": ann.email, "password": ann.password}
        assert ann.http.post("/api/auth/login", login).status_code == status
    assert run("user", "log-out", ann.email).exit_code == 0
    assert ann.ask("GET", "/api/auth/check").status_code == 401


def test_deleting_asks_first(run: Run, sign_up: SignUp, app: Flask) -> None:
    ann = sign_up("Ann")
    room = sign_up("Bob").create_room("Plans", ann)["_id"]
    for words in (("user", "delete", ann.email), ("room", "delete", room)):
        assert run(*words, typed="n\n").exit_code == 1
        assert _log(app) == []
    assert [found["memberCount"] for found in _listed(run, "room", "list")] == [2]
    assert run("user", "delete", ann.email, "--yes").exit_code == 0
    assert run("room", "delete", room, "--yes").exit_code == 0
    assert _listed(run, "room", "list") == []
    assert [user["fullName"] for user in _listed(run, "user", "list")] == ["Bob"]


@pytest.mark.parametrize("who", ["ann@example.org", "a" * 24])
def test_an_unknown_user_is_an_error_in_one_line(run: Run, who: str) -> None:
    result = run("user", "show", who)
    assert (result.exit_code, result.stderr) == (1, f"Error: no user has the email or id {who}\n")


def test_a_running_server_closes_the_sockets_of_a_user_whom_a_command_deactivates(
    sign_up: SignUp, connect: Callable[..., Socket], config: Config
) -> None:
    ann = sign_up("Ann")
    socket = connect(ann)
    env = {**os.environ, "DATA_DIR": str(config.data_dir), "MONGO_URL": config.mongo_url or "", "BCRYPT_COST": "4"}
    command = [sys.executable, "-m", "flask", "user", "deactivate", ann.email]
    subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True)
    socket.wait_for("sessionRevoked")
    wait_until(lambda: not socket.connected, seconds=3)
