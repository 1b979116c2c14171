"""`scripts/seed.py`: demo users and conversations, the same after a second run."""

import os
import subprocess
import sys
from typing import Any

from chat.config import Config
from tests.clients.wsgi import in_process
from tests.conftest import MakeApp
from tests.services import ROOT


def _found(make_app: MakeApp) -> tuple[list[dict[str, Any]], list[int]]:
    """The users that there are, and the last revs of Ann's conversations."""
    ann = in_process(make_app()).newcomer("Ann", "ann@example.org", "password123").log_in()
    changes = ann.call("POST", "/api/messages/sync", {"cursors": {}})["conversations"]
    return [ann.user, *ann.call("GET", "/api/messages/users")], sorted(change["upTo"] for change in changes)


def test_running_it_twice_creates_a_dozen_users_with_pictures_once(config: Config, make_app: MakeApp) -> None:
    settings = {**os.environ, "DATA_DIR": str(config.data_dir), "MONGO_URL": config.mongo_url or ""}
    for _ in range(2):
        subprocess.run([sys.executable, "scripts/seed.py"], cwd=ROOT, env=settings, check=True, capture_output=True)
        users, revs = _found(make_app)
        assert len(users) == 12
        assert all(user["profilePic"] for user in users)
        assert revs == [1, 3, 3, 4, 5]
