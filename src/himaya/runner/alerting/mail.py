"""The mail channel: a plain text message by SMTP (RFC 5321), encrypted by STARTTLS (RFC 3207) or from the start."""

from __future__ import annotations

import smtplib
import ssl
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from himaya.config.types import Alerts
from himaya.runner.alerting.alert import Message
from himaya.runner.alerting.channel import failure, read_secret


class MailChannel:
    """Sends to `mail_to`, what is escalated to `owner`. The password is read anew each time, so it can be replaced.

    Raises ConfigError when it cannot be read at the start.
    """

    name = "smtp"

    def __init__(self, alerts: Alerts, owner: tuple[str, ...]) -> None:
        self._alerts = alerts
        self._owner = owner
        self._password()

    def _password(self) -> str:
        path = self._alerts.smtp_password_file
        return read_secret(path, "alerts.smtp_password_file", 1).decode() if path else ""

    def send(self, message: Message) -> str:
        """Send one mail; the server must take every recipient."""
        mail = self._mail(message)
        try:
            with self._connected() as server:
                refused = server.send_message(mail)
        except (OSError, smtplib.SMTPException, UnicodeError) as problem:
            raise failure(f"the mail server {self._alerts.smtp_host}", problem) from None
        return f"taken by {self._alerts.smtp_host}" + (f", but {len(refused)}" if refused else "")

    def _connected(self) -> smtplib.SMTP:
        """Return a connection on which mail may be sent; certificates are verified."""
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

    def _mail(self, message: Message) -> EmailMessage:
        to = self._owner if message.event == "escalated" and self._owner else self._alerts.mail_to
        mail = EmailMessage()
        mail["From"], mail["To"] = self._alerts.mail_from, ", ".join(to)
        mail["Subject"] = _line(subject(message))
        mail["Date"] = format_datetime(datetime.now(UTC))
        mail["Message-ID"] = make_msgid(domain=self._alerts.mail_from.rpartition("@")[2])
        # RFC 3834: nobody's absence answers this.
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(body(message))
        return mail


def subject(message: Message) -> str:
    """Return the subject line."""
    escalated = "ESCALATED, " if message.event == "escalated" else ""
    site = f" ({message.site})" if message.site else ""
    return f"[himaya] {escalated}{message.severity}: {message.kind}{site}"


def body(message: Message) -> str:
    """Return the text of a mail."""
    lines = [message.text, ""]
    if message.event == "escalated":
        lines += ["Nobody has acknowledged this alert.", ""]
    lines += [
        f"Alert {message.id}, {message.severity}, opened {message.opened}, {message.count} times.",
        f"Look: {message.see}",
        f"Acknowledge: himaya alert ack {message.id} --config himaya.toml",
    ]
    return "\n".join(lines) + "\n"


def _line(text: str) -> str:
    """Return text that cannot end a header line."""
    return "".join(c if c.isprintable() else " " for c in text)
