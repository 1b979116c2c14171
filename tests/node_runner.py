"""Runs the Node programs of `tests/node`."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent / "node"


def node(program: str, *arguments: str, **environment: str) -> Any:
    """Run a program of `tests/node` to its end, and return the JSON that it prints. AssertionError where it fails."""
    executable = shutil.which("node")
    assert executable, "Node is not installed: run scripts/test, or apt-get install nodejs npm"
    assert (FOLDER / "node_modules").is_dir(), "Node's packages are not installed: run scripts/test"
    done = subprocess.run(
        [executable, program, *arguments],
        cwd=FOLDER,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
