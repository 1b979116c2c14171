"""`flask backup`, `flask verify` and `flask restore`."""

import sys
from pathlib import Path

import click
from flask.cli import with_appcontext

from chat import backup as backups
from chat.cli.commands import failing_in_words
from chat.current import config, store
from chat.lib.image_stores import UPLOADS
from chat.store import DATABASE

_FILE = click.Path(path_type=Path, dir_okay=False)
_MONGODB = "MongoDB has a backup program of its own, which has to run before this one: "


@click.command()
@click.argument("file", type=_FILE)
@with_appcontext
def backup(file: Path) -> None:
    """Write the database and all images to a new zip FILE.

    The server can run meanwhile. What it has acknowledged before the backup begins is in the archive.
    """
    with failing_in_words():
        manifest = backups.back_up(config.data_dir, file)
    click.echo(f"{file}: {_described(manifest)}, {file.stat().st_size / 2**20:.1f} MiB.")
    if config.mongo_url:
        click.echo(f'{_MONGODB}mongodump --uri="$MONGO_URL" --gzip --archive={file}.mongodb')
    if config.cloudinary:
        click.echo("Images at Cloudinary are not in the archive.")


@click.command()
@click.argument("file", type=_FILE)
@with_appcontext
def restore(file: Path) -> None:
    """Put a backup FILE into a server that has no accounts yet.

    Stop the server first. All users have to log in again.
    """
    with failing_in_words():
        if config.mongo_url:
            store.upkeep.mark_restored()
        else:
            _remove_empty_database()
        manifest = backups.restore(file, config.data_dir)
    click.echo(f"Restored: {_described(manifest)}. All users have to log in again.")
    if config.mongo_url:
        click.echo('The database comes from: mongorestore --uri="$MONGO_URL" --gzip --archive=FILE, run before this.')


@click.command()
@click.argument("file", type=_FILE, required=False)
@with_appcontext
def verify(file: Path | None) -> None:
    """Check the database and its images, or a backup FILE; the exit code is 1 if something is wrong.

    The server can run meanwhile.
    """
    with failing_in_words():
        if file:
            click.echo(f"{file} is in order: {_described(backups.check(file))}.")
            return
        problems = [*store.upkeep.problems()]
        problems += [f"the image {name} is missing" for name in backups.missing_images(store, config.data_dir)]
    for problem in problems:
        click.echo(problem)
    if problems:
        click.echo(f"{len(problems)} problems. If the file is damaged, restore a backup.", err=True)
        sys.exit(1)
    click.echo("The database and its images are in order.")


def _remove_empty_database() -> None:
    """Remove what `flask` or the server made at its first start. Raises `BackupError` if there are accounts."""
    database = config.data_dir / DATABASE
    if store.users.all():
        raise backups.BackupError(f"{database} has accounts: move it away, or set DATA_DIR to another folder")
    store.close()
    for suffix in ("", "-wal", "-shm"):
        database.with_name(f"{database.name}{suffix}").unlink(missing_ok=True)


def _described(manifest: backups.Manifest) -> str:
    images = sum(name.startswith(UPLOADS) for name in manifest.files)
    return f"{'the database and ' if DATABASE in manifest.files else ''}{images} images"
