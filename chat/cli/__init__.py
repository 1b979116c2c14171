"""What a server's owner runs by hand: `flask <command>`. One module for each group of commands."""

from flask import Flask

from chat.cli.backups import backup, restore, verify
from chat.cli.doctor import doctor
from chat.cli.invitations import invite
from chat.cli.migrating import migrate
from chat.cli.purging import purge
from chat.cli.rooms import room
from chat.cli.users import user

COMMANDS = (backup, doctor, invite, migrate, purge, restore, room, user, verify)


def init_app(app: Flask) -> None:
    """Add the commands to `flask`."""
    for command in COMMANDS:
        app.cli.add_command(command)
