"""`scripts/seed.py`: demo users and conversations, the same after a second run."""

import os
import subprocess
import sys

from chat.config import Config
from chat.store import open_store
from tests.services import ROOT


def test_running_it_twice_makes_a_dozen_users_with_pictures_once(config: Config) -> None:
    settings = {**os.environ, "DATA_DIR": str(config.data_dir), "MONGO_URL": config.mongo_url or ""}
    store = open_store(config.mongo_url, config.data_dir)
    counts = []
    for _ in range(2):
        subprocess.run([sys.executable, "scripts/seed.py"], cwd=ROOT, env=settings, check=True, capture_output=True)
        users = store.list_users()
        ann = store.find_user_by_email("ann@example.org")
        assert ann is not None
        summaries = store.summarize(ann.id, store.conversations_of(ann.id))
        revs = sorted(summary.rev for summary in summaries.values())
        counts.append((len(users), revs))
        assert all(user.profile_pic for user in users)
    assert counts == [(12, [1, 3, 3, 4, 5])] * 2
    store.close()
