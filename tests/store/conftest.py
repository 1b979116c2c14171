"""Fixtures: a place for a store of each kind, which several stores can share as several processes do."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from chat.models.user import User
from chat.store import Store, open_store

OpenStore = Callable[[], Store]


@pytest.fixture(params=["sqlite", "mongo"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str | None, Path]:
    """The arguments of `open_store` for an empty store."""
    if request.param == "sqlite":
        return None, tmp_path
    return f"{request.getfixturevalue('mongo')}/chat_{uuid.uuid4().hex}", tmp_path


@pytest.fixture
def another(place: tuple[str | None, Path]) -> Iterator[OpenStore]:
    """Open one more store at that place."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(open_store(*place)))


@pytest.fixture
def store(another: OpenStore) -> Store:
    """An empty store."""
    return another()


@pytest.fixture
def people(store: Store) -> list[User]:
    """Ann, Bob and Carl, who have accounts."""
    users = [add_user(store, name) for name in ("Ann", "Bob", "Carl")]
    return users


def add_user(store: Store, name: str) -> User:
    """Store a user whose password hash is ``hash``."""
    user = User(email=f"{name.lower()}-{uuid.uuid4().hex}@example.org", full_name=name, password_hash="hash")
    assert store.users.add(user)
    return user
