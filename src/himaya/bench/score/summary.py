"""Cells of several seeds become one line of the result: means, intervals, the worst group."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean

from himaya.bench.attackers.attacker import Attacker
from himaya.bench.crowd.group import Group
from himaya.bench.crowd.lives import HARMS
from himaya.bench.score import intervals
from himaya.bench.score.cell import CURVE_H, CellResult, Obtained
from himaya.bench.score.contained import DAY_S, QUIET_S, best, contained_after
from himaya.bench.score.result import AttackerRow, Case, Harm, HonestRow, Truth

Counts = dict[str, dict[str, int]]


def honest_rows(counts: Sequence[Counts], groups: Sequence[Group]) -> list[HonestRow]:
    """Return one row per group over all seeds, in the order of the groups."""
    return [_row(group, [each[group.id] for each in counts]) for group in groups]


def _row(group: Group, counts: Sequence[dict[str, int]]) -> HonestRow:
    size = sum(each["size"] for each in counts)
    ever = {name: sum(each[name] for each in counts) for name in HARMS}
    return HonestRow(
        group=group.id,
        title=group.title,
        natural=group.natural,
        size=size,
        ci95={name: intervals.wilson(count, size) for name, count in ever.items()},
        **{name: _rate(count, size) for name, count in ever.items()},
    )


def _rate(count: int, size: int) -> float:
    return round(count / size, 6) if size else 0.0


def overall(rows: Sequence[HonestRow]) -> Harm:
    """Return everybody, weighted by natural shares, and the worst groups.

    The interval of a weighted rate is conservative: the weighted ends of the groups' own.
    """
    total = sum(row.natural for row in rows)
    share = {row.group: row.natural / total if total else 1 / len(rows) for row in rows}
    rates = {
        name: round(sum(share[row.group] * getattr(row, name) for row in rows), 6) for name in HARMS
    }
    ends = {
        name: (
            round(sum(share[row.group] * row.ci95[name][0] for row in rows), 6),
            round(sum(share[row.group] * row.ci95[name][1] for row in rows), 6),
        )
        for name in HARMS
    }
    denied = max(rows, key=lambda row: row.denied)
    challenged = max(rows, key=lambda row: row.challenged)
    return Harm(
        worst_group=denied.group if denied.denied else "",
        worst_denied=denied.denied,
        worst_challenged_group=challenged.group if challenged.challenged else "",
        worst_challenged=challenged.challenged,
        ci95=ends,
        **rates,
    )


class Yardstick:
    """What operations obtain undefended: the measure of containment."""

    def __init__(self, results: Sequence[CellResult], attackers: Sequence[Attacker]) -> None:
        """Take the cells without defence, and who paces themselves by the day."""
        daily = {each.id for each in attackers if each.plan.per_day or each.plan.hours < 24}
        self.quiet_s = {each.id: DAY_S if each.id in daily else QUIET_S for each in attackers}
        self._best = {
            (each.cell.attacker, each.cell.seed): best(
                sorted(each.obtained.times), self.quiet_s.get(each.cell.attacker, QUIET_S)
            )
            for each in results
            if each.cell.defence == "none" and each.obtained is not None
        }

    def contained(self, result: CellResult, people: int, days: float) -> tuple[float, float] | None:
        """Return after how many seconds a run was contained and what share it had by then, None for never."""
        if result.obtained is None:
            return None
        name, times = result.cell.attacker, sorted(result.obtained.times)
        if result.cell.defence == "none":
            return None
        ended = result.obtained.ended
        at = contained_after(
            times,
            self._best.get((name, result.cell.seed), 0),
            days * DAY_S if ended is None else min(ended, days * DAY_S),
            everything=people,
            quiet_s=self.quiet_s.get(name, QUIET_S),
        )
        return None if at is None else (at, sum(each <= at for each in times) / people)


def attacker_row(
    attacker: Attacker | None,
    results: Sequence[CellResult],
    groups: Sequence[Group],
    people: int,
    days: float,
    yardstick: Yardstick,
) -> AttackerRow:
    """Return the line of one attacker and variant over its seeds. `attacker` None is the joint run."""
    found = [each.obtained for each in results if each.obtained is not None]
    lost = [each.people / people for each in found]
    length = (attacker.site_days if attacker else 0.0) or days
    held = [yardstick.contained(each, people, length) for each in results]
    stopped = [each for each in held if each is not None]
    always = len(stopped) == len(held)
    counts = [each.honest for each in results if each.honest is not None]
    spend = {name: round(mean(each.spend[name] for each in found), 3) for name in found[0].spend}
    cell = results[0].cell
    return AttackerRow(
        id=cell.attacker,
        title=attacker.title if attacker else "All of them at once",
        variant=cell.variant,
        runs=len(found),
        people_lost=round(mean(each.people for each in found), 3),
        share_lost=round(mean(lost), 6),
        share_1h=_share_by(found, people, 1, length),
        share_24h=_share_by(found, people, 24, length),
        share_72h=_share_by(found, people, 72, length),
        weighted=round(mean(each.weighted for each in found), 6),
        contained_after_s=round(mean(at for at, _ in stopped), 1) if always else None,
        share_contained=round(mean(share for _, share in stopped), 6) if always else None,
        curve=[(hours, _share_at(found, people, hours)) for hours in _hours(length)],
        spend=spend,
        per_1000=_per_1000(spend, mean(each.people for each in found)),
        ledger=_truth(found),
        groups=round(mean(each.grouped.names if each.grouped else 0 for each in found), 3),
        case=_case(found),
        honest=overall(honest_rows(counts, groups)) if counts else None,
        ci95=_over_seeds(found, people, length),
    )


def _over_seeds(
    found: Sequence[Obtained], people: int, days: float
) -> dict[str, intervals.Interval]:
    """Return the intervals of all shares over the seeds, and of the ledger's figures."""
    columns = {
        "share_lost": [each.people / people for each in found],
        "weighted": [each.weighted for each in found],
    }
    for name, hours in (("share_1h", 1), ("share_24h", 24), ("share_72h", 72)):
        if hours <= days * 24:
            columns[name] = [_share_at([each], people, hours) for each in found]
    told = [each.truth for each in found if each.truth is not None]
    for place, name in enumerate(Truth.__struct_fields__):
        columns[name] = [each[place] for each in told]
    ends = {name: intervals.of_mean(values) for name, values in columns.items()}
    return {name: end for name, end in ends.items() if end is not None}


def _hours(days: float) -> list[float]:
    """Return the hours at which a run of this length is read; beyond three days in equal steps."""
    if days <= 3:
        return [float(hours) for hours in CURVE_H if hours <= days * 24]
    return [float(hours) for hours in CURVE_H] + [
        days * 24 * n / 12 for n in range(1, 13) if days * 2 * n > 72
    ]


def _share_by(found: Sequence[Obtained], people: int, hours: float, days: float) -> float | None:
    """Return the share by then, None when the run was shorter."""
    return _share_at(found, people, hours) if hours <= days * 24 else None


def _share_at(found: Sequence[Obtained], people: int, hours: float) -> float:
    limit = hours * 3600
    return round(mean(sum(at <= limit for at in each.times) / people for each in found), 6)


def _per_1000(spend: dict[str, float], people: float) -> dict[str, float] | None:
    """Return the spend per thousand people, None when nobody was obtained."""
    if not people:
        return None
    return {name: round(1000 * amount / people, 3) for name, amount in spend.items()}


def _case(found: Sequence[Obtained]) -> Case | None:
    told = [each.grouped for each in found if each.grouped is not None and each.grouped.names]
    if not told:
        return None
    return Case(
        share=round(mean(each.share for each in told), 6),
        purity=round(mean(each.purity for each in told), 6),
    )


def _truth(found: Sequence[Obtained]) -> Truth | None:
    told = [each.truth for each in found if each.truth is not None]
    if not told:
        return None
    return Truth(*(round(mean(column), 6) for column in zip(*told, strict=True)))
