"""Sending mail by SMTP, with time limits and beside the event loop."""

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid, parseaddr
from urllib.parse import unquote, urlsplit

from chat.lib import threads

TIMEOUT = 15.0  # seconds for each answer of the mail server


class MailRefusedError(Exception):
    """The mail server will never take this mail, for example since there is no such mailbox."""


class MailUnavailableError(Exception):
    """The mail could not be sent now; it may be later."""


class Mailer:
    """Sends mail through the server at ``url``: ``smtp://`` with TLS if it is offered, ``smtps://`` with TLS always."""

    def __init__(self, url: str, sender: str) -> None:
        self._parts = urlsplit(url)
        self._sender = sender

    def send(self, to: str, subject: str, text: str) -> None:
        """Send a mail. Raises `MailRefusedError` or `MailUnavailableError`."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self._sender, to, subject
        mail["Date"] = formatdate(usegmt=True)
        mail["Message-ID"] = make_msgid(domain=parseaddr(self._sender)[1].rpartition("@")[2] or None)
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no one's holiday notice answers it
        mail.set_content(text)
        try:
            threads.run(self._deliver, mail)
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, smtplib.SMTPSenderRefused) as error:
            codes = (
                [code for code, _ in error.recipients.values()] if hasattr(error, "recipients") else [error.smtp_code]
            )
            permanent = all(code >= 500 for code in codes)
            raise (MailRefusedError if permanent else MailUnavailableError)(str(error)) from None
        except (smtplib.SMTPException, OSError) as error:
            raise MailUnavailableError(str(error) or type(error).__name__) from None

    def _deliver(self, mail: EmailMessage) -> None:
        """Runs in a native thread."""
        with self._connect() as server:
            if self._parts.username:
                server.login(unquote(self._parts.username), unquote(self._parts.password or ""))
            server.send_message(mail)

    def _connect(self) -> smtplib.SMTP:
        host, context = self._parts.hostname or "", ssl.create_default_context()
        if self._parts.scheme == "smtps":
            return smtplib.SMTP_SSL(host, self._parts.port or 465, timeout=TIMEOUT, context=context)
        server = smtplib.SMTP(host, self._parts.port or 25, timeout=TIMEOUT)
        try:
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=context)
            elif self._parts.username:
                raise smtplib.SMTPNotSupportedError("the mail server offers no TLS: no password is sent without it")
        except Exception:
            server.close()
            raise
        return server
