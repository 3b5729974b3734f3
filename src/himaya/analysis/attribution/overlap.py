"""The questions of a comparison, as Ibis expressions over rows that show people.

How often a person is shown is counted in different actors, roughly (`viewers`): it only sorts people into strata.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from himaya.analysis.attribution.viewers import word

#: Up to here every number of viewers is a stratum of its own; from here on four strata per doubling.
_FINE = 16
#: Numbers of viewers are kept apart by so much, to leave room for those who lean towards the file.
_APART = 64
#: The stratum of people whom at most one other actor was shown.
UNSEEN = _APART


def audience(rows: ir.Table) -> ir.Table:
    """Return, per person (`subject`): the word that `viewers` reads (`seen`), `lowest` and `highest` actor."""
    # A fourth aggregate would make the engine's rows so wide that all of it takes twice as long.
    return rows.group_by("subject").aggregate(
        lowest=rows.actor.min(), highest=rows.actor.max(), seen=word(rows.actor)
    )


def crowded(rows: ir.Table, popular: ir.Table) -> ir.Table:
    """Return, per person of `popular` (column `person`): about how many actors saw them (`viewers`)."""
    theirs = rows.semi_join(popular, rows.subject == popular.person)
    return theirs.group_by("subject").aggregate(viewers=theirs.actor.approx_nunique())


def leaned(rows: ir.Table, leaning: ir.Table) -> ir.Table:
    """Return, per person: how many actors of `leaning` (column `leaner`) saw them (`leaners`); only who was seen."""
    theirs = rows.semi_join(leaning, rows.actor == leaning.leaner)
    return theirs.group_by("subject").aggregate(leaners=theirs.actor.nunique())


def touched(rows: ir.Table, file: ir.Table) -> ir.Table:
    """Return, per actor, its `rows`, and how many of them show somebody of the file (`person`): `hits`."""
    marked = rows.left_join(file, rows.subject == file.person)
    return marked.group_by("actor").aggregate(rows=marked.count(), hits=marked.person.count())


def pairs(rows: ir.Table, members: ir.Table) -> ir.Table:
    """Return, per `candidate` and person: how many of its members saw them (`own`), and of these how many lean.

    `members` has the columns `member` (an actor), `candidate` and `leans` (1 or 0). `first`, `last` are times.
    """
    theirs = rows.inner_join(members, rows.actor == members.member)
    return theirs.group_by(["candidate", "subject"]).aggregate(
        own=theirs.member.nunique(),
        leaning=theirs.member.nunique(where=theirs.leans == 1),
        first=theirs.time.min(),
        last=theirs.time.max(),
    )


def strata(audience: ir.Table) -> ir.Table:
    """Return, per stratum, how many people there are, and are in the file (`in_file` is 1)."""
    sorted_ = audience.mutate(stratum=_stratum(audience.viewers, audience.leaners))
    return sorted_.group_by("stratum").aggregate(
        people=sorted_.count(), in_file=sorted_.in_file.sum()
    )


def shares(pairs: ir.Table, audience: ir.Table) -> ir.Table:
    """Return, per candidate and stratum, the people it was shown, in the file and not.

    `stratum` counts all who saw a person, `others` those beside the candidate. `alone`: nobody else was shown them,
    known for candidates of one member.
    """
    met = pairs.inner_join(audience, "subject")
    others = ibis.greatest(met.viewers - met.own, 0)
    sorted_ = met.mutate(
        stratum=_stratum(met.viewers, met.leaners),
        others=_stratum(others, met.leaners - met.leaning),
        one=met.lowest == met.highest,
    )
    return sorted_.group_by(["candidate", "stratum", "others", "in_file"]).aggregate(
        people=sorted_.count(),
        alone=sorted_.one.sum(),
        first=sorted_["first"].min(),
        last=sorted_["last"].max(),
    )


def seen_by_others(rows: ir.Table, members: ir.Table, file: ir.Table) -> ir.Table:
    """Return one row: how many people of the file any of `members` and also somebody else was shown (`people`)."""
    met = rows.semi_join(file, rows.subject == file.person)
    theirs = met.semi_join(members, met.actor == members.member).select("subject").distinct()
    others = met.anti_join(members, met.actor == members.member).select("subject").distinct()
    return theirs.semi_join(others, "subject").aggregate(people=theirs.subject.nunique())


def networks(rows: ir.Table, members: ir.Table, file: ir.Table) -> ir.Table:
    """Return, per candidate and network of its members' rows: people, people of the file, days, first, last."""
    theirs = rows.inner_join(members, rows.actor == members.member)
    marked = theirs.left_join(file, theirs.subject == file.person)
    day = marked.time // 86_400_000_000
    return marked.group_by(["candidate", "prefix"]).aggregate(
        people=marked.subject.nunique(),
        overlap=marked.person.nunique(),
        days=day.nunique(),
        first=marked.time.min(),
        last=marked.time.max(),
    )


def _stratum(viewers: ir.IntegerValue, leaners: ir.IntegerValue) -> ir.IntegerValue:
    """Return the stratum of people with so many viewers, of whom so many lean towards the file.

    No viewer and one are the same, as nobody sees whom none saw. One who leans counts for none: it may have taken the
    same people as the candidate; several are a community that the file comes from.
    """
    coarse = _FINE + ((viewers / _FINE).log2() * 4).floor().cast("int64")
    seen = ibis.cases((viewers <= 1, 1), (viewers < _FINE, viewers.cast("int64")), else_=coarse)
    lean = ibis.cases((leaners <= 1, 0), else_=(leaners.log2() * 2).floor().cast("int64"))
    return (seen * _APART + lean).cast("int64")
