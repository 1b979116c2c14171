"""The process that decodes images, and the queue in front of it. It starts with the first image and ends with the server.

Decoding takes memory, time, and Pillow's native code for formats that are easy to get wrong. In a process of its own
(`chat.lib.image_codec`) an image can exhaust or crash only that, and the chat goes on. The two talk over a socket, which
every kind of worker can wait for.
"""

import atexit
import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from chat.errors import BadImageError, ImageStoreUnavailableError, RateLimitedError

CODEC = Path(__file__).with_name("image_codec.py")
MAX_WAITING = 8  # images, the one at work included
MAX_OF_ONE_USER = 2
RETRY_SECONDS = 3
ANSWER_SECONDS = 60.0  # the limit of CPU time comes first, unless the machine is very busy
NICE = 10  # lower priority: chatting goes before decoding
TOO_LONG = "it takes too long to decode"
FAULTS = {-signal.SIGXCPU: TOO_LONG, -signal.SIGSEGV: "it is damaged", -signal.SIGABRT: "it is damaged"}

log = logging.getLogger(__name__)


class ImageProcess:
    """Re-encodes one image at a time. Thread-safe, on green and native threads."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._counts = threading.Lock()
        self._waiting: Counter[str] = Counter()
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: socket.socket | None = None

    def reencode(self, user_id: str, format: str, content: bytes, max_pixels: int) -> tuple[bytes, bytes]:
        """The image without metadata, and its thumbnail, which is empty if it needs none.

        Raises `BadImageError`, `RateLimitedError` if too many images wait already, or `ImageStoreUnavailableError`.
        """
        with self._place(user_id), self._turn:
            for _ in range(2):  # the process may have been killed for no fault of this image's
                word, whole, small = self._ask(format, content, max_pixels)
                if word == "ok":
                    return whole, small
                if word == "unfit":
                    raise unfit(whole.decode())
            raise ImageStoreUnavailableError

    def stop(self) -> None:
        """End the process. The next image starts another one."""
        self._end()

    @contextmanager
    def _place(self, user_id: str) -> Iterator[None]:
        """A place in the queue."""
        with self._counts:
            if self._waiting[user_id] >= MAX_OF_ONE_USER:
                raise RateLimitedError("your other images are still being processed", retry_after=RETRY_SECONDS)
            if self._waiting.total() >= MAX_WAITING:
                raise RateLimitedError("too many images are waiting to be processed", retry_after=RETRY_SECONDS)
            self._waiting[user_id] += 1
        try:
            yield
        finally:
            with self._counts:
                self._waiting[user_id] -= 1
                if not self._waiting[user_id]:
                    del self._waiting[user_id]

    def _ask(self, format: str, content: bytes, max_pixels: int) -> tuple[str, bytes, bytes]:
        """What the process makes of an image; the word is empty if the process was lost."""
        try:
            connection = self._connected()
            with connection.makefile("rb") as answer:
                connection.sendall(f"{format} {max_pixels} {len(content)}\n".encode() + content)
                word, *sizes = answer.readline().decode().split()
                whole, small = (_read(answer, int(size)) for size in sizes)
                return word, whole, small
        except (OSError, EOFError, ValueError) as error:  # ValueError: no answer
            status = self._end()
            log.warning("the process that decodes images was lost (status %s): %r", status, error)
            if isinstance(error, TimeoutError):
                return "unfit", TOO_LONG.encode(), b""
            return ("unfit", FAULTS[status].encode(), b"") if status in FAULTS else ("", b"", b"")

    def _connected(self) -> socket.socket:
        if self._process is None or self._process.poll() is not None or self._connection is None:
            self._end()
            self._connection, theirs = socket.socketpair()
            with theirs:
                self._process = subprocess.Popen(  # noqa: S603  # no part of the command comes from outside
                    [sys.executable, "-I", str(CODEC)],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env={},
                    cwd="/",
                )
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, self._process.pid, NICE)
            self._connection.settimeout(ANSWER_SECONDS)
        return self._connection

    def _end(self) -> int | None:
        """End the process; its status as `subprocess` has it."""
        connection, process, self._connection, self._process = self._connection, self._process, None, None
        if connection:
            connection.close()
        if process is None:
            return None
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(timeout=0.2)  # it may be ending by itself, with a status that tells why
        process.kill()
        return process.wait()


def _read(file: BinaryIO, size: int) -> bytes:
    content = file.read(size)
    if len(content) < size:
        raise EOFError("the answer broke off")
    return content


def unfit(reason: str) -> BadImageError:
    """The failure of an image that can't be used."""
    return BadImageError(f"this image can't be used: {reason}")


shared = ImageProcess()  # one for all apps of this process
atexit.register(shared.stop)
