"""Mails: they reach a real mail server, wait while it is down, and their links do what they say, once."""

import os
import re
import smtplib
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session
from flask import Flask

from chat.controllers import mails
from chat.lib.mail import Mailer, MailRefusedError, MailUnavailableError
from chat.models.values import now
from chat.store.port import AccountChange
from tests.clients.http import PASSWORD, Person, Site
from tests.clients.sockets import wait_until
from tests.clients.wsgi import in_process
from tests.services import free_port

MakeApp = Callable[..., Flask]
PUBLIC_URL = "http://localhost"


class Post:
    """A mail server on a port: the mails that it has taken, and the answer that it gives instead if there is one."""

    def __init__(self) -> None:
        self.port = free_port()
        self.taken: list[Any] = []
        self.answer: str | None = None

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.taken.append(message_from_bytes(envelope.original_content or b"", policy=policy.default))
        return "250 OK"

    async def handle_RCPT(  # noqa: N802  # the library's name
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.answer:
            return self.answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    def controller(self, **options: Any) -> Controller:
        """The server, which is not started yet."""
        return Controller(self, hostname="127.0.0.1", port=self.port, **options)


@pytest.fixture
def post() -> Iterator[Post]:
    """A mail server that runs."""
    post = Post()
    controller = post.controller()
    controller.start()
    yield post
    controller.stop()


class Mailbox:
    """A site with a mail server. Its mails are sent when a test says so."""

    def __init__(self, make_app: MakeApp, port: int, **settings: Any) -> None:
        mail = {"smtp_url": f"smtp://127.0.0.1:{port}", "mail_from": "Chat <chat@example.org>"}
        self.app = make_app(public_url=PUBLIC_URL, **mail, **settings)
        self.site: Site = in_process(self.app)

    def send(self) -> None:
        with self.app.app_context():
            mails.send_due()

    def token(self, mail: Any, page: str) -> str:
        """The token of the link in a mail."""
        found = re.search(rf"{PUBLIC_URL}/{page}#(\S+)", mail.get_content())
        assert found, mail.get_content()
        return found[1]


@pytest.fixture
def box(make_app: MakeApp, post: Post, monkeypatch: pytest.MonkeyPatch) -> Mailbox:
    monkeypatch.setattr("chat.middleware.chores._repeat", lambda *_: None)
    return Mailbox(make_app, post.port)


def _ask(site: Site, path: str, **body: str) -> Any:
    return site.browser().post(f"/api/auth/{path}", body)


def _subjects(post: Post) -> list[str]:
    return [str(mail["Subject"]) for mail in post.taken]


def test_a_forgotten_password_is_set_by_a_link_once_and_all_sessions_end(box: Mailbox, post: Post) -> None:
    ann = box.site.sign_up("Ann")
    assert _ask(box.site, "forgot-password", email=f" {ann.email.upper()} ").status_code == 200
    box.send()
    (mail,) = post.taken
    assert (mail["To"], mail["From"], mail["Subject"]) == (ann.email, "Chat <chat@example.org>", "Set a new password")
    token = box.token(mail, "reset")
    assert _ask(box.site, "reset-password", token=token, password="12345").status_code == 400
    assert _ask(box.site, "reset-password", token=token, password="opensesame").status_code == 200
    assert ann.ask("GET", "/api/auth/check").status_code == 401
    ann.password = "opensesame"
    ann.log_in()
    assert _ask(box.site, "reset-password", token=token, password="again again").json()["code"] == "invalid_link"
    box.send()
    assert "Your password was changed" in _subjects(post)


def test_the_answer_does_not_tell_whether_there_is_an_account(box: Mailbox, post: Post) -> None:
    ann = box.site.sign_up("Ann")
    known, unknown = (_ask(box.site, "forgot-password", email=email) for email in (ann.email, "no@example.org"))
    assert (known.status_code, known.text) == (unknown.status_code, unknown.text)
    box.send()
    assert [mail["To"] for mail in post.taken] == [ann.email]


def test_of_many_resets_at_once_one_succeeds(box: Mailbox, post: Post) -> None:
    ann = box.site.sign_up("Ann")
    _ask(box.site, "forgot-password", email=ann.email)
    box.send()
    token, statuses = box.token(post.taken[0], "reset"), []
    threads = [
        threading.Thread(
            target=lambda n=n: statuses.append(
                _ask(box.site, "reset-password", token=token, password=f"password {n}").status_code
            )
        )
        for n in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [403] * 5


def test_a_link_that_has_expired_or_is_for_something_else_sets_no_password(
    box: Mailbox, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = box.site.sign_up("Ann")
    ann.call("PUT", "/api/auth/email", {"email": "new@example.org", "password": PASSWORD})
    _ask(box.site, "forgot-password", email=ann.email)
    box.send()
    by_subject = {str(mail["Subject"]): mail for mail in post.taken}
    other = box.token(by_subject["Confirm your email"], "confirm")
    assert _ask(box.site, "reset-password", token=other, password="opensesame").status_code == 403
    token = box.token(by_subject["Set a new password"], "reset")
    for store in ("sqlite", "mongo"):
        monkeypatch.setattr(f"chat.store.{store}.links.now", lambda: now() + 3600 * 1000)
    assert _ask(box.site, "reset-password", token=token, password="opensesame").status_code == 403
    ann.log_in()


def test_a_mail_server_that_is_down_loses_no_mail(box: Mailbox, post: Post, make_app: MakeApp) -> None:
    down = Mailbox(make_app, free_port())
    ann = down.site.sign_up("Ann")
    _ask(down.site, "forgot-password", email=ann.email)
    down.send()
    store = box.app.extensions["chat"].store
    waiting = store.outbox.take(0)
    assert waiting is None, "it is tried again only after a while"
    later = Mailbox(make_app, post.port)
    with pytest.MonkeyPatch.context() as clock:
        for module in ("chat.store.sqlite.outbox", "chat.store.mongo.outbox"):
            clock.setattr(f"{module}.now", lambda: now() + 3600 * 1000)
        later.send()
    assert _subjects(post) == ["Set a new password"]


def test_a_mail_that_the_server_refuses_for_good_is_dropped(box: Mailbox, post: Post) -> None:
    ann = box.site.sign_up("Ann")
    for answer, waits in (("550 no such mailbox", False), ("451 try again", True)):
        post.answer = answer
        _ask(box.site, "forgot-password", email=ann.email)
        box.send()
        with pytest.MonkeyPatch.context() as clock:
            for module in ("chat.store.sqlite.outbox", "chat.store.mongo.outbox"):
                clock.setattr(f"{module}.now", lambda: now() + 3600 * 1000)
            assert (box.app.extensions["chat"].store.outbox.take(0) is not None) == waits


def test_a_server_sends_by_itself_from_its_first_request_on(make_app: MakeApp, post: Post) -> None:
    box = Mailbox(make_app, post.port)
    ann = box.site.sign_up("Ann")
    _ask(box.site, "forgot-password", email=ann.email)
    wait_until(lambda: _subjects(post) == ["Set a new password"])


def test_a_login_from_an_unknown_browser_is_told_by_mail(box: Mailbox, post: Post) -> None:
    ann = box.site.sign_up("Ann")
    ann.log_in()
    box.send()
    (mail,) = post.taken
    assert (mail["Subject"], "python-requests" in mail.get_content()) == ("New login", True)


def test_an_email_changes_when_the_new_one_is_confirmed(box: Mailbox, post: Post) -> None:
    ann, old = box.site.sign_up("Ann"), ""
    old = ann.email
    change = {"email": "New@example.org", "password": PASSWORD}
    assert ann.ask("PUT", "/api/auth/email", {**change, "password": "wrong one"}).status_code == 400
    assert ann.ask("PUT", "/api/auth/email", change).status_code == 200
    assert ann.call("GET", "/api/auth/check")["email"] == old
    box.send()
    token = box.token(post.taken[0], "confirm")
    assert post.taken[0]["To"] == "new@example.org"
    assert _ask(box.site, "confirm-email", token=token).json()["email"] == "new@example.org"
    assert _ask(box.site, "confirm-email", token=token).status_code == 403
    box.send()
    assert [(str(mail["Subject"]), mail["To"]) for mail in post.taken[1:]] == [("Your email was changed", old)]


def test_an_email_that_is_taken_meanwhile_is_refused(box: Mailbox, post: Post) -> None:
    ann = box.site.sign_up("Ann")
    ann.call("PUT", "/api/auth/email", {"email": "new@example.org", "password": PASSWORD})
    box.send()
    box.site.sign_up("Bob", "new@example.org")
    answer = _ask(box.site, "confirm-email", token=box.token(post.taken[0], "confirm"))
    assert answer.json()["code"] == "user_exists"
    assert ann.call("GET", "/api/auth/check")["email"] == ann.email


def test_a_new_account_waits_until_its_email_is_confirmed(
    make_app: MakeApp, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.middleware.chores._repeat", lambda *_: None)
    box = Mailbox(make_app, post.port, verify_email=True)
    ann = box.site.sign_up("Ann")
    assert ann.call("GET", "/api/auth/check")["unverified"] is True
    assert ann.ask("GET", "/api/messages/users").json()["code"] == "email_not_verified"
    ann.call("POST", "/api/auth/confirmation")
    box.send()
    assert _subjects(post) == ["Confirm your email"] * 2
    assert "unverified" not in _ask(box.site, "confirm-email", token=box.token(post.taken[0], "confirm")).json()
    assert ann.ask("GET", "/api/messages/users").status_code == 200


def test_without_a_mail_server_an_admin_makes_the_link(app: Flask, admin: Person, sign_up: Callable[..., Any]) -> None:
    ann = sign_up("Ann")
    refused = _ask(ann.site, "forgot-password", email=ann.email)
    assert (refused.status_code, refused.json()["code"]) == (404, "mail_not_set_up")
    link = admin.call("POST", f"/api/admin/users/{ann.id}/reset-link", {"reason": "asked"})["link"]
    printed = app.test_cli_runner().invoke(args=["user", "reset-link", ann.email]).stdout.strip()
    for each, status in ((printed, 200), (link, 403)):
        assert each.startswith("/reset#")
        token = each.partition("#")[2]
        assert _ask(ann.site, "reset-password", token=token, password="opensesame").status_code == status
    assert [entry["action"] for entry in admin.call("GET", "/api/admin/log")["entries"]] == ["reset_link_made"] * 2


def test_a_deactivated_user_gets_no_link(box: Mailbox, post: Post) -> None:
    ann = box.site.sign_up("Ann")
    box.app.extensions["chat"].store.users.change_account(ann.id, AccountChange(deactivated_at=1, end_sessions=True))
    _ask(box.site, "forgot-password", email=ann.email)
    box.send()
    assert post.taken == []


def test_links_are_asked_for_only_so_often(make_app: MakeApp, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat.middleware.chores._repeat", lambda *_: None)
    box = Mailbox(make_app, post.port, rate_limits=True)
    for email in ("no@example.org", box.site.sign_up("Ann").email):
        assert [_ask(box.site, "forgot-password", email=email).status_code for _ in range(6)] == [200] * 5 + [429]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate of 127.0.0.1, with its key."""
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    request = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=mail -addext subjectAltName=IP:127.0.0.1"
    subprocess.run([*request.split(), "-keyout", file, "-out", f"{file}.crt"], check=True, capture_output=True)
    file.write_text(file.read_text() + Path(f"{file}.crt").read_text())
    return file


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # with smtps, all is within TLS
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_password_is_sent_only_over_tls_with_a_certificate_that_is_trusted(
    scheme: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"ann", b"p@ss word")
        return AuthResult(success=right, handled=False)  # so that the server says which

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    post = Post()
    tls: dict[str, Any] = (
        {"ssl_context": context} if scheme == "smtps" else {"tls_context": context, "require_starttls": True}
    )
    options = {"authenticator": check, "auth_required": True, "auth_require_tls": scheme == "smtp", **tls}
    controller = post.controller(**options)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    controller.start()
    url = f"{scheme}://ann:p%40ss%20word@127.0.0.1:{post.port}"
    try:
        Mailer(url, "chat@example.org").send("bob@example.org", "Hello", "Grüße")
        assert [mail.get_content().strip() for mail in post.taken] == ["Grüße"]
        with pytest.raises(MailUnavailableError):
            Mailer(url.replace("ann", "eve"), "chat@example.org").send("bob@example.org", "Hello", "text")
        monkeypatch.setenv("SSL_CERT_FILE", os.devnull)
        with pytest.raises(MailUnavailableError, match="certificate"):
            Mailer(url, "chat@example.org").send("bob@example.org", "Hello", "text")
    finally:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        controller.stop()


def test_no_password_is_sent_without_tls(post: Post) -> None:
    with pytest.raises(MailUnavailableError, match="offers no TLS"):
        Mailer(f"smtp://ann:secret@127.0.0.1:{post.port}", "chat@example.org").send("bob@example.org", "Hello", "text")


def test_a_header_cannot_be_written_into_a_mail(post: Post) -> None:
    mailer = Mailer(f"smtp://127.0.0.1:{post.port}", "chat@example.org")
    with pytest.raises((ValueError, MailRefusedError, smtplib.SMTPException)):
        mailer.send("bob@example.org\nBcc: eve@example.org", "Hello", "text")
    assert post.taken == []
