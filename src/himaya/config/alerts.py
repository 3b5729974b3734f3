"""What must hold of `[alerts]`: a channel is whole, or it is not there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from urllib.parse import urlsplit

from himaya.config.config import Config
from himaya.config.decode import Problem
from himaya.config.types import Alerts

#: A mail address as far as it can be checked without sending: one @, a host, nothing that ends a header line.
_MAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")


def is_mail(text: str) -> bool:
    """Tell whether a text looks like one mail address."""
    return bool(_MAIL.fullmatch(text))


def alert_problems(config: Config) -> Iterator[Problem]:
    """Yield what is wrong with the alerts."""
    alerts = config.alerts
    yield from _command(alerts.command)
    yield from _mail(alerts)
    yield from _webhook(alerts)
    yield from _escalation(config)


def _command(command: str) -> Iterator[Problem]:
    try:
        parts = shlex.split(command)
    except ValueError as problem:
        yield Problem(("alerts", "command"), f"cannot be split into words: {problem}.")
        return
    if command and not parts:
        yield Problem(("alerts", "command"), "expected a command, got only space.")


def _mail(alerts: Alerts) -> Iterator[Problem]:
    yield from _addresses("mail_to", alerts.mail_to)
    yield from _addresses("escalate_to", alerts.escalate_to)
    if not alerts.smtp_host:
        return
    cause = ("alerts", "smtp_host")
    if not is_mail(alerts.mail_from):
        hint = 'Example: mail_from = "himaya@people.example"'
        yield Problem(("alerts", "mail_from"), "mail needs a sender.", hint, cause)
    if not alerts.mail_to:
        hint = 'Example: mail_to = ["oncall@people.example"]'
        yield Problem(("alerts", "mail_to"), "mail needs somebody to go to.", hint, cause)
    if alerts.smtp_user and alerts.smtp_security == "none":
        hint = 'Write "starttls" or "tls".'
        yield Problem(
            ("alerts", "smtp_security"), "a password would be sent in the clear.", hint, cause
        )
    if bool(alerts.smtp_user) != bool(alerts.smtp_password_file):
        missing = "smtp_password_file" if alerts.smtp_user else "smtp_user"
        hint = "Set both, or neither."
        yield Problem(("alerts", missing), "a login has a user and a password.", hint, cause)


def _addresses(key: str, addresses: tuple[str, ...]) -> Iterator[Problem]:
    for at, text in enumerate(addresses):
        if not is_mail(text):
            yield Problem(("alerts", key, at), f'expected a mail address, got "{text}".')


def _webhook(alerts: Alerts) -> Iterator[Problem]:
    yield from hook_problems(
        "alerts",
        ("webhook_url", alerts.webhook_url),
        ("webhook_secret_file", alerts.webhook_secret_file),
    )


def hook_problems(table: str, url: tuple[str, str], secret: tuple[str, str]) -> Iterator[Problem]:
    """Yield what is wrong with a signed webhook; `url` and `secret` are key and value of its place and secret file."""
    if not url[1]:
        return
    try:
        parts = urlsplit(url[1])
        is_plain = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        is_plain = is_plain and parts.username is None and url[1].isprintable()
    except ValueError:
        is_plain = False
    if not is_plain or " " in url[1]:
        yield Problem((table, url[0]), "expected http://... or https://..., without a name in it.")
    if not secret[1]:
        yield Problem(
            (table, secret[0]),
            "a webhook is signed, so it needs a secret.",
            "Make one: openssl rand -hex 32 > FILE; chmod 600 FILE",
            (table, url[0]),
        )


def _escalation(config: Config) -> Iterator[Problem]:
    """A high alert has to reach the owner: by mail, where mail is what there is."""
    alerts = config.alerts
    lone = alerts.smtp_host and alerts.escalate_s and not alerts.escalate_to
    if lone and config.owner.contact and not is_mail(config.owner.contact):
        yield Problem(
            ("alerts", "escalate_to"),
            f'owner.contact is "{config.owner.contact}", no mail address to escalate to.',
            'Name one: escalate_to = ["owner@people.example"], or escalate_s = 0.',
            ("alerts", "smtp_host"),
        )
