"""/api/admin: what admins do. All of it is in the audit log, with the reason that is given."""

from flask import Blueprint, Response, stream_with_context

from chat import answers, schemas
from chat.controllers import admin, admin_rooms, audit, invitations, moderation, recovery
from chat.controllers.audit import acting
from chat.errors import AlreadyDecidedError, NotFoundError, NotMigratedError
from chat.lib.archive import zipped
from chat.middleware.auth import require_admin
from chat.middleware.endpoint import endpoint
from chat.models.user import User
from chat.schemas import Id

bp = Blueprint("admin", __name__, url_prefix="/api/admin")


@bp.get("/users")
@require_admin
@endpoint()
def list_users(query: schemas.Found) -> answers.Accounts:
    """Accounts, the newest first: all, or those whose name or email contains `q`."""
    return admin.list_users(query)


@bp.get("/users/<user_id>")
@require_admin
@endpoint()
def show_user(user_id: Id) -> answers.Account:
    """One account."""
    return admin.show(user_id)


@bp.post("/users/<user_id>/deactivate")
@require_admin
@endpoint()
def deactivate(me: User, user_id: Id, body: schemas.Reason) -> answers.Account:
    """Deactivate a user: their sessions end, and they can't log in. Their messages stay."""
    return admin.deactivate(acting(me), user_id, body.reason)


@bp.post("/users/<user_id>/reactivate")
@require_admin
@endpoint()
def reactivate(me: User, user_id: Id, body: schemas.Reason) -> answers.Account:
    """Let a user who was deactivated log in again."""
    return admin.reactivate(acting(me), user_id, body.reason)


@bp.post("/users/<user_id>/log-out")
@require_admin
@endpoint()
def log_out(me: User, user_id: Id, body: schemas.Reason) -> answers.Account:
    """End all sessions of a user."""
    return admin.log_out(acting(me), user_id, body.reason)


@bp.post("/users/<user_id>/reset-link")
@require_admin
@endpoint()
def make_reset_link(me: User, user_id: Id, body: schemas.Reason) -> answers.ResetLink:
    """Make a link with which a user sets a new password, to pass on to them. It works once, for an hour."""
    return recovery.make_reset_link(acting(me), user_id, body.reason)


@bp.put("/users/<user_id>/admin")
@require_admin
@endpoint()
def make_admin(me: User, user_id: Id, body: schemas.Reason) -> answers.Account:
    """Make a user an admin."""
    return admin.set_admin(acting(me), user_id, True, body.reason)


@bp.delete("/users/<user_id>/admin")
@require_admin
@endpoint()
def remove_admin(me: User, user_id: Id, body: schemas.Reason) -> answers.Account:
    """Make an admin an ordinary user."""
    return admin.set_admin(acting(me), user_id, False, body.reason)


@bp.get("/users/<user_id>/export")
@require_admin
@endpoint(answer="application/zip")
def export_user(me: User, user_id: Id, query: schemas.Reason) -> Response:
    """Everything that is a user's, or that was said to them, for a person who asks for it."""
    files = admin.export(acting(me), user_id, query.reason)
    headers = {"Content-Disposition": f"attachment; filename=chat-export-{user_id}.zip", "Cache-Control": "no-store"}
    return Response(stream_with_context(zipped(files)), mimetype="application/zip", headers=headers)


@bp.delete("/users/<user_id>")
@require_admin
@endpoint()
def delete_user(me: User, user_id: Id, body: schemas.Reason) -> answers.Done:
    """Erase a person: their messages become tombstones, their images go, their sessions end."""
    admin.delete(acting(me), user_id, body.reason)
    return answers.Done(message="this account has been deleted")


@bp.post("/invitations")
@require_admin
@endpoint(201, fails=(NotFoundError,))
def create_invitation(me: User, body: schemas.NewInvitation) -> answers.NewInvitation:
    """Make an invitation. Only this answer has its link."""
    return invitations.create(acting(me), body)


@bp.get("/invitations")
@require_admin
@endpoint()
def list_invitations() -> list[answers.Invitation]:
    """All invitations, the newest first; also those that ended a short while ago."""
    return invitations.index()


@bp.delete("/invitations/<invitation_id>")
@require_admin
@endpoint()
def revoke_invitation(me: User, invitation_id: Id) -> answers.Done:
    """End an invitation."""
    invitations.revoke(acting(me), invitation_id)
    return answers.Done(message="the invitation is revoked")


@bp.get("/reports")
@require_admin
@endpoint()
def list_reports(query: schemas.ReportPage) -> answers.Reports:
    """What users reported, the newest first: what is open, or with `status=closed` what is decided."""
    return moderation.list_reports(query)


@bp.post("/reports/<report_id>")
@require_admin
@endpoint(fails=(AlreadyDecidedError, NotMigratedError))
def decide(me: User, report_id: Id, body: schemas.Decision) -> answers.Done:
    """Dismiss a report, or do what it asks for: delete the message, or deactivate the person."""
    return moderation.decide(acting(me), report_id, body)


@bp.delete("/messages/<message_id>")
@require_admin
@endpoint(fails=(NotMigratedError,))
def delete_message(me: User, message_id: Id, body: schemas.Reason) -> answers.Done:
    """Delete any message; a tombstone keeps its place."""
    moderation.delete_message(acting(me), message_id, body.reason)
    return answers.Done(message="the message has been deleted")


@bp.get("/rooms")
@require_admin
@endpoint()
def list_rooms(query: schemas.Found) -> answers.AdminRooms:
    """Rooms, the newest first: all, or those whose name contains `q`."""
    return admin_rooms.list_rooms(query)


@bp.put("/rooms/<room_id>")
@require_admin
@endpoint()
def set_room_ttl(me: User, room_id: Id, body: schemas.RoomTtl) -> answers.AdminRoom:
    """Set after how many days messages in a room lose their content."""
    return admin_rooms.set_ttl(acting(me), room_id, body.message_ttl_days, body.reason)


@bp.delete("/rooms/<room_id>")
@require_admin
@endpoint()
def delete_room(me: User, room_id: Id, body: schemas.Reason) -> answers.Done:
    """Delete a room with all its messages."""
    admin_rooms.delete(acting(me), room_id, body.reason)
    return answers.Done(message="the room has been deleted")


@bp.get("/log")
@require_admin
@endpoint()
def audit_log(query: schemas.LogPage) -> answers.AuditLog:
    """What admins did, the newest first. Nothing can change this log."""
    return audit.page(query)


@bp.get("/log/export")
@require_admin
@endpoint(answer="application/x-ndjson")
def export_log(me: User) -> Response:
    """The whole log, the newest entry first, one JSON object on each line."""
    lines = audit.export(acting(me))
    headers = {"Content-Disposition": "attachment; filename=chat-audit-log.ndjson", "Cache-Control": "no-store"}
    return Response(stream_with_context(lines), mimetype="application/x-ndjson", headers=headers)
