"""One test alert over every channel, at once, and what each says."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from himaya.core.errors import HimayaError
from himaya.runner.alerting import words
from himaya.runner.alerting.alert import Alert, Message
from himaya.runner.alerting.channel import Channel


class Tried(msgspec.Struct, frozen=True):
    """What one channel said."""

    channel: str
    ok: bool
    said: str


def try_channels(channels: Iterable[Channel], site: str, now: float) -> list[Tried]:
    """Send a test over each channel, one after the other; nothing is written down or tried again."""
    one = words.test(now)
    alert = Alert(0, one.kind, one.severity, now, now, 1, one.text, one.see, one.reference)
    return [_try(channel, Message.of(alert, "test", site)) for channel in channels]


def _try(channel: Channel, message: Message) -> Tried:
    try:
        return Tried(channel.name, ok=True, said=channel.send(message))
    except HimayaError as problem:
        return Tried(channel.name, ok=False, said=str(problem))
