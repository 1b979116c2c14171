"""A hostile disk: runs a command whose reads and writes in a folder fail, or wait, when a test says so.

    python -m tests.hostile_disk FOLDER COMMAND ...

Linux hands the command's system calls to this process (seccomp_unotify(2), Linux 5.5), which lets each of them go on,
answers it with an error, or keeps it waiting. So the command meets what a kernel does when its disk is full, broken or
hung. This needs neither root nor a library that is loaded into the command.

The file ``FOLDER.fault`` holds the name of the present fault, a key of `FAULTS`; without it, all is well.
"""

import array
import contextlib
import ctypes
import errno
import fcntl
import os
import platform
import select
import signal
import socket
import struct
import sys
from pathlib import Path

CALLS = {  # their numbers on each kind of machine, and that of `seccomp`
    "x86_64": {"pread": 17, "pwrite": 18, "fsync": 74, "fdatasync": 75, "ftruncate": 77, "seccomp": 317},
    "aarch64": {"pread": 67, "pwrite": 68, "fsync": 82, "fdatasync": 83, "ftruncate": 46, "seccomp": 277},
}
WRITES = ("pwrite", "fsync", "fdatasync", "ftruncate")
HUNG = -1
FAULTS = {  # the calls that meet a fault, and the error that each returns
    "full": dict.fromkeys(("pwrite", "ftruncate"), errno.ENOSPC),
    "broken": dict.fromkeys(("pread", *WRITES), errno.EIO),
    "unsynced": dict.fromkeys(("fsync", "fdatasync"), errno.EIO),
    "hung": dict.fromkeys(WRITES, HUNG),
}

_RECEIVE, _SEND, _CONTINUE = 0xC0502100, 0xC0182101, 1  # of <linux/seccomp.h>
_ALLOW, _NOTIFY = 0x7FFF0000, 0x7FC00000
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06  # of <linux/bpf_common.h>
_TICK = 0.02  # seconds


class Disk:
    """The disk below a folder, for whoever runs the command."""

    def __init__(self, folder: Path) -> None:
        self._fault = Path(f"{folder}.fault")

    def fail(self, fault: str) -> None:
        """Begin a fault."""
        assert fault in FAULTS
        partial = self._fault.with_suffix(".new")
        partial.write_text(fault)
        partial.rename(self._fault)

    def recover(self) -> None:
        """End it."""
        self._fault.unlink(missing_ok=True)


def _filter(numbers: dict[str, int]) -> int:
    """Hand these calls of this process, and of what it starts, to the owner of the descriptor that this returns."""
    steps = [struct.pack("HBBI", _LOAD, 0, 0, 0)]
    calls = [number for name, number in numbers.items() if name != "seccomp"]
    for index, number in enumerate(calls):
        steps.append(struct.pack("HBBI", _JUMP_IF_EQUAL, len(calls) - index, 0, number))
    steps += [struct.pack("HBBI", _RETURN, 0, 0, action) for action in (_ALLOW, _NOTIFY)]
    code = ctypes.create_string_buffer(b"".join(steps))
    program = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS: required, and it asks for nothing
    descriptor: int = libc.syscall(numbers["seccomp"], 1, 8, program)  # SET_MODE_FILTER, FLAG_NEW_LISTENER
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), "this system can't hand over system calls (seccomp_unotify)")
    return descriptor


class Supervisor:
    """Decides what becomes of each call."""

    def __init__(self, descriptor: int, folder: Path, numbers: dict[str, int]) -> None:
        self._descriptor = descriptor
        self._folder = folder.resolve()
        self._fault = Path(f"{folder}.fault")
        self._names = {number: name for name, number in numbers.items()}
        self._waiting: list[int] = []

    def run(self) -> None:
        """Serve until the command has ended."""
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        while True:
            for _, event in poll.poll(_TICK * 1000 if self._waiting else 1000):
                if event & select.POLLHUP:
                    return
                self._receive()
            if self._waiting and "hung" not in self._present():
                for call in self._waiting:
                    self._answer(call, 0)
                self._waiting = []

    def _receive(self) -> None:
        request = bytearray(80)
        try:
            fcntl.ioctl(self._descriptor, _RECEIVE, request)
        except OSError:
            return  # the caller has been killed
        call, thread, _, number = struct.unpack_from("QIIi", request)
        (file,) = struct.unpack_from("Q", request, 32)
        error = FAULTS.get(self._present(), {}).get(self._names[number], 0)
        if error and not self._concerns(thread, file):
            error = 0
        if error == HUNG:
            self._waiting.append(call)
        else:
            self._answer(call, error)

    def _present(self) -> str:
        try:
            return self._fault.read_text()
        except FileNotFoundError:
            return ""

    def _concerns(self, thread: int, file: int) -> bool:
        with contextlib.suppress(OSError):
            return Path(f"/proc/{thread}/fd/{file}").readlink().is_relative_to(self._folder)
        return False

    def _answer(self, call: int, error: int) -> None:
        with contextlib.suppress(OSError):  # the caller has been killed
            fcntl.ioctl(self._descriptor, _SEND, struct.pack("QqiI", call, 0, -error, 0 if error else _CONTINUE))


def main(folder: Path, command: list[str]) -> int:
    """Run the command on that disk; its exit status."""
    numbers = CALLS[platform.machine()]
    ours, theirs = socket.socketpair()
    child = os.fork()
    if not child:
        descriptor = _filter(numbers)
        theirs.sendmsg([b"."], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [descriptor]))])
        os.close(descriptor)
        os.execvp(command[0], command)
    theirs.close()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # for the command, which is in the same process group
    _, messages, _, _ = ours.recvmsg(1, socket.CMSG_SPACE(4))
    (descriptor,) = struct.unpack("i", messages[0][2])
    Supervisor(descriptor, folder, numbers).run()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
