"""`flask user`: accounts, named by their email or id."""

import secrets

import click

from chat import answers, schemas
from chat.cli.commands import Commands, actor, all_pages, as_json, reason, show
from chat.controllers import admin, recovery
from chat.current import store
from chat.errors import NotFoundError
from chat.models.user import normal_email
from chat.models.values import is_id

COLUMNS = {"_id": "Id", "email": "Email", "fullName": "Name", "admin": "Admin", "deactivatedAt": "Deactivated"}

user = Commands("user", help="Create, list and manage accounts.")
who = click.argument("who", metavar="EMAIL_OR_ID")
generate = click.option("--generate", is_flag=True, help="Make a random password, and print it.")


@user.define("create")
@click.argument("email")
@click.option("--name", prompt="Full name", help="The full name.")
@click.option("--admin", "as_admin", is_flag=True, help="Make them an admin.")
@generate
def create(email: str, name: str, as_admin: bool, generate: bool) -> None:
    """Create an account. The password is asked for, or generated."""
    password = _new_password(generate)
    body = schemas.Signup(full_name=name, email=email, password=password)
    created = admin.create(actor(), body, admin=as_admin)
    click.echo(f"Created {created.email} ({created.id}).")
    _tell(password, generate)


@user.define("list")
@click.option("--search", default="", help="Only those whose name or email contains this text.")
@as_json
def list_users(search: str, as_json: bool) -> None:
    """List accounts, the newest first."""
    found = all_pages(_page, search)
    show(found, COLUMNS, as_json)


@user.define("show")
@who
@as_json
def show_user(who: str, as_json: bool) -> None:
    """Show one account."""
    show([admin.show(find_user(who))], COLUMNS | {"createdAt": "Created", "lastSeen": "Last seen"}, as_json)


@user.define("set-password")
@who
@generate
@reason
def set_password(who: str, generate: bool, reason: str) -> None:
    """Set a password, which is asked for or generated; all sessions of the account end."""
    user_id = find_user(who)
    password = _new_password(generate)
    changed = admin.set_password(actor(), user_id, password, reason)
    click.echo(f"{changed.email} has a new password, and is logged out everywhere.")
    _tell(password, generate)


@user.define("reset-link")
@who
@reason
def reset_link(who: str, reason: str) -> None:
    """Print a link with which a user sets a new password, to pass on to them. It works once, for an hour."""
    click.echo(recovery.make_reset_link(actor(), find_user(who), reason).link)


@user.define("make-admin")
@who
@reason
def make_admin(who: str, reason: str) -> None:
    """Make a user an admin."""
    click.echo(f"{admin.set_admin(actor(), find_user(who), True, reason).email} is an admin.")


@user.define("remove-admin")
@who
@reason
def remove_admin(who: str, reason: str) -> None:
    """Make an admin an ordinary user."""
    click.echo(f"{admin.set_admin(actor(), find_user(who), False, reason).email} is no longer an admin.")


@user.define("deactivate")
@who
@reason
def deactivate(who: str, reason: str) -> None:
    """Log a user out everywhere, and let them log in no more. Their messages stay."""
    click.echo(f"{admin.deactivate(actor(), find_user(who), reason).email} is deactivated.")


@user.define("reactivate")
@who
@reason
def reactivate(who: str, reason: str) -> None:
    """Let a deactivated user log in again."""
    click.echo(f"{admin.reactivate(actor(), find_user(who), reason).email} can log in again.")


@user.define("log-out")
@who
@reason
def log_out(who: str, reason: str) -> None:
    """Log a user out everywhere."""
    click.echo(f"{admin.log_out(actor(), find_user(who), reason).email} is logged out everywhere.")


@user.define("delete")
@who
@reason
@click.confirmation_option("--yes", prompt="This erases the account and the content of its messages for good. Go on?")
def delete(who: str, reason: str) -> None:
    """Erase an account: its messages become tombstones, its images go."""
    admin.delete(actor(), find_user(who), reason)
    click.echo("The account is deleted.")


def _page(query: schemas.Found) -> tuple[list[answers.Account], str | None]:
    page = admin.list_users(query)
    return page.users, page.older


def find_user(who: str) -> str:
    """The id of the user with that email or id. Raises `NotFoundError`."""
    known = store.users.find(who.lower()) if is_id(who.lower()) else store.users.find_by_email(normal_email(who))
    if known is None:
        raise NotFoundError(f"no user has the email or id {who}")
    return known.id


def _new_password(generate: bool) -> str:
    if generate:
        return secrets.token_urlsafe(12)
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return password


def _tell(password: str, generated: bool) -> None:
    if generated:
        click.echo(f"Password: {password}")
