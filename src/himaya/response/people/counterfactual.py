"""Whom the actors of a case would have had, had budgets been the only control, and been these.

The disclosures of the case are played again in the order of time. A person of a row passes when every principal of the
row (account, key, session, address, network, group, ... whichever has a budget) has room for them in its hour, day and
month; then each counts them. Who does not pass counts nowhere, and may pass at a later row. Windows are those of the
engine (`core.window`), and empty at the beginning; they hold the disclosures of the case and of nobody else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from himaya.analysis.groups import Group
from himaya.core.budget import Principal
from himaya.core.window import BUCKET_S, PeopleWindow
from himaya.ledger.reader import Reader
from himaya.ledger.rows import Row
from himaya.ledger.rows_of import rows_of
from himaya.ledger.schema import SHOWING
from himaya.response.actors import groups_of
from himaya.response.cases import Case
from himaya.response.people.limits import Limits
from himaya.response.people.whom import period_of, somebody_of

#: Everybody is remembered: a comparison must not forget.
_ALL = 1 << 62


class Compared(msgspec.Struct, frozen=True):
    """Distinct people of a case: as it was (`observed`), and under current and under proposed limits.

    `fewer`: current minus proposed. `policy` and `proposed_policy` are the hashes of both.
    """

    case: str
    observed: int
    current: int
    proposed: int
    fewer: int
    policy: str
    proposed_policy: str


class Membership:
    """Which group an actor was in at a time: from when the group was found, not from when it began."""

    def __init__(self, groups: Iterable[Group]) -> None:
        """Take the groups of a case; the first one found counts."""
        self._of: dict[int | str, tuple[float, str]] = {}
        for group in sorted(groups, key=lambda one: one.found):
            for actor in group.members:
                self._of.setdefault(actor, (group.found, group.id))

    def of(self, row: Row) -> str:
        """Return the group that a row is charged to, "" for none: what the row says, else a group found before it."""
        found, name = self._of.get(row.actor_id, (0.0, ""))
        return row.group or (name if name and row.at >= found else "")


class Replay:
    """The windows of one set of limits, and whom the actors had under them."""

    def __init__(self, limits: Limits, membership: Membership) -> None:
        """Start with empty windows."""
        self._limits, self._membership = limits, membership
        self._windows: dict[str, PeopleWindow] = {}
        self.people: set[int] = set()

    def take(self, row: Row) -> None:
        """Let the person of a row pass, or not. Rows come earliest first."""
        units, person = self._limits.units(row), str(row.subject_id)
        bucket = int(row.at // BUCKET_S)
        principals = self._limits.principals(row, self._membership.of(row))
        windows = [(self._window(one, bucket), one[2]) for one in principals]
        if any(window.short(limits, window.needs(person, units)) for window, limits in windows):
            return
        for window, _ in windows:
            window.commit(person, units, _ALL, bucket)
        self.people.add(row.subject_id)

    def _window(self, principal: Principal, bucket: int) -> PeopleWindow:
        found = self._windows.get(principal[1])
        if found is None:
            found = self._windows[principal[1]] = PeopleWindow(bucket)
        found.advance(bucket)
        return found


def compare(reader: Reader, case: Case, current: Limits, proposed: Limits) -> Compared:
    """Return what a case would have been under two sets of limits. Raises InputError, LedgerError."""
    directory = reader.layout.directory
    membership = Membership(groups_of(case, directory))
    replays = Replay(current, membership), Replay(proposed, membership)
    observed: set[int] = set()
    for row in shown_in(reader, case, somebody_of(case, directory)):
        observed.add(row.subject_id)
        for replay in replays:
            replay.take(row)
    had, would = (len(replay.people) for replay in replays)
    return Compared(case.id, len(observed), had, would, had - would, current.hash, proposed.hash)


def shown_in(reader: Reader, case: Case, actors: list[int]) -> Iterator[Row]:
    """Yield the rows of a case that show a person, earliest first; canaries are no people."""
    canaries = reader.canaries()
    for row in rows_of(reader, actors, *period_of(case)):
        if row.kind in SHOWING and row.subject_id and row.subject_id not in canaries:
            yield row
