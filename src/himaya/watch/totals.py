"""What all chunks of a scan say together, before anybody is judged."""

from __future__ import annotations

import msgspec

from himaya.watch.reading import Claim, Reading
from himaya.watch.result import MalformedSample, UnobservedResult
from himaya.watch.source import Source

#: Malformed lines shown in the end.
SAMPLES = 10

#: Different claimed crawlers counted, and addresses remembered of each.
_CLAIMS = 300
_CLAIM_ADDRESSES = 100_000


class Totals(msgspec.Struct):
    """Sums over all readings. `ends` holds per torn log when it broke off."""

    lines: int = 0
    parsed: int = 0
    malformed: int = 0
    first: float | None = None
    last: float | None = None
    with_account: int = 0
    with_subjects: int = 0
    with_forwarded: int = 0
    claims: dict[str, Claim] = msgspec.field(default_factory=dict)
    samples: list[MalformedSample] = msgspec.field(default_factory=list)
    torn: list[tuple[str, str, float | None]] = msgspec.field(default_factory=list)

    def add(self, reading: Reading, source: Source) -> None:
        """Add one reading."""
        self.lines += reading.lines
        self.parsed += reading.parsed
        self.malformed += reading.malformed
        self.with_account += reading.with_account
        self.with_subjects += reading.with_subjects
        self.with_forwarded += reading.forwarded
        if reading.first is not None and reading.last is not None:
            self.first = reading.first if self.first is None else min(self.first, reading.first)
            self.last = reading.last if self.last is None else max(self.last, reading.last)
        self._add_samples(reading, source)
        for name, claim in reading.claims.items():
            self._add_claim(name, claim)

    def _add_samples(self, reading: Reading, source: Source) -> None:
        for one in reading.samples[: SAMPLES - len(self.samples)]:
            self.samples.append(
                MalformedSample(file=source.label, line=one.line, text=one.text, why=one.why)
            )

    def _add_claim(self, name: str, claim: Claim) -> None:
        held = self.claims.get(name)
        if held is None:
            if len(self.claims) >= _CLAIMS:
                return
            held = self.claims[name] = Claim()
        held.requests += claim.requests
        if len(held.addresses) < _CLAIM_ADDRESSES:
            held.addresses |= claim.addresses

    def ended(self, source: Source, last: float | None) -> None:
        """Note a log that broke off; `last` is the time of its last line."""
        if source.torn:
            self.torn.append((source.label, source.torn, last))

    def unobserved(self) -> tuple[UnobservedResult, ...]:
        """Return the periods after logs that broke off: from their last line to the end of the scan's period."""
        return tuple(
            UnobservedResult(start=last, end=self.last, why=f"{file} breaks off: {why}")
            for file, why, last in self.torn
            if last is not None and self.last is not None
        )
