"""Backups: one zip file with the embedded database, the images and their checksums, made while the server runs.

Images are copied before the database and, those that came meanwhile, after it. So each image that the database names is
in the archive, unless its message was deleted during the backup. Of MongoDB and Cloudinary, which have backups of their
own, an archive holds nothing.
"""

import hashlib
import os
import sqlite3
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

import click
import msgspec

from chat.lib.disk import sync_folder
from chat.lib.image_stores import THUMBNAIL, UPLOADS
from chat.lib.progress import progress_bar
from chat.store import DATABASE, Store
from chat.store.sqlite import SqliteStore
from chat.store.sqlite.snapshot import copy_database
from chat.version import VERSION

KEY = "jwt_secret"  # only of a server that has made one: see `chat.config`
MANIFEST = "manifest.json"
CHUNK = 1024 * 1024  # bytes


class BackupError(click.ClickException):
    """A backup can't be made or restored; the message says why."""


class Manifest(msgspec.Struct, frozen=True):
    """What an archive holds: the version that wrote it, and the SHA-256 of each file, by name."""

    version: str
    files: dict[str, str]


def back_up(data_dir: Path, archive: Path) -> Manifest:
    """Write a new archive, which gets its name when it is complete and on the disk. Only its owner may read it.

    Raises `BackupError`.
    """
    if archive.exists():
        raise BackupError(f"{archive} exists: choose another name")
    partial = archive.with_name(f"{archive.name}.partial")
    try:
        with _private(partial) as file, ZipFile(file, "w") as zipped, TemporaryDirectory(dir=archive.parent) as folder:
            writing = _Writing(zipped)
            writing.add_images(data_dir, "Copying images")
            if (data_dir / DATABASE).exists():
                copy = Path(folder) / DATABASE
                copy_database(data_dir / DATABASE, copy, "Copying the database")
                writing.add(copy, DATABASE, ZIP_DEFLATED)
                writing.add_images(data_dir, "Copying new images")
            if (data_dir / KEY).exists():
                writing.add(data_dir / KEY, KEY, ZIP_STORED)
            manifest = Manifest(VERSION, writing.files)
            zipped.writestr(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
        partial.rename(archive)
        sync_folder(archive.parent)
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"the backup failed: {error}") from error
    finally:
        partial.unlink(missing_ok=True)
    return manifest


def check(archive: Path) -> Manifest:
    """Read an archive and compare each file with its checksum. Raises `BackupError`."""
    with _opened(archive) as (zipped, manifest), progress_bar("Checking", len(manifest.files), hidden=False) as bar:
        for name in manifest.files:
            for _ in _content(zipped, manifest, name):
                pass
            bar.update(1)
    return manifest


def restore(archive: Path, data_dir: Path) -> Manifest:
    """Put the files of an archive into a folder that has no database, after checking all of them.

    The restored server accepts no login from before the backup, since some had ended by now, and gives no number again
    that clients have seen. Raises `BackupError`; then the folder is as it was.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    if (data_dir / DATABASE).exists():
        raise BackupError(f"{data_dir / DATABASE} exists: move it away, or set DATA_DIR to another folder")
    staging = data_dir / "restore.partial"
    rmtree(staging, ignore_errors=True)
    try:
        staging.mkdir(mode=0o700)
        manifest = _extract(archive, staging)
        if DATABASE in manifest.files:
            _prepare(staging)
        _move(staging, data_dir)
    except OSError as error:
        raise BackupError(f"the restore failed: {error}") from error
    finally:
        rmtree(staging, ignore_errors=True)
    return manifest


def missing_images(store: Store, data_dir: Path) -> Iterator[str]:
    """The names of the images on the local disk that the database names and that aren't there."""
    for address in store.upkeep.image_addresses():
        _, local, name = address.rpartition(f"/{UPLOADS}/")
        if local and not (data_dir / UPLOADS / name).is_file():
            yield name


class _Writing:
    """An archive that is being written, and the checksums of its files so far."""

    def __init__(self, zipped: ZipFile) -> None:
        self._zipped = zipped
        self.files: dict[str, str] = {}

    def add_images(self, data_dir: Path, label: str) -> None:
        """Add all images that the archive doesn't have yet."""
        folder = data_dir / UPLOADS
        paths = [path for path in sorted(folder.glob("*")) if path.suffix != ".partial"] if folder.exists() else []
        new = [path for path in paths if f"{UPLOADS}/{path.name}" not in self.files]
        with progress_bar(label, len(new), hidden=not new) as bar:
            for path in new:
                with suppress(FileNotFoundError):  # its message is deleted at this moment
                    self.add(path, f"{UPLOADS}/{path.name}", ZIP_STORED)  # images are compressed already
                bar.update(1)

    def add(self, path: Path, name: str, compression: int) -> None:
        """Add one file."""
        digest = hashlib.sha256()
        info = zipfile.ZipInfo.from_file(path, name)
        info.compress_type = compression
        with path.open("rb") as file, self._zipped.open(info, "w", force_zip64=True) as entry:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
                entry.write(chunk)
        self.files[name] = digest.hexdigest()


@contextmanager
def _private(path: Path) -> Iterator[IO[bytes]]:
    """A new file that only its owner may read; it is on the disk when the block ends."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _opened(archive: Path) -> Iterator[tuple[ZipFile, Manifest]]:
    try:
        with ZipFile(archive) as zipped:
            yield zipped, msgspec.json.decode(zipped.read(MANIFEST), type=Manifest)
    except FileNotFoundError:
        raise BackupError(f"there is no file {archive}") from None
    except (BadZipFile, zlib.error, KeyError, msgspec.MsgspecError, OSError) as error:
        raise BackupError(f"{archive} is damaged, or no backup of a chat: {error}") from error


def _content(zipped: ZipFile, manifest: Manifest, name: str) -> Iterator[bytes]:
    """The content of one file. Raises `BackupError` after the last part if the checksum is another."""
    digest = hashlib.sha256()
    with zipped.open(name) as entry:
        while chunk := entry.read(CHUNK):
            digest.update(chunk)
            yield chunk
    if digest.hexdigest() != manifest.files[name]:
        raise BackupError(f"{name} in the archive is damaged")


def _extract(archive: Path, staging: Path) -> Manifest:
    (staging / UPLOADS).mkdir()
    with _opened(archive) as (zipped, manifest), progress_bar("Restoring", len(manifest.files), hidden=False) as bar:
        for name in manifest.files:
            folder, _, last = name.rpartition("/")
            if folder not in ("", UPLOADS) or (not folder and last not in (DATABASE, KEY)) or last in ("", ".", ".."):
                raise BackupError(f"{archive} has a file that no backup has: {name}")
            with _private(staging / name) as file:
                for chunk in _content(zipped, manifest, name):
                    file.write(chunk)
            bar.update(1)
    return manifest


def _prepare(staging: Path) -> None:
    """Bring the database to this version, and make it fit to go on where clients have seen more than it knows."""
    with closing(SqliteStore(staging / DATABASE)) as store:
        store.upkeep.mark_restored()
        named = {address.rpartition("/")[2] for address in store.upkeep.image_addresses()}
    for path in (staging / UPLOADS).iterdir():
        if path.name.removesuffix(THUMBNAIL) not in named:
            path.unlink()  # its message was deleted while the backup was made


def _move(staging: Path, data_dir: Path) -> None:
    """The database comes last: without it, the folder counts as empty."""
    (data_dir / UPLOADS).mkdir(exist_ok=True)
    for path in (staging / UPLOADS).iterdir():
        path.replace(data_dir / UPLOADS / path.name)
    sync_folder(data_dir / UPLOADS)
    for name in (KEY, DATABASE):
        if (staging / name).exists():
            (staging / name).replace(data_dir / name)
    sync_folder(data_dir)
