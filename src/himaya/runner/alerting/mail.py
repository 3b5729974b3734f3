"""The mail channel: a plain text message over the mail server of `[alerts]`."""

from __future__ import annotations

from email.message import EmailMessage

from himaya.config.types import Alerts
from himaya.runner.alerting.alert import Message
from himaya.runner.alerting.smtp import MailServer


class MailChannel:
    """Sends to `mail_to`, what is escalated to `owner`. Raises ConfigError when the password cannot be read."""

    name = "smtp"

    def __init__(self, alerts: Alerts, owner: tuple[str, ...]) -> None:
        self._mail_to, self._owner = alerts.mail_to, owner
        self._server = MailServer(alerts)

    def send(self, message: Message) -> str:
        """Send one mail; the server must take every recipient."""
        return self._server.send(self._mail(message))

    def _mail(self, message: Message) -> EmailMessage:
        to = self._owner if message.event == "escalated" and self._owner else self._mail_to
        mail = self._server.mail(to, subject(message))
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
