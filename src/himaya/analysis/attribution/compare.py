"""Compare a file with the ledger: whose rows could have become it, and how likely that is by chance."""

from __future__ import annotations

from math import log

import ibis.expr.types as ir
import msgspec
from msgspec.structs import replace

from himaya.analysis.attribution.chance import expected, holm, log_p
from himaya.analysis.attribution.marked import MarksWanted, marks_of
from himaya.analysis.attribution.measure import Measured, Outside, Overlap, measure, with_outside
from himaya.analysis.attribution.people import Gathering
from himaya.analysis.attribution.ranking import Ranked, listed, with_versions
from himaya.analysis.attribution.rates import false_rate, read_rates
from himaya.analysis.attribution.result import Candidate, Compared, Marked
from himaya.analysis.bound.versions import read_versions
from himaya.analysis.weekly.groups import read_cases
from himaya.ledger import queries as q
from himaya.ledger.answers import Period, Unobserved
from himaya.ledger.moment import Moment
from himaya.ledger.names import FOREVER
from himaya.ledger.reader import Reader
from himaya.ledger.schema import iso
from himaya.ledger.state import State

NO_MATCH = "No match in what was observed from {start} to {end}"
LEAD = (
    "This is a lead, not a verdict: it says whose rows fit the file, not who published it. Nobody is blocked,"
    " written to or named because of it; a person has to decide."
)


class Terms(msgspec.Struct, frozen=True):
    """What is compared, and what counts as standing out.

    Rows between `start` and `end` (microseconds, `end` not in it). A candidate's corrected p-value is at most
    `level`, and it explains at least `share` of our people in the file beyond chance. `population`: people the site
    shows, 0 to take the configurations'; it counts where `all_ours`: somebody says that every row of the file is
    about a person of this site, so that those who match nobody were shown to nobody. Who was shown fewer than `least`
    people of the file is not named.
    """

    start: int = 0
    end: int = FOREVER
    level: float = 0.01
    share: float = 0.2
    population: int = 0
    all_ours: bool = False
    marks: MarksWanted | None = None
    least: int = 0


def compare(reader: Reader, found: Gathering, terms: Terms) -> Compared:
    """Return the answer for a file that was read.

    Raises LedgerError, and ServiceError for the cases beside the ledger.
    """
    people, unreal = found.people(reader.canaries())
    population = terms.population or _population(reader)
    gaps = reader.unobserved(terms.start, terms.end)

    def people_of(rows: ir.Table) -> ir.Table:
        return q.people(q.within(rows, terms.start, terms.end), reader.canaries())

    def question(moment: Moment) -> Compared:
        rows, state = moment.rows(), moment.state
        shown, by_subject = people_of(rows), people_of(moment.rows("subject"))
        cases = _cases(reader, shown)
        least = int(terms.share * len(people))
        measured = measure(reader, shown, people, least, cases, by_subject)
        outside = _outside(measured, found, len(people), population if terms.all_ours else 0)
        ranked, below = judge(measured, outside, len(people), terms)
        # Columns are read either as versions or as marks.
        ranked = ranked if terms.marks else with_versions(reader, shown, found, ranked)
        marks = _marks(reader, shown, found, terms, measured.tested)
        period = reader.period(q.within(rows, terms.start, terms.end), state)
        return Compared(
            counted=found.counted(len(people), len(unreal)),
            shown=measured.shown,
            population=population,
            all_ours=terms.all_ours,
            tested=measured.tested,
            below=below,
            beyond=measured.beyond,
            level=terms.level,
            share=terms.share,
            false_rate=false_rate(read_rates()),
            candidates=_with_marks(listed(reader, shown, people, ranked), marks),
            marks=marks,
            period=period,
            unobserved=_before(reader.period(rows, state), state, terms) + gaps,
            erased=len(state.erased),
            retention=state.retention,
            note=note(len(ranked) + len(marks), period, state),
        )

    return reader.at_once(question)


def _marks(
    reader: Reader, rows: ir.Table, found: Gathering, terms: Terms, tested: int
) -> list[Marked]:
    """Return the actors whose marks stand out."""
    if terms.marks is None:
        return []
    every = marks_of(reader, rows, found, terms.marks, tested)
    return [one for one in every if one.p <= terms.level]


def _with_marks(candidates: list[Candidate], marks: list[Marked]) -> list[Candidate]:
    """Return candidates with marks among their evidence where they stand out by them, too."""
    told = {one.name for one in marks}
    return [
        replace(one, evidence=[*one.evidence, "marks"]) if one.name in told else one
        for one in candidates
    ]


def _population(reader: Reader) -> int:
    """Return how many people the site shows, by the configurations of the chain; 0 unknown."""
    return max(
        (one.config.site.population for one in read_versions(reader, 0, FOREVER).used), default=0
    )


def _cases(reader: Reader, rows: ir.Table) -> dict[str, list[int]]:
    """Return the members of every case, by its name; actors charged to a group are members, too."""
    members = {name: set(actors) for name, (_, actors) in read_cases(reader).items()}
    for row in reader.table(q.grouped(rows)).to_pylist():
        members.setdefault(row["group"], set()).add(row["actor"])
    return {name: sorted(actors) for name, actors in sorted(members.items())}


def _outside(measured: Measured, found: Gathering, people: int, population: int) -> Outside:
    """Return the people who are in no row, and how many of them are in the file.

    Without a `population` only those are known who are in the file: the ledger knew them at another time. With it,
    every row of the file that matches nobody is one of them.
    """
    known = people - measured.shown
    room = max(known, population - measured.everybody)
    unmatched = found.counted(0, 0).unmatched if population else 0
    return Outside(room, min(room, known + unmatched))


def judge(
    measured: Measured, outside: Outside, people: int, terms: Terms
) -> tuple[list[Ranked], int]:
    """Return the candidates that stand out, best first, and how many more do and explain too little."""
    every = [_ranked(one, outside, people) for one in measured.overlaps]
    least, level = terms.share * max(1, people), log(terms.level)
    enough = [each for each in every if each.beyond >= least and each.found.overlap >= terms.least]
    corrected = holm([each.log_p for each in enough], measured.tested)
    pairs = zip(enough, corrected, strict=True)
    kept = [replace(each, log_p=p) for each, p in pairs if p <= level]
    strict = level - log(max(1, measured.tested))
    below = sum(each not in enough and each.log_p <= strict for each in every)
    return sorted(kept, key=Ranked.order), below


def _ranked(one: Overlap, outside: Outside, people: int) -> Ranked:
    strata = with_outside(one.strata, outside)
    return Ranked(one, expected(strata), log_p(strata, one.overlap), people)


def _before(whole: Period, state: State, terms: Terms) -> list[Unobserved]:
    """Return the time before the first row of the ledger, removed ones included, where it was asked for."""
    sealed = iso(state.first_ever) if state.first_ever else ""
    began = min(filter(None, (sealed, whole.start)), default=state.began)
    first = iso(terms.start) if terms.start else ""
    if began and first < began:
        return [Unobserved(first, began, "before the first row of this ledger")]
    return []


def note(found: int, period: Period, state: State) -> str:
    """Return the sentences that go with every answer."""
    if not period.start:
        return f"The ledger holds no rows of that time, so it says nothing about the file; {state.retention}."
    what = (
        "Candidates are those whose rows fit the file better than chance allows"
        if found
        else NO_MATCH.format(start=period.start, end=period.end)
    )
    gone = f"; {len(state.erased)} erased names cannot be matched" if state.erased else ""
    covered = f"Rows from {period.start} to {period.end} were compared; {state.retention}{gone}."
    outside = "It cannot speak for anything outside: unobserved periods, caches, undeclared routes, other copies."
    return f"{what}. {covered} {outside} {LEAD}"
