"""The channels of a configuration."""

from __future__ import annotations

from himaya.config import Config
from himaya.config.alerts import is_mail
from himaya.runner.alerting.channel import Channel
from himaya.runner.alerting.command import CommandChannel
from himaya.runner.alerting.mail import MailChannel
from himaya.runner.alerting.webhook import WebhookChannel


def channels_of(config: Config) -> list[Channel]:
    """Return a channel for each that is configured. Raises ConfigError for a secret that cannot be read."""
    alerts, found = config.alerts, list[Channel]()
    if alerts.command:
        found.append(CommandChannel(alerts.command, float(alerts.timeout_s)))
    if alerts.smtp_host:
        found.append(MailChannel(alerts, owners(config)))
    if alerts.webhook_url:
        timeout = float(alerts.timeout_s)
        found.append(WebhookChannel(alerts.webhook_url, alerts.webhook_secret_file, timeout))
    return found


def owners(config: Config) -> tuple[str, ...]:
    """Return who gets what nobody acknowledged: `escalate_to`, else the owner's contact where it is a mail address."""
    contact = config.owner.contact
    return config.alerts.escalate_to or ((contact,) if is_mail(contact) else ())
