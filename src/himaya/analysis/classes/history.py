"""The limit of every class of access over all configurations that were in force, from the ledger's chain."""

from __future__ import annotations

import tomllib

import msgspec

from himaya.analysis.classes.limits import Limit, limits_of
from himaya.config.decode import decode
from himaya.ledger.answers import Unobserved
from himaya.ledger.reader import Reader
from himaya.ledger.versions import Version, versions

_UNREADABLE = "what was in force then cannot be read by this release"
_LOG = "a log was read: nothing was enforced"


class Span(msgspec.Struct, frozen=True):
    """A limit of a class, in force from `since` until `until` ("": still), ISO 8601 UTC; `gap` is "" where none is."""

    access: str
    limit: str
    since: str
    until: str
    gap: str


class Classes(msgspec.Struct, frozen=True):
    """Every class of access, each with its limits in the order of time, and the periods in which nothing was observed.

    `gaps` are the classes that have a gap now.
    """

    spans: tuple[Span, ...]
    gaps: tuple[str, ...]
    unobserved: tuple[Unobserved, ...]
    note: str = (
        "Limits are people, weighted, of each account, key, address and so on. A route that no surface declares is"
        " under no limit; `himaya discover` and `himaya reconcile` look for them."
    )


def classes(reader: Reader) -> Classes:
    """Return which limit held for every class, and when. Raises LedgerError."""
    found: dict[str, list[Span]] = {}
    for version in versions(reader.chain, reader.keys):
        for limit in _limits(version, tuple(found)):
            _extend(found.setdefault(limit.access, []), limit, version)
    spans = tuple(span for one in found.values() for span in one)
    open_ = [span.access for span in spans if span.gap and not span.until]
    return Classes(spans, tuple(open_), tuple(reader.unobserved()))


def _limits(version: Version, known: tuple[str, ...]) -> list[Limit]:
    """Return the limits of a version; of one without a text that can be read, a gap for every class known."""
    config = decode(tomllib.loads(version.text))[0] if version.text else None
    if config is None:
        return [Limit(access, "", _UNREADABLE) for access in known]
    config = msgspec.structs.replace(
        config, mode="enforce" if version.mode == "enforce" else "shadow"
    )
    limits = list(limits_of(config))
    if version.mode:
        return limits
    return [Limit(one.access, one.limit, one.gap and _LOG) for one in limits]


def _extend(spans: list[Span], limit: Limit, version: Version) -> None:
    """Go on with the last span of a class where nothing changed for it, else begin another one."""
    if spans and (spans[-1].limit, spans[-1].gap, spans[-1].until) == (
        limit.limit,
        limit.gap,
        version.at,
    ):
        spans[-1] = msgspec.structs.replace(spans[-1], until=version.until)
        return
    spans.append(Span(limit.access, limit.limit, version.at, version.until, limit.gap))
