"""What every front door that asks the authority is told, and who may ask: the parts its adapters share.

The verdict headers are always all sent. Caddy writes its own placeholder text into a request where one is missing.
"""

from __future__ import annotations

import hmac
import logging
import re

from himaya.core.decision import Action
from himaya.gate.heads import Fields, RequestHead
from himaya.gate.inbound import Inbound
from himaya.gate.reply import plain_reply
from himaya.gate.verdicts import REFUSED, Verdict

log = logging.getLogger(__name__)

#: A token (RFC 9110 section 5.6.2), and what front doors let through as a target: nginx takes raw bytes above ASCII.
METHOD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}")
TARGET = re.compile(rb"/[!-~\x80-\xff]*")


#: Addresses of front doors that are remembered; further ones are bounded like any client.
_FRONTS = 64


class Once:
    """Says one thing once: what a visitor can cause must not fill the log."""

    def __init__(self, words: str) -> None:
        self._words = words
        self._said = False

    def __call__(self) -> None:
        """Say it, the first time."""
        if not self._said:
            self._said = True
            log.warning(self._words)


class Vouching:
    """Tells front doors from strangers: one is believed on a Unix socket, or when it shows `secret`."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._tell_stranger = Once(
            "somebody asked without the right X-Himaya-Secret and was refused"
        )
        self._fronts: set[str] = set()

    def knows(self, peer: str) -> bool:
        """Tell whether a front door showed the secret from this address: all its visitors come from there."""
        return peer in self._fronts

    def __call__(self, head: RequestHead, out: Inbound) -> bool:
        """Tell whether a request comes from a front door; the first stranger is logged."""
        if out.on_unix:
            return True
        told = head.get(b"x-himaya-secret")
        believed = bool(self._secret) and hmac.compare_digest(told, self._secret)
        if believed and len(self._fronts) < _FRONTS:
            self._fronts.add(out.peer)
        if not believed:
            self._tell_stranger()
        return believed


def verdict_fields(verdict: Verdict) -> Fields:
    """Return the header fields of a verdict, all of them, whatever the verdict."""
    return [
        *decision_fields(verdict.action, verdict.redact, verdict.decision.retry_after_s),
        (b"himaya-reference", verdict.reference.encode()),
    ]


def decision_fields(action: Action, redact: str, retry_after_s: int) -> Fields:
    """Return the fields of a verdict that are the same for every request that is decided alike."""
    return [
        (b"himaya-verdict", action.value.encode()),
        (b"himaya-redact", redact.encode()),
        (b"himaya-retry-after", b"%d" % retry_after_s),
    ]


def refuse_unread(status: int, why: str) -> bytes:
    """Return the answer to a question that could not be read, as a listener's `refusal`.

    A visitor's fields are part of the question, and any code but 200, 401 and 403 says to a front door that himaya
    is broken, so that it may let the page pass. Too slow (408) and too many (503) are not the visitor's making.
    """
    if status in {408, 503}:
        return plain_reply(status, why)
    return plain_reply(403, why, fields=verdict_fields(REFUSED))
