"""Whether this process is the only one that serves from a folder.

The lock belongs to an open file, so the system releases it when the process ends, however it ends.
"""

import fcntl
import logging
import os
import time
from pathlib import Path

log = logging.getLogger(__name__)

OVERLAP_SECONDS = (
    5.0  # for which a process that is being replaced may still be there, before it is worth a line in the log
)


class Sole:
    """A claim to a folder, which is made when it is first asked about and ends with the process."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "server.lock"
        self._file: int | None = None
        self._held = False
        self._refused_at: float | None = None
        self._told = False

    def holds(self) -> bool:
        """Whether no other process serves from the folder; if one does, the log says so."""
        if not self._held:
            self._held = self._try()
            if not self._held:
                self._tell()
        return self._held

    def _try(self) -> bool:
        try:
            if self._file is None:
                self._file = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:  # a file system without locks, or a disk that is full: that says nothing about others
            log.warning("could not find out whether another process serves from %s: %s", self._path.parent, error)
        return True

    def _tell(self) -> None:
        if self._refused_at is None:
            self._refused_at = time.monotonic()
        if not self._told and time.monotonic() - self._refused_at >= OVERLAP_SECONDS:
            self._told = True
            log.critical(
                "another process serves from %s: without REDIS_URL, messages and presence don't cross between processes. "
                "Run one process, or set REDIS_URL for all of them",
                self._path.parent,
            )

    def __del__(self) -> None:
        if self._file is not None:
            os.close(self._file)
