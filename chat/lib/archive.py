"""A zip file that is sent while it is made, so that it never has to fit into memory."""

import time
from collections.abc import Iterable, Iterator
from typing import IO, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

TEXTS = (".json", ".ndjson", ".txt")  # images are compressed already, and trying again takes long
File = tuple[str, Iterable[bytes]]  # a name, and the content in parts


def zipped(files: Iterable[File]) -> Iterator[bytes]:
    """The bytes of a zip with those files, each taken from its parts as they come."""
    out = _Sink()
    with ZipFile(cast(IO[bytes], out), "w") as archive:
        for name, parts in files:
            about = ZipInfo(name, date_time=time.gmtime()[:6])
            about.compress_type = ZIP_DEFLATED if name.endswith(TEXTS) else ZIP_STORED
            with archive.open(about, "w", force_zip64=True) as entry:
                for part in parts:
                    entry.write(part)
                    yield out.take()
    yield out.take()


class _Sink:
    """The stream that `ZipFile` writes to; it cannot seek."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._written.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        pass

    def take(self) -> bytes:
        """What has been written since the last time."""
        taken = b"".join(self._written)
        self._written.clear()
        return taken
