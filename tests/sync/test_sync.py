"""The client's half of the delivery promise, `sync.js`, run in Node against a model of everything around it."""

import json
import shutil
import subprocess
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent.parent
PACKAGES = ROOT / "tests" / "node" / "node_modules"
PACKAGE = ROOT / "clients" / "js"
SCHEDULES = 2000


def run(*command: str, folder: Path = FOLDER) -> str:
    """Run a program of Node's to its end; what it prints. AssertionError if it fails or if Node is missing."""
    program = shutil.which(command[0])
    assert program, f"{command[0]} is not installed: run scripts/test, or apt-get install nodejs npm"
    done = subprocess.run([program, *command[1:]], cwd=folder, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_each_story_of_what_can_go_wrong_ends_well() -> None:
    run("node", "--test", "--test-reporter=spec", "sync.test.mjs")


def test_after_quiet_every_page_equals_the_server_in_random_schedules() -> None:
    outcome = json.loads(run("node", "simulate.mjs", "--schedules", str(SCHEDULES)))
    assert outcome["schedules"] == SCHEDULES
    assert outcome["wrong"] == 0, json.dumps(outcome["examples"], indent=2)


def test_the_declared_types_are_those_of_the_code() -> None:
    compiler = PACKAGES / ".bin" / "tsc"
    assert compiler.exists(), "Node's packages are not installed: run scripts/test"
    run(str(compiler), "--project", "tsconfig.json")


def test_the_package_has_the_file_that_the_server_serves(tmp_path: Path) -> None:
    run("npm", "pack", "--silent", "--pack-destination", str(tmp_path), folder=PACKAGE)
    run(
        "npm",
        "install",
        "--silent",
        "--offline",
        "--no-package-lock",
        *map(str, tmp_path.glob("*.tgz")),
        folder=tmp_path,
    )
    installed = tmp_path / "node_modules" / "chat-sync"
    assert (installed / "sync.js").read_text() == (ROOT / "chat" / "web" / "sync.js").read_text()
    assert {path.name for path in installed.iterdir()} == {"package.json", "README.md", "sync.js", "sync.d.ts"}
    imported = "import('chat-sync').then((module) => console.log(Object.keys(module).sort().join()))"
    assert run("node", "--eval", imported, folder=tmp_path).strip() == "createSync,outbox"
