"""A ledger in memory: the rows as a reader would give them, so that a test can play thousands of sites."""

from __future__ import annotations

import itertools

import msgspec

from himaya.analysis.bound.audit import _judge
from himaya.analysis.bound.grouped import Grouped
from himaya.analysis.bound.judge import Judge
from himaya.analysis.bound.lapses import Lapses
from himaya.analysis.bound.outside import Gaps
from himaya.analysis.bound.versions import Versions, _read
from himaya.core.disclosure import Disclosures
from himaya.ledger.batch import Gap, _age, _nobody
from himaya.ledger.rows import Row
from himaya.ledger.schema import micros
from himaya.ledger.state import Lapse


class Memory:
    """Takes what a ledger takes."""

    def __init__(self) -> None:
        self.items: list[Disclosures] = []
        self.gaps: list[Gap] = []
        self.texts: dict[str, str] = {}
        self._ids: dict[str, int] = {}

    def append(self, item: Disclosures) -> None:
        self.items.append(item)

    def note_gap(self, start: float, end: float, why: str) -> None:
        self.gaps.append(Gap(start, end, why))

    def config_version(self, policy: str, text: str, now: float) -> None:
        self.texts[policy] = text

    def flush(self) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""

    def rows(self) -> list[Row]:
        found = itertools.chain.from_iterable(self._rows(item) for item in self.items)
        return sorted(found, key=lambda row: (row.at, row.actor_id, row.subject_id))

    def _rows(self, item: Disclosures):
        kind = "lookup_hit" if item.kind == "lookup" else item.kind
        for person in item.shown:
            sure = person.certainty.value
            yield self._row(item, kind, 1, person.subject, person.fields, sure)
        for nobody, count in _nobody(item):
            yield self._row(item, nobody, count)

    def _row(self, item, kind, count, subject="", fields=(), certainty="") -> Row:
        at = micros(item.at) / 1e6
        age = _age(item.at, item.actor.account_created)
        actor = msgspec.structs.replace(item.actor, account_created=None if age < 0 else at - age)
        return Row(
            at, kind, item.surface, actor, actor.name, self._id(actor.name), subject,
            self._id(subject), tuple(sorted(fields)), item.access, item.scope, item.status,
            certainty, item.decision, item.source, item.policy, count, 0.0, "",
            item.batch, item.group,
        )  # fmt: skip

    def _id(self, name: str) -> int:
        return self._ids.setdefault(name, len(self._ids) + 1) if name else 0

    def judge(self, lapses: list[Lapse] | tuple[()] = ()) -> Judge:
        """Return the judge of all rows, after the last one."""
        kept = {policy: _read(text, policy) for policy, text in self.texts.items()}
        grouped = Grouped(anybody=tuple({row.group: None for row in self.rows() if row.group}))
        versions, gaps = Versions(kept, tuple(kept)), Gaps(sorted(self.gaps))
        judge = Judge(versions, gaps, frozenset(), 0.0, grouped)
        judge.lapses = Lapses(lapses)
        _judge(judge, self.rows())
        return judge
