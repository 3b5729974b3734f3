"""From a message of HAProxy to who asks for what, and from a verdict to the variables that HAProxy gets."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address

from himaya.gate.door import Asked, Asker, Door
from himaya.gate.heads import Fields, values_of
from himaya.gate.spoe.frames import Message
from himaya.gate.spoe.values import Value
from himaya.gate.verdicts import Verdict

#: The name of the one message that is a question.
NAME = "himaya"

#: What HAProxy may say of the actor beside the header fields; its own word, so it is believed.
_WORDS = ("account", "tier", "fingerprint", "asn")

_ID = re.compile(r"[A-Za-z0-9_.:-]{8,128}")
#: A token (RFC 9110 section 5.6.2), and a path with query.
_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}")
_TARGET = re.compile(r"/[!-~\x80-\xff]*")


def asker_of(messages: list[Message], door: Door) -> Asker | None:
    """Return who asks for what; None where the messages do not tell it, or tell it twice.

    Header fields that speak for others (`X-Forwarded-For`, an account header) are believed where `src` is a trusted
    proxy, as everywhere: HAProxy may stand behind one. An address HAProxy does not know is "".
    """
    if len(messages) != 1 or messages[0].name != NAME:
        return None
    told = messages[0].args
    fields = _fields(told.get("headers"))
    asked = _asked(told, values_of(fields)) if fields is not None else None
    peer = told.get("src")
    if (
        fields is None
        or asked is None
        or not (peer is None or isinstance(peer, IPv4Address | IPv6Address))
    ):
        return None
    address = "" if peer is None else str(peer)
    now = door.authority.clock()
    actor = door.finder.find(fields, address, now)
    words = {name: _bytes(told[name]) for name in _WORDS if told.get(name) is not None}
    if words:
        actor = door.finder.told(actor, words, now)
    request = door.request(actor, asked, now)
    door.probe(request, "", now, trusted=True)
    return Asker(request, now, believed=True)


def _asked(told: dict[str, Value], fields: dict[bytes, bytes]) -> Asked | None:
    """Return what is asked for; the id may be left out, nothing else."""
    method, target, name = told.get("method"), told.get("target"), told.get("id")
    if not (isinstance(method, str) and _METHOD.fullmatch(method)):
        return None
    if not (isinstance(target, str) and _TARGET.fullmatch(target)):
        return None
    known = name if isinstance(name, str) and _ID.fullmatch(name) else ""
    wanted = target.encode("latin-1").decode("utf-8", "backslashreplace")
    host, cookie, agent = (fields.get(name, b"") for name in (b"host", b"cookie", b"user-agent"))
    return Asked(known, method, wanted, host, cookie, agent)


def _fields(headers: Value) -> Fields | None:
    """Return header fields as `req.hdrs` writes them; None without the empty line that says they are all there."""
    if not isinstance(headers, str) or not f"\r\n{headers}".endswith("\r\n\r\n"):
        return None
    lines = headers.encode("latin-1").split(b"\r\n")
    pairs = (line.partition(b":") for line in lines if line)
    return [(name.lower(), value.strip()) for name, _, value in pairs]


def _bytes(value: Value) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("latin-1", "replace")


def variables_of(verdict: Verdict) -> list[tuple[str, Value]]:
    """Return what HAProxy gets of a verdict: always every variable. `delay` is in ms, `retry_after` in s."""
    return [
        ("verdict", verdict.action.value),
        ("pass", verdict.passes),
        ("redact", verdict.redact),
        ("reference", verdict.reference),
        ("retry_after", verdict.decision.retry_after_s),
        ("delay", int(1000 * verdict.delay_s) if verdict.passes else 0),
    ]
