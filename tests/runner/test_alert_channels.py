"""The channels: a command, mail and a webhook, against programs that answer, refuse, lie and hang."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import sys
import time

import pytest
from tests.runner.alerting_support import (
    SECRET,
    Hook,
    MailServer,
    certificate,
    config_of,
    secret_file,
)

from himaya.config import Alerts
from himaya.core.errors import ConfigError, ServiceError
from himaya.runner.alerting import Message, channels_of
from himaya.runner.alerting.command import CommandChannel
from himaya.runner.alerting.mail import MailChannel
from himaya.runner.alerting.webhook import WebhookChannel, signature

MESSAGE = Message(
    "opened", "People", 7, "case", "high", "2026-03-02T09:15:00+00:00", "2026-03-02T09:15:00+00:00",
    1, "A case was opened: 3 actors.", "himaya case show g1 --ledger LEDGER", "case g1",
)  # fmt: skip
ESCALATED = Message(
    **{**{f: getattr(MESSAGE, f) for f in Message.__struct_fields__}, "event": "escalated"}
)


def script(tmp_path, text):
    path = tmp_path / "alert.py"
    path.write_text(text)
    return f"{sys.executable} {path} 'two words'"


# the command --------------------------------------------------------------------------------------


def test_the_command_gets_the_alert(tmp_path):
    """The alert is JSON on standard input, one line; the words are split without a shell."""
    out = tmp_path / "out"
    program = f"import sys; open({str(out)!r}, 'w').write(sys.stdin.read() + sys.argv[1])"
    CommandChannel(script(tmp_path, program), 30.0).send(MESSAGE)
    line, words = out.read_text().split("\n")
    assert words == "two words"
    told = json.loads(line)
    assert (told["event"], told["id"], told["kind"]) == ("opened", 7, "case")


def test_a_command_that_hangs_is_ended_with_its_children(tmp_path):
    """A command past its time is stopped, and what it started too."""
    hanging = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
    begun = time.monotonic()
    with pytest.raises(ServiceError, match=r"did not end within 0\.3 s"):
        CommandChannel(script(tmp_path, hanging), 0.3).send(MESSAGE)
    assert time.monotonic() - begun < 20


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("/nowhere/at/all", "cannot be run"),
        (f"{sys.executable} -c 'raise SystemExit(3)'", "with 3"),
    ],
)
def test_a_command_that_fails_is_told(command, said):
    """A command that is missing or fails says so."""
    with pytest.raises(ServiceError, match=said):
        CommandChannel(command, 30.0).send(MESSAGE)


def test_a_command_that_cannot_be_split_is_a_configuration_error():
    """An open quote is found at the start."""
    with pytest.raises(ConfigError, match=r"alerts\.command"):
        CommandChannel("mail 'operator", 30.0)


# the webhook --------------------------------------------------------------------------------------


def test_the_webhook_is_signed(tmp_path):
    """The receiver can recompute the signature over time and body from the secret, and knows a message again."""
    with Hook() as hook:
        channel = WebhookChannel(hook.url, str(secret_file(tmp_path)), 10.0, lambda: 1234.9)
        assert channel.send(MESSAGE) == "127.0.0.1 answered 204"
        ((path, headers, body),) = hook.got
    assert path == "/hook?a=1"
    assert headers["himaya-alert"] == "7.opened"
    expected = hmac.new(SECRET.encode(), b"1234." + body, hashlib.sha256).hexdigest()
    assert (
        headers["himaya-signature"]
        == f"t=1234,v1={expected}"
        == signature(SECRET.encode(), 1234, body)
    )
    assert json.loads(body)["text"] == "A case was opened: 3 actors."


def test_the_webhook_follows_no_redirect(tmp_path):
    """A receiver that sends us elsewhere is a failure; nothing is sent there."""
    with Hook() as other, Hook(307, other.url) as hook:
        with pytest.raises(ServiceError, match="answered 307"):
            WebhookChannel(hook.url, str(secret_file(tmp_path)), 10.0).send(MESSAGE)
        assert other.got == []


def test_a_webhook_that_hangs_ends(tmp_path):
    """A receiver that takes the connection and says nothing costs its own time limit."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(ServiceError, match="timed out"):
            WebhookChannel(url, str(secret_file(tmp_path)), 0.3).send(MESSAGE)
    with pytest.raises(ServiceError, match="refused"):
        WebhookChannel(url, str(secret_file(tmp_path)), 5.0).send(MESSAGE)


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [("short", 0o600, "fewer than 16"), (SECRET, 0o644, "chmod 600"), (None, 0, "cannot read")],
)
def test_a_secret_that_is_none_is_refused(tmp_path, text, mode, said):
    """A secret too short, readable by others or missing is a configuration error at the start."""
    path = tmp_path / "secret"
    if text is not None:
        path.write_text(text)
        path.chmod(mode)
    with pytest.raises(ConfigError, match=said):
        WebhookChannel("http://127.0.0.1:1/", str(path), 5.0)


# mail ---------------------------------------------------------------------------------------------


def alerts(server, **more):
    told = {
        "smtp_host": "localhost",
        "smtp_port": server.port,
        "smtp_security": "none",
        "mail_from": "himaya@people.example",
        "mail_to": ("oncall@people.example",),
        "timeout_s": 10,
    }
    return Alerts(**{**told, **more})


def test_a_mail_says_what_and_how_to_look():
    """Text, number, command to look and to acknowledge; no answering machine answers it."""
    with MailServer() as server:
        MailChannel(alerts(server), ("owner@people.example",)).send(MESSAGE)
        MailChannel(alerts(server), ("owner@people.example",)).send(ESCALATED)
        first, second = server.mails
    assert "To: oncall@people.example" in first
    assert "Subject: [himaya] high: case (People)" in first
    assert "Auto-Submitted: auto-generated" in first
    assert "himaya case show g1" in first
    assert "himaya alert ack 7" in first
    assert "To: owner@people.example" in second
    assert "ESCALATED" in second


def test_mail_is_encrypted_before_the_password(tmp_path, monkeypatch):
    """With STARTTLS, or TLS from the start, the login comes after the handshake and the certificate is checked."""
    pem = certificate(tmp_path)
    password = secret_file(tmp_path, "p4ss", "password")
    login = "AUTH PLAIN " + base64.b64encode(b"\0himaya\0p4ss").decode()
    more = {"smtp_user": "himaya", "smtp_password_file": str(password)}
    for security in ("starttls", "tls"):
        with MailServer(certificate=pem, implicit=security == "tls", login=login) as server:
            channel = MailChannel(alerts(server, smtp_security=security, **more), ())
            with pytest.raises(ServiceError, match=r"(?i)certificate|verify"):
                channel.send(MESSAGE)
            assert not server.mails
            assert not any("AUTH" in line for line in server.lines)
            monkeypatch.setenv("SSL_CERT_FILE", str(pem))
            channel.send(MESSAGE)
            assert len(server.mails) == 1
            monkeypatch.delenv("SSL_CERT_FILE")


def test_mail_without_the_encryption_asked_for_is_not_sent():
    """A server that offers no STARTTLS gets nothing."""
    with MailServer() as server:
        with pytest.raises(ServiceError, match=r"(?i)starttls"):
            MailChannel(alerts(server, smtp_security="starttls"), ()).send(MESSAGE)
        assert server.mails == []


def test_a_refused_recipient_is_told():
    """A server that takes nobody is a failure."""
    with MailServer() as server, pytest.raises(ServiceError, match="mail server localhost"):
        MailChannel(alerts(server, mail_to=("nobody@people.example",)), ()).send(MESSAGE)


def test_channels_are_those_of_the_configuration(tmp_path):
    """Each configured channel once; the owner's address is where escalations go."""
    secret = secret_file(tmp_path)
    text = (
        'command = "true"\nsmtp_host = "localhost"\nmail_from = "a@b.example"\nmail_to = ["c@b.example"]\n'
        f'webhook_url = "https://hooks.example/x"\nwebhook_secret_file = "{secret}"'
    )
    config = config_of(tmp_path, text, '[owner]\nname = "N"\ncontact = "owner@b.example"')
    assert [each.name for each in channels_of(config)] == ["command", "smtp", "webhook"]
    assert channels_of(config_of(tmp_path)) == []
