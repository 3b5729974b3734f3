"""The audit of a period: all rows that its windows reach back to, in the order of time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from himaya.analysis.bound.grouped import read_grouped
from himaya.analysis.bound.judge import Judge
from himaya.analysis.bound.lapses import Lapses
from himaya.analysis.bound.missing import Missing
from himaya.analysis.bound.outside import Gaps, renumbered, unreadable_until
from himaya.analysis.bound.result import Audit
from himaya.analysis.bound.versions import Versions, read_versions
from himaya.core.rows import UNSETTLED
from himaya.ledger.answers import Period
from himaya.ledger.names import FOREVER
from himaya.ledger.reader import Reader
from himaya.ledger.rows import Row
from himaya.ledger.schema import CLEARANCE, DAY_S, MISS, SHOWING, UNATTRIBUTED, iso, micros

#: Windows reach back thirty days, and one bucket of a day.
_MEMORY = 31 * DAY_S * 1_000_000

#: Rows that say that somebody was shown, or told of.
_COUNTED = frozenset({*SHOWING, MISS, UNATTRIBUTED})

#: What stands for a name that was erased, with a number that tells them apart.
_ERASED = "erased"

#: Rows that come from doors which see no response.
_BLIND = frozenset({"log", "edge", "authority"})

CANNOT_KNOW = (
    "routes that are no declared surface: nothing of them is in the ledger",
    "protected people: rows do not say who is, so everybody counts by the fields alone, never more than in the engine",
    "when a purchase was spent: every purchase counts in full for as long as it can have been spent and is still held",
    "the age of accounts that nobody told: they are not counted in a budget of new accounts",
    "that an account's name, age or tier became known while its request was under way: judged by what its row says",
    "windows shared while the table of principals was full: each principal is judged by its own rows",
    "who belongs to a batch or a group beyond what rows say was charged, and rows of before they said so",
)


def audit_bound(
    reader: Reader, start: int = 0, end: int = FOREVER, *, population: int = 0
) -> Audit:
    """Return whether anybody obtained more between `start` and `end` (microseconds) than budgets and purchases allow.

    `population` is how many people the site shows, 0 to take what the newest configuration says. Raises LedgerError
    and ServiceError (the cases beside the ledger cannot be read).
    """
    first = max(0, start - _MEMORY)
    versions = read_versions(reader, first, end)
    erased = frozenset(map(str, sorted(reader.state().erased)))
    canaries = frozenset(reader.canaries())
    gaps, groups = Gaps(reader.gaps(first, end)), read_grouped(reader, first, end)
    judge = Judge(versions, gaps, erased, start / 1e6, groups, canaries)
    state = reader.state()
    judge.lapses = Lapses(state.lapses)
    judge.missing = Missing(unreadable_until(state), versions.valid_s, renumbered(state))
    sources = _judge(judge, reader.rows(first, end, erased=_ERASED))
    return _answer(judge, versions, reader, (start, end), _people(versions, population), sources)


def _judge(judge: Judge, rows: Iterable[Row]) -> dict[str, None]:
    """Show a judge all rows; return which doors saw them."""
    sources: dict[str, None] = {}
    for moment in _moments(rows):
        for row in moment:
            if row.kind == CLEARANCE:
                judge.buy(row)
        for row in moment:
            if row.kind in _COUNTED:
                sources[row.source] = None
                judge.take(row)
    return sources


def _moments(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Yield the rows of one time together: what was bought may be spent in the same moment."""
    for _, together in groupby(rows, key=lambda row: row.at):
        yield list(together)


def _people(versions: Versions, population: int) -> int:
    told = [version.config.site.population for version in versions.used]
    return population or max(told, default=0)


def _answer(
    judge: Judge,
    versions: Versions,
    reader: Reader,
    period: tuple[int, int],
    population: int,
    sources: dict[str, None],
) -> Audit:
    lapses = judge.lapses.within(judge.cover.first, judge.cover.last)
    inequality = judge.cover.inequality(judge.purses.units, versions.lightest, lapses)
    said = bool(judge.judged and population)
    return Audit(
        period=_period(judge),
        rows=judge.rows,
        judged=judge.judged,
        inequality=inequality,
        population=population,
        meaningful=inequality.bound < population if said else None,
        holds=not judge.broken and inequality.holds,
        broken=judge.broken,
        named=tuple(judge.named),
        peaks=judge.peaks.all(),
        outside=judge.tally.outside(),
        unseen_surfaces=_unseen(versions, sources),
        unobserved=tuple(reader.unobserved(*period)),
        cannot_know=(*CANNOT_KNOW, *_inexact(versions)),
        retention=reader.state().retention,
        canaries=len(judge.canaries),
    )


def _period(judge: Judge) -> Period:
    if not judge.judged:
        return Period("", "")
    return Period(iso(micros(judge.cover.first)), iso(micros(judge.cover.last)))


def _unseen(versions: Versions, sources: dict[str, None]) -> tuple[str, ...]:
    """Return the surfaces whose people nobody can see, by the doors that wrote rows.

    Where every exchange was left unsettled no door told of an answer: nobody read any.
    """
    sees = not any(source in _BLIND for source in sources) and set(sources) != {UNSETTLED}
    unseen = {s: None for v in versions.used for s in v.config.unseen_surfaces(sees_body=sees)}
    return tuple(unseen)


def _inexact(versions: Versions) -> tuple[str, ...]:
    return tuple(
        f"policy {name} was written by another release: budgets that its text does not name are taken as not in force"
        for name in versions.inexact
    )
