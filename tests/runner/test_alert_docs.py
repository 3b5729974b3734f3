"""docs/alerts.md is true: its configuration loads, its receiver accepts what is sent, its tables are complete."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import msgspec

from himaya.config import loads
from himaya.runner.alerting import Kind, Message
from himaya.runner.alerting.webhook import signature

PAGE = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_configuration_of_the_page_loads(tmp_path):
    """Whoever copies the block has three channels."""
    (text,) = blocks("toml")
    alerts = loads(text, directory=tmp_path).alerts
    assert all((alerts.command, alerts.smtp_host, alerts.webhook_url))


def test_the_receiver_of_the_page_accepts_what_is_sent_and_nothing_else():
    """The printed function takes our signature and refuses another body, another secret and an old time."""
    (text,) = blocks("python")
    names = {}
    exec(text, names)
    secret, now, body = b"0123456789abcdef", int(time.time()), b'{"id":7}'
    is_ours = names["is_ours"]
    assert is_ours(secret, signature(secret, now, body), body)
    assert not is_ours(secret, signature(secret, now, body), body + b" ")
    assert not is_ours(b"another secret of 16", signature(secret, now, body), body)
    assert not is_ours(secret, signature(secret, now - 900, body), body)


def test_the_message_of_the_page_is_one():
    """The printed JSON has the keys that a channel gets, no more and no fewer."""
    (text,) = blocks("json")
    assert list(json.loads(text)) == list(Message.__struct_fields__)
    assert isinstance(msgspec.convert(json.loads(text), Message), Message)


def test_every_kind_is_on_the_page():
    """Each kind of alert stands in the table, and nothing else does."""
    told = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)
    assert set(told) == set(Kind) - {Kind.TEST}
