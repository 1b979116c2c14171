"""A progress bar on the terminal, for what takes long."""

import sys
from contextlib import AbstractContextManager
from typing import Any

from click.termui import progressbar


def progress_bar(label: str, length: int, *, hidden: bool) -> AbstractContextManager[Any]:
    """A progress bar on standard error; ``update(n)`` moves it on by n. A hidden one shows nothing."""
    return progressbar(length=length, label=label, hidden=hidden, file=sys.stderr)
