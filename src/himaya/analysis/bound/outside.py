"""What no budget speaks for: rows by the reason why, and the periods in which nobody was asked."""

from __future__ import annotations

from himaya.analysis.bound.result import Outside
from himaya.ledger.batch import Gap
from himaya.ledger.rows import Row
from himaya.ledger.schema import DAY_S
from himaya.ledger.state import State

#: The door of rows that nginx decided by itself.
EDGE = "edge"

#: Reasons for which a row is counted but not judged, in the order of the answer.
NOT_JUDGED = {
    "unknown policy": "the chain keeps no configuration for their policy, so nobody can say what was allowed",
    "shadow": "decided in shadow mode: everything passed, whatever the budget",
    "switched off": "seen while the gate was switched off: allowed without being asked about",
    "unobserved": "seen in a period that the ledger calls unobserved (gate down, fail-open, log feed stopped)",
    "no budget": "no budget is in force for any principal of their actor",
    "redacted": "the personal fields were withheld; what was left in the answer costs no budget",
    "counted twice": "charged when their time was over, and told again by an answer or a line that came later",
    "beyond a pass": "over the limit only by people whom nginx let through on passes in the minutes before",
    "erased": "over the limit only by people who were erased since and may have been shown again under a new number",
    "renumbered": "over the limit only by what an erasure gave other numbers: which ones is written nowhere, so people"
    " may count twice, and what their viewer bought is not found",
    "bought before": "over the limit just after time whose rows are no longer readable: they may have been paid for"
    " then",
    "look-up by path": "a look-up that showed nobody, at a path that names the person: rows do not say whom, so"
    " repeated ones cannot be told apart",
}

#: Reasons why a row that is judged says less than others.
LESS_SURE = {
    "unattributed": "people nobody could name: charged, and counted as if each were somebody else",
    "authorised-only": "let pass, and the end was not seen: counted as shown",
    "inferred-from-route": "the response was not read: the person of the path is counted as shown",
    "edge": "let through by nginx without asking, on a pass or by an old configuration; counted from the log",
    "age unknown": "an account whose age the rows do not say: not counted as new",
    "no group": "of a proven member of an open case, after the case was opened, and charged to no group: it joined"
    " later, or the gate forgot it",
}

#: Seconds after an unobserved period in which an answer may still belong to it.
_AFTER_S = 300.0


def unreadable_until(state: State) -> float:
    """Return until when (epoch seconds) rows were removed or sealed, and purchases may be missing; 0: nothing was."""
    sealed = (last for _, last in state.operators.closed(state.files, ()))
    days = max(state.removed, state.archived) * DAY_S
    return max([days, *(last / 1e6 for last in sealed)])


def renumbered(state: State) -> frozenset[int]:
    """Return the numbers of people and actors some of whose rows stand under other numbers now."""
    return frozenset(
        number
        for one in state.erasures
        if one.id in state.renumbered
        for number in (*one.kept, *one.surrogates)
    )


class Tally:
    """Rows by reason, and the people in them."""

    def __init__(self, canaries: frozenset[int] = frozenset()) -> None:
        """Start with none; canaries are no people."""
        self._canaries = canaries
        self._rows: dict[str, int] = {}
        self._people: dict[str, set[int]] = {}
        self._unnamed: dict[str, int] = {}

    def add(self, what: str, row: Row) -> None:
        """Count a row under a reason."""
        self._rows[what] = self._rows.get(what, 0) + 1
        if row.subject_id:
            people = self._people.setdefault(what, set())
            people.update({row.subject_id} - self._canaries)
        else:
            self._unnamed[what] = self._unnamed.get(what, 0) + row.count

    def add_less_sure(self, row: Row) -> None:
        """Count a judged row under every reason why it says less."""
        for what in (row.kind, row.certainty, row.source):
            if what in LESS_SURE:
                self.add(what, row)

    def outside(self) -> tuple[Outside, ...]:
        """Return all reasons that have rows."""
        return tuple(
            Outside(
                what,
                self._rows[what],
                len(self._people.get(what, ())) + self._unnamed.get(what, 0),
                why,
                judged=what in LESS_SURE,
            )
            for what, why in (NOT_JUDGED | LESS_SURE).items()
            if what in self._rows
        )


class Gaps:
    """Unobserved periods, asked in the order of time."""

    def __init__(self, gaps: list[Gap]) -> None:
        """Take the periods, earliest first."""
        self._waiting = gaps[::-1]
        self._open: list[Gap] = []

    def reason(self, row: Row) -> str:
        """Return why nobody was asked about a row, "" when it was observed. Rows come earliest first."""
        while self._waiting and self._waiting[-1].start <= row.at:
            self._open.append(self._waiting.pop())
        self._open = [gap for gap in self._open if gap.end + _AFTER_S >= row.at]
        for gap in self._open:
            if gap.surface in {"", row.surface} and gap.door in {"", row.source}:
                return "switched off" if gap.why.startswith("switched off") else "unobserved"
        return ""
