"""What bouncers say they did: the body of `POST /v1/usage-metrics`, as counts that can be added up.

It is evidence from the edge: how many requests or packets were looked at, and how many were dropped.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from himaya.core.errors import InputError

#: Bytes of a body as sent, and once unpacked.
MAX_BODY, MAX_DECODED = 256 * 1024, 1024 * 1024

#: Counts taken of one body; characters of a word.
_MOST, _LONGEST = 500, 64


class _Meta(msgspec.Struct):
    window_size_seconds: float = 0.0
    utc_now_timestamp: float = 0.0


class _Item(msgspec.Struct):
    name: str
    value: float
    unit: str = ""
    labels: dict[str, str] | None = None


class _Metrics(msgspec.Struct):
    meta: _Meta
    items: list[_Item]


class _Component(msgspec.Struct):
    version: str = ""
    type: str = ""
    metrics: list[_Metrics] | None = None


class _Body(msgspec.Struct):
    remediation_components: list[_Component] | None = None


class Count(msgspec.Struct, frozen=True):
    """One count: what, of which origin and kind (`labels`, sorted), in which unit. A gauge replaces, others add up."""

    component: str
    name: str
    unit: str
    labels: str
    value: float

    @property
    def is_gauge(self) -> bool:
        """Tell whether it says how much there is, not how much came."""
        return self.name.startswith("active")


class MalformedError(InputError):
    """The body is no JSON at all."""


def read_usage(body: bytes) -> list[Count]:
    """Return the counts of a body, at most 500. Raises MalformedError, or InputError for JSON of another shape."""
    try:
        told = msgspec.json.decode(body, type=_Body)
    except msgspec.ValidationError as problem:
        raise InputError(f"validation failure: {problem}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise MalformedError(f"not JSON: {problem}") from None
    found: list[Count] = []
    for count in _counts(told):
        if len(found) >= _MOST:
            break
        found.append(count)
    return found


def _counts(told: _Body) -> Iterator[Count]:
    for component in told.remediation_components or []:
        for metrics in component.metrics or []:
            for item in metrics.items:
                yield Count(
                    _word(component.type),
                    _word(item.name),
                    _word(item.unit),
                    _labels(item.labels or {}),
                    min(max(item.value, -1e15), 1e15),
                )


def _labels(labels: dict[str, str]) -> str:
    told = sorted(labels.items())[:8]
    return " ".join(f"{_word(key)}={_word(value)}" for key, value in told)


def _word(text: str) -> str:
    """Return a word that can be printed anywhere."""
    kept = "".join(c for c in text[:_LONGEST] if c.isprintable() and not c.isspace())
    return kept.encode("ascii", "replace").decode()
