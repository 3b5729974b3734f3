"""`[alerts]`: a channel is whole, or the configuration is refused with what is missing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.config import loads
from himaya.config.alerts import is_mail
from himaya.core.errors import ConfigError

SITE = """
[owner]
name = "Trust"
contact = "{contact}"
[[surface]]
id = "profile"
route = "/u/{{subject}}"
[alerts]
{alerts}
"""
MAIL = (
    'smtp_host = "mail.example"\nmail_from = "h@people.example"\nmail_to = ["o@people.example"]\n'
)


def said(alerts: str, contact: str = "owner@people.example") -> str:
    """Return what is said of `[alerts]`; "" when nothing is."""
    try:
        loads(SITE.format(contact=contact, alerts=alerts))
    except ConfigError as problem:
        return str(problem)
    return ""


@pytest.mark.parametrize(
    ("alerts", "words"),
    [
        ('command = "sh \'x"', "cannot be split into words"),
        ('command = " "', "expected a command, got only space"),
        ('smtp_host = "mail.example"\nmail_to = ["o@people.example"]', "mail needs a sender"),
        ('smtp_host = "mail.example"\nmail_from = "h@people.example"', "somebody to go to"),
        ('mail_to = ["nobody"]', 'expected a mail address, got "nobody"'),
        (MAIL + 'smtp_user = "u"', "a login has a user and a password"),
        (
            MAIL + 'smtp_user = "u"\nsmtp_password_file = "p"\nsmtp_security = "none"',
            "a password would be sent in the clear",
        ),
        ('webhook_url = "ftp://x.example"\nwebhook_secret_file = "s"', "expected http://..."),
        ('webhook_url = "https://u@x.example"\nwebhook_secret_file = "s"', "without a name in it"),
        ('webhook_url = "https://x.example"', "so it needs a secret"),
    ],
)
def test_half_a_channel_is_refused(alerts: str, words: str) -> None:
    """A channel that could not send is a mistake of the file, named with what it lacks."""
    assert words in said(alerts)


def test_whole_channels_are_taken() -> None:
    """Mail with a sender and somebody to go to, a login with its password, a webhook with its secret."""
    assert said(MAIL) == ""
    assert said(MAIL + 'smtp_user = "u"\nsmtp_password_file = "p"') == ""
    assert said('webhook_url = "https://x.example/hook"\nwebhook_secret_file = "s"') == ""


def test_an_escalation_reaches_somebody() -> None:
    """Where mail is what there is, an owner's page is no address to escalate to."""
    assert "no mail address to escalate to" in said(MAIL, contact="https://people.example/help")
    named = MAIL + 'escalate_to = ["owner@people.example"]'
    assert said(named, contact="https://people.example/help") == ""


@given(st.text(max_size=40))
def test_no_mail_address_ends_a_header_line(text: str) -> None:
    """What passes for an address has one @ and no space, bracket or line end: it can stand in a header."""
    if is_mail(text):
        assert text.count("@") == 1
        assert not set(text) & set("<>,; \t\r\n")
