"""A bench's result in three sentences, and what its figures cannot say. No sentence says more than the numbers do."""

from __future__ import annotations

from himaya.bench.score.result import AttackerRow, DefenceRow
from himaya.evidence.proving.loss import beaten
from himaya.evidence.proving.matrix import (
    Matrix,
    averaged,
    averaged_name,
    best_of_families,
    is_rival,
    mean_share,
    worst_denied,
)
from himaya.evidence.proving.words import at_most, attacker_name, defence_name, percent
from himaya.evidence.words import clip, counted, listed, number

#: Fewer members than this leave a rate too unsure to lean on (`docs/bench.md`).
ENOUGH = 500
#: So many rows are named in a sentence; the table has the others.
_NAMED = 4


def summary(found: Matrix) -> list[str]:
    """Return three sentences: what was lost, how that compares with rivals, what honest people paid."""
    return [_lost(found), _compared(found), _paid(found)]


def _lost(found: Matrix) -> str:
    world, ids = found.result.world, averaged(found)
    head = f"In this simulation of {counted(world.people, 'invented person', 'invented people')}"
    own, none = (found.defence(name) for name in ("himaya", "none"))
    mine = mean_share(own, ids) if own else None
    if own is None or mine is None:
        return f"{head}, no attacker met himaya, so it says nothing about what himaya loses."
    theirs = mean_share(none, ids) if none else None
    without = f"{percent(theirs)} with no defence and " if theirs is not None else ""
    return (
        f"{head} over {_days(world.days)}, an attacker of {averaged_name(ids)}, each alone, obtained on average"
        f" {without}{percent(mine)} of the people behind himaya; himaya lost the most to {_most(own)}."
    )


def _days(days: float) -> str:
    return "1 day" if days == 1 else f"{number(days)} days"


def _most(own: DefenceRow) -> str:
    worst = max(own.attackers, key=lambda row: row.share_lost)
    variant = "" if worst.variant == "plain" else f", {worst.variant}"
    return f"{attacker_name(worst)}{variant} ({percent(worst.share_lost)})"


def _compared(found: Matrix) -> str:
    if not any(is_rival(one) for one in found.defences):
        return "No rival was part of this run, so it does not say how himaya compares with one."
    worse = [(mine, best, n) for mine, best, n in beaten(found) if mine.variant == "plain"]
    rows, same = _met(found)
    head = f"Beside the lowest of all rival settings in each of {counted(rows, 'row')}, himaya lost"
    fewer = rows - same - len(worse)
    counts = f"{head} fewer people in {_none(fewer)}, as many in {_none(same)}"
    if not worse:
        return f"{counts} and more in none."
    named = [_worse(mine, best, found.defences[n]) for mine, best, n in worse[:_NAMED]]
    more = len(worse) - _NAMED
    if more > 0:
        named.append(f"{number(more)} more")
    return f"{counts} and more in {number(len(worse))}: {listed(named)}."


def _none(count: int) -> str:
    return number(count) if count else "none"


def _worse(mine: AttackerRow, best: AttackerRow, rival: DefenceRow) -> str:
    shares = f"{percent(mine.share_lost)} against {percent(best.share_lost)}"
    return f"{clip(mine.id, 40)} ({shares}, {defence_name(rival)})"


def _met(found: Matrix) -> tuple[int, int]:
    """Return how many plain rows himaya and a rival both have, and in how many the lowest rival lost as many."""
    own = found.column("himaya")
    rows = same = 0
    for head in found.plain:
        mine = None if own is None else found.cell(own, head)
        others = [found.cell(n, head) for n, one in enumerate(found.defences) if is_rival(one)]
        shares = [other.share_lost for other in others if other is not None]
        if mine is not None and shares:
            rows += 1
            same += min(shares) == mine.share_lost
    return rows, same


def _paid(found: Matrix) -> str:
    own = found.defence("himaya")
    worst = worst_denied(own) if own else None
    if own is None or worst is None:
        return "No honest crowd was run behind himaya, so it does not say what honest people pay."
    share, interval, group = worst
    bound = f", {at_most(interval)} with 95 % confidence" if interval else ""
    where = f"the worst group is {clip(group, 80)} ({percent(share)} denied{bound})"
    if not share:
        where = (
            f"no member of any group was denied{f' (in one group {bound[2:]})' if bound else ''}"
        )
    overall = own.overall
    head = (
        f"Of the honest people, weighted by natural shares, himaya denied {percent(overall.denied)} and challenged"
        f" {percent(overall.challenged)} at least once; "
        if overall
        else "Of the honest people behind himaya, "
    )
    return f"{head}{where}{_challenged(own)}{_rivals_paid(found)}."


def _challenged(own: DefenceRow) -> str:
    overall = own.overall
    if overall is None or not overall.worst_challenged:
        return ""
    name = overall.worst_challenged_group
    title = next((row.title for row in own.honest if row.group == name), "") or name
    return f"; the group challenged most is {clip(title, 80)}, {percent(overall.worst_challenged)}"


def _rivals_paid(found: Matrix) -> str:
    rates = [worst_denied(found.defences[n]) for n in best_of_families(found)]
    shares = sorted(rate[0] for rate in rates if rate is not None)
    if not shares:
        return ""
    low, high = percent(shares[0]), percent(shares[-1])
    between = low if low == high else f"{low} to {high}"
    return f"; the rivals' best settings denied {between} of their worst groups"


def limits(found: Matrix) -> list[str]:
    """Return what these figures cannot say."""
    said = [_SIMULATION, _modelled(found), _seeds(found), _short(found), _small(found), _BOUNDED]
    return [*[one for one in said if one], *_problems(found)]


_SIMULATION = (
    "This is a simulation. The people, the honest crowd and the attackers are drawn from published figures, by those"
    " who wrote himaya; a real site has others. Nobody's loss or harm is predicted here."
)
_BOUNDED = (
    "Patient collectors whose accounts nothing links are bounded by budgets, not detected. Copies held by caches and"
    " routes that are not declared are outside what himaya sees, and count as lost here when an attacker uses them."
)


def _modelled(found: Matrix) -> str:
    rivals = [one for one in found.defences if is_rival(one)]
    models = sum(one.modelled for one in rivals)
    if not models:
        return ""
    what = "All" if models == len(rivals) else f"{number(models)} of the {number(len(rivals))}"
    return (
        f"{what} rival settings are models of their rule, run by the bench, not the rivals' own programs; the table"
        " of defences says which rule."
    )


def _seeds(found: Matrix) -> str:
    seeds = len(found.result.world.seeds)
    if seeds > 1:
        return f"Intervals come from {number(seeds)} seeds; they cover chance, not what the simulation leaves out."
    return "One seed was run, so nothing says how far chance moves the losses."


def _short(found: Matrix) -> str:
    days = found.result.world.days
    return (
        ""
        if days >= 3
        else f"The run ended after {_days(days)}: shares at later hours are those at its end."
    )


def _small(found: Matrix) -> str:
    own = found.defence("himaya")
    small = [row for row in (own.honest if own else []) if row.size < ENOUGH]
    if not small:
        return ""
    names = "one group" if len(small) == 1 else counted(len(small), "group")
    return f"In {names} fewer than {ENOUGH} people were simulated; lean on the upper bounds, not on the rates."


def _problems(found: Matrix) -> list[str]:
    count = len(found.result.problems)
    if not count:
        return []
    return [f"{counted(count, 'part')} could not be run; see the table of problems."]
