"""The traffic a calibration rests on: access logs or the ledger; and the accounts that stand in a case."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import msgspec

from himaya.analysis.cases import Case, CaseStore, State, cases_path
from himaya.config import Config
from himaya.core.exchange import Exchange
from himaya.core.facts import Facts
from himaya.ledger.forecasts import ENFORCE
from himaya.ledger.names import FOREVER
from himaya.ledger.reader import Reader
from himaya.ledger.schema import Kind
from himaya.watch.calibration.gauge import Gauge
from himaya.watch.calibration.outcome import Terms, receipt_of, used_of
from himaya.watch.calibration.proven import Proof
from himaya.watch.calibration.receipt import Receipt
from himaya.watch.ledger_rows import LedgerRows
from himaya.watch.loglines import LogLines


class Honest(msgspec.Struct, frozen=True):
    """The accounts that were proven, and those that stand in a case; None where no cases are known."""

    proofs: Mapping[str, Proof]
    in_cases: frozenset[str] | None = None


class Span(msgspec.Struct, frozen=True):
    """The period (microseconds); what comes before it only warms up."""

    start: int = 0
    end: int = FOREVER


class Calibration:
    """A calibration under way: let it read logs or a ledger, then ask for the receipt."""

    def __init__(
        self, config: Config, facts: Facts | None, honest: Honest, terms: Terms, span: Span
    ) -> None:
        """Calibrate the keys of a configuration."""
        self._config, self._honest, self._terms, self._span = config, honest, terms, span
        self._gauge = Gauge(config.policy(), facts, honest.proofs.keys(), span.start / 1e6)

    def logs(self, names: Sequence[str], form: str = "") -> Receipt:
        """Return the receipt of access logs. Raises InputError for a log that cannot be read."""
        lines = LogLines(self._config, self._config.surfaces)
        lines.read(names, self._take, form=form)
        read = lines.totals
        return self._receipt(
            {
                "kind": "log",
                "logs": len(names),
                "lines": read.lines,
                "malformed": read.malformed,
                "left_out": lines.left_out,
            }
        )

    def ledger(self, reader: Reader) -> Receipt:
        """Return the receipt of the rows of a ledger. Raises LedgerError."""
        enforcing = [entry.policy for entry in reader.state().configs if entry.mode == ENFORCE]
        rows = LedgerRows(self._config.surfaces, enforcing)
        rows.read(reader.rows(0, self._span.end), self._take)
        return self._receipt(
            {
                "kind": "ledger",
                "rows": rows.rows,
                "rows_of_other_surfaces": rows.unplaced,
                "rows_while_enforcing": rows.enforced,
                "unobserved": len(reader.unobserved(self._span.start, self._span.end)),
            }
        )

    def _take(self, exchange: Exchange, at: float) -> None:
        if at * 1e6 < self._span.end:
            self._gauge.add(exchange, at)

    def _receipt(self, source: dict[str, int | str]) -> Receipt:
        known = self._honest.in_cases
        used = used_of(self._honest.proofs, self._gauge, known or frozenset())
        return receipt_of(
            self._gauge,
            used,
            self._config,
            self._terms,
            source=source,
            cases_known=known is not None,
        )


def names_in_cases(
    reader: Reader, directory: Path, names: Collection[str]
) -> frozenset[str] | None:
    """Return which of these actors belong to a case that is open, or that somebody ever confirmed.

    None where the ledger has no cases. Raises LedgerError, ServiceError.
    """
    path = cases_path(directory.absolute())
    if not path.exists():
        return None
    with CaseStore(path) as store:
        members = {actor for case in store.all() if _counts(case) for actor in case.group.members}
    find = reader.identities.find
    return frozenset(name for name in names if name in members or find(Kind.ACTOR, name) in members)


def _counts(case: Case) -> bool:
    return case.is_open or any(entry.what == State.CONFIRMED for entry in case.log)
