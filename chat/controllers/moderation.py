"""Moderation: users report messages and people, and admins decide."""

from chat import answers, schemas
from chat.controllers import admin, changes, users, views
from chat.controllers.audit import recorded
from chat.current import limits, store
from chat.errors import AlreadyDecidedError, BadRequestError, NotFoundError, NotMigratedError
from chat.models.audit import Actor
from chat.models.message import Message
from chat.models.report import Report
from chat.models.user import User
from chat.schemas import Outcome


def report(me: User, body: schemas.NewReport) -> answers.Done:
    """Report a message that I can see, or a person. Raises `NotFoundError`, `BadRequestError` or `RateLimitedError`."""
    limits.hit("reports", me.id)
    reason = body.reason.strip()
    if not reason:
        raise BadRequestError("say why you report this")
    if body.message:
        message = changes.find_visible(me, body.message)
        filed = Report(
            reporter_id=me.id, user_id=message.sender_id, message_id=message.id, text=message.text, reason=reason
        )
    else:
        filed = Report(reporter_id=me.id, user_id=users.find(body.user or "").id, reason=reason)
    if filed.user_id == me.id:
        raise BadRequestError("you can't report yourself")
    store.reports.add(filed)
    return answers.Done(message="thank you: the admins of this server will look at it")


def list_reports(query: schemas.ReportPage) -> answers.Reports:
    """A page of the reports that are open, or of those that are decided, the newest first."""
    found = store.reports.page(is_open=query.status == "open", before=query.before, limit=query.limit + 1)
    shown = found[: query.limit]
    names = store.users.names({id for report in shown for id in (report.reporter_id, report.user_id)})
    older = shown[-1].id if len(found) > query.limit else None
    return answers.Reports(reports=[views.report(report, names) for report in shown], older=older)


def decide(actor: Actor, report_id: str, body: schemas.Decision) -> answers.Done:
    """Dismiss a report, or do what it asks for: delete the message, or deactivate the person.

    Raises `NotFoundError`, `BadRequestError`, or `AlreadyDecidedError`.
    """
    report = store.reports.find(report_id)
    if report is None:
        raise NotFoundError("no such report")
    if report.outcome:
        raise AlreadyDecidedError
    if body.outcome == "message_deleted":
        delete_message(actor, report.message_id or "", body.reason)
    elif body.outcome == "user_deactivated":
        admin.deactivate(actor, report.user_id, body.reason)
    else:
        with recorded(
            actor, "report_dismissed", user_id=report.user_id, message_id=report.message_id, reason=body.reason
        ):
            _close(report, body.outcome)
        return answers.Done(message="the report is dismissed")
    _close(report, body.outcome)
    return answers.Done(message="done, and the report is closed")


def delete_message(actor: Actor, message_id: str, reason: str) -> None:
    """Leave a tombstone in the place of any message. Raises `NotFoundError` or `NotMigratedError`."""
    message = store.messages.find(message_id) if message_id else None
    if message is None:
        raise NotFoundError("no such message")
    if not isinstance(message, Message):
        raise NotMigratedError
    with recorded(actor, "message_deleted", user_id=message.sender_id, message_id=message.id, reason=reason):
        changes.erase([message], by="admin")


def _close(report: Report, outcome: Outcome) -> None:
    if not store.reports.close(report.id, outcome):
        raise AlreadyDecidedError
