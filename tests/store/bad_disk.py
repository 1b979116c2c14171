"""A disk that fails: the system calls that SQLite writes with fail when a test says so.

SQLite lets tests replace its system calls (``xSetSystemCall`` of a VFS). The replacement holds for the whole process.
"""

import _sqlite3
import contextlib
import ctypes
from collections.abc import Callable, Iterator
from typing import Any

WRITES = {
    "pwrite64": (ctypes.c_ssize_t, ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int64),
    "write": (ctypes.c_ssize_t, ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t),
    "ftruncate": (ctypes.c_int, ctypes.c_int, ctypes.c_int64),
}
_SET_SYSTEM_CALL = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)


class _Vfs(ctypes.Structure):
    """The fields of ``sqlite3_vfs`` up to the one that is needed (sqlite3.h)."""

    _fields_ = [
        *((name, ctypes.c_int) for name in ("iVersion", "szOsFile", "mxPathname")),
        *((name, ctypes.c_void_p) for name in ("pNext", "zName", "pAppData")),
        *((name, ctypes.c_void_p) for name in ("xOpen", "xDelete", "xAccess", "xFullPathname")),
        *((name, ctypes.c_void_p) for name in ("xDlOpen", "xDlError", "xDlSym", "xDlClose")),
        *((name, ctypes.c_void_p) for name in ("xRandomness", "xSleep", "xCurrentTime", "xGetLastError")),
        ("xCurrentTimeInt64", ctypes.c_void_p),
        ("xSetSystemCall", _SET_SYSTEM_CALL),
    ]


class Disk:
    """Counts the writes; the one with the number ``fails_at``, and with ``lasting`` all after it, fail with ``errno``."""

    def __init__(self) -> None:
        self.writes = 0
        self.fails_at = 0
        self.errno = 0
        self.lasting = False

    def arm(self, fails_at: int, errno: int, *, lasting: bool) -> None:
        """Fail from now on at that write."""
        self.writes, self.fails_at, self.errno, self.lasting = 0, fails_at, errno, lasting

    def disarm(self) -> None:
        """Be well again."""
        self.fails_at = 0

    @property
    def failed(self) -> bool:
        """Whether a write has failed since it was armed."""
        return 0 < self.fails_at <= self.writes

    def _fails(self) -> bool:
        self.writes += 1
        return 0 < self.fails_at <= self.writes if self.lasting else self.writes == self.fails_at

    def _around(self, call: Callable[..., int]) -> Callable[..., int]:
        def around(*arguments: Any) -> int:
            if self._fails():
                ctypes.set_errno(self.errno)
                return -1
            return call(*arguments)

        return around


@contextlib.contextmanager
def bad_disk() -> Iterator[Disk]:
    """Put a `Disk` under SQLite meanwhile."""
    disk, kept = Disk(), []
    library = ctypes.CDLL(_sqlite3.__file__)  # finds the SQLite that the module is linked with
    library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
    vfs = library.sqlite3_vfs_find(None)
    system = ctypes.CDLL(None, use_errno=True)
    for name, (result, *parameters) in WRITES.items():
        kind = ctypes.CFUNCTYPE(result, *parameters, use_errno=True)
        call = kind((name, system))
        kept.append(replacement := kind(disk._around(call)))
        pointer = ctypes.cast(replacement, ctypes.c_void_p)
        assert vfs.contents.xSetSystemCall(ctypes.addressof(vfs.contents), name.encode(), pointer) == 0
    try:
        yield disk
    finally:
        vfs.contents.xSetSystemCall(ctypes.addressof(vfs.contents), None, None)
