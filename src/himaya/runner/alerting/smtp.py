"""The mail server of `[alerts]` (RFC 5321), encrypted by STARTTLS (RFC 3207) or from the start."""

from __future__ import annotations

import smtplib
import ssl
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from himaya.config.types import Alerts
from himaya.runner.alerting.channel import failure, read_secret


class MailServer:
    """Sends mail over `smtp_host`. The password is read anew each time, so it can be replaced.

    Raises ConfigError when it cannot be read at the start.
    """

    def __init__(self, alerts: Alerts) -> None:
        self._alerts = alerts
        self._password()

    def send(self, mail: EmailMessage) -> str:
        """Send one mail and return in a few words what the server said. Raises ServiceError."""
        try:
            with self.connect() as server:
                refused = server.send_message(mail)
        except (OSError, smtplib.SMTPException, UnicodeError) as problem:
            raise failure(f"the mail server {self._alerts.smtp_host}", problem) from None
        return f"taken by {self._alerts.smtp_host}" + (f", but {len(refused)}" if refused else "")

    def mail(self, to: tuple[str, ...], subject: str) -> EmailMessage:
        """Return a mail from `mail_from` that nobody's absence answers (RFC 3834); its text is still to be set."""
        mail = EmailMessage()
        mail["From"], mail["To"] = self._alerts.mail_from, ", ".join(to)
        mail["Subject"] = "".join(c if c.isprintable() else " " for c in subject)
        mail["Date"] = format_datetime(datetime.now(UTC))
        mail["Message-ID"] = make_msgid(domain=self._alerts.mail_from.rpartition("@")[2])
        mail["Auto-Submitted"] = "auto-generated"
        return mail

    def _password(self) -> str:
        path = self._alerts.smtp_password_file
        return read_secret(path, "alerts.smtp_password_file", 1).decode() if path else ""

    def connect(self) -> smtplib.SMTP:
        """Return a connection on which mail may be sent; certificates are verified. Raises what smtplib raises."""
        alerts, timeout = self._alerts, float(self._alerts.timeout_s)
        context = ssl.create_default_context()
        if alerts.smtp_security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                alerts.smtp_host, alerts.smtp_port, timeout=timeout, context=context
            )
        else:
            server = smtplib.SMTP(alerts.smtp_host, alerts.smtp_port, timeout=timeout)
        try:
            if alerts.smtp_security == "starttls":
                server.starttls(context=context)
            if alerts.smtp_user:
                server.login(alerts.smtp_user, self._password())
        except BaseException:
            server.close()
            raise
        return server
