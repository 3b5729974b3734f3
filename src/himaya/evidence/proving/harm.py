"""Tables of what honest people went through: by group, by defence, while attacked, when the site is busier."""

from __future__ import annotations

from himaya.bench.score.result import AttackerRow, DefenceRow, Harm, HonestRow
from himaya.evidence.proving.matrix import (
    Matrix,
    averaged,
    averaged_name,
    mean_share,
    shown,
    worst_denied,
)
from himaya.evidence.proving.sheet import (
    Cell,
    Column,
    Figure,
    Sheet,
    compared,
    defence_column,
    figures,
    heat,
    rate,
    share_cell,
    texts,
    words,
)
from himaya.evidence.proving.words import (
    DASH,
    at_most,
    attacker_name,
    defence_name,
    group_name,
    percent,
)
from himaya.evidence.words import clip, number

RUNGS = ("challenged", "slowed", "redacted", "denied")


def worst_first(rows: list[HonestRow]) -> list[HonestRow]:
    """Return the groups, most denied first, then most challenged, slowed, redacted."""
    return sorted(rows, key=lambda row: (-row.denied, -row.challenged, -row.slowed, -row.redacted))


def honest_sheet(found: Matrix) -> Sheet:
    """Return what each group went through behind himaya, the worst first, and everybody at the end."""
    own = found.defence("himaya")
    rows = worst_first(own.honest) if own else []
    everybody = [_everybody(own.overall)] if own and own.overall and rows else []
    return Sheet(
        "honest",
        "Honest people behind himaya, the worst group first",
        "Members who met each rung at least once, nobody collecting; below each rate the upper end of its 95 %"
        " interval. Everybody: weighted by the natural shares of the groups.",
        [
            *texts("Group"),
            *figures("Size", "Natural share", "Denied", "Challenged", "Slowed", "Redacted"),
        ],
        [*[_group(row) for row in rows], *everybody],
        empty="No honest crowd was part of this run.",
    )


def _group(row: HonestRow) -> list[Cell]:
    return [
        Cell(group_name(row)),
        Cell(number(row.size)),
        Cell(percent(row.natural) if row.natural else DASH),
        *_rungs(row),
    ]


def _rungs(row: HonestRow | Harm) -> list[Cell]:
    order = ("denied", "challenged", "slowed", "redacted")
    return [rate(getattr(row, name), at_most(row.ci95.get(name))) for name in order]


def _everybody(harm: Harm) -> list[Cell]:
    return [Cell("Everybody"), Cell(""), Cell("100 %"), *_rungs(harm)]


def denied_sheet(found: Matrix) -> Sheet:
    """Return groups x defences with the share denied: every cell."""
    groups: dict[str, HonestRow] = {}
    defences = [one for one in found.defences if one.honest]
    for defence in defences:
        for row in worst_first(defence.honest):
            groups.setdefault(row.group, row)
    rates = [{row.group: row for row in one.honest} for one in defences]
    return Sheet(
        "denied",
        "Honest people denied, by every defence",
        "Members refused at least once, nobody collecting; below it the 95 % interval. With no defence, nobody is"
        " denied.",
        [Column("Group", is_text=True), *[defence_column(one) for one in defences]],
        [
            [Cell(group_name(row)), *[share_cell(_denied(one.get(row.group))) for one in rates]]
            for row in groups.values()
        ],
        empty="No honest crowd was part of this run.",
    )


def _denied(row: HonestRow | None) -> Figure:
    return None if row is None else (row.denied, row.ci95.get("denied"))


def trade_sheet(found: Matrix) -> Sheet:
    """Return the figures of the plot of loss against harm: the text alternative of the drawing."""
    ids = averaged(found)
    return Sheet(
        "trade",
        "The same in figures",
        f"Lost: mean over {averaged_name(ids) or 'no attacker'}, plain, one at a time, at 72 h or the end of a"
        " shorter run. Denied: members refused at least once, nobody collecting.",
        [
            *texts("Defence"),
            *figures("Lost", "Denied, worst group"),
            *texts("Worst group"),
            *figures("Denied, everybody", "Challenged, everybody"),
        ],
        [_trade(one, ids) for one in found.defences],
    )


def _trade(row: DefenceRow, ids: list[str]) -> list[Cell]:
    lost, worst = mean_share(row, ids, "share_72h"), worst_denied(row)
    overall = row.overall
    return [
        Cell(f"{defence_name(row)}{' (best of its family)' if row.best else ''}"),
        Cell(DASH, "not run") if lost is None else Cell(percent(lost), heat=heat(lost)),
        rate(worst[0], at_most(worst[1])) if worst else Cell(DASH, "no crowd run"),
        *words(worst[2] if worst and worst[0] else DASH),
        *[_everyone(row, overall, name) for name in ("denied", "challenged")],
    ]


_SAME = (
    f"{DASH} no crowd was in that run. The bench leaves it out where a rival's rule cannot mix up that attacker with"
    " honest people, because they share no address; then the table above holds."
)


def _everyone(row: DefenceRow, harm: Harm | None, name: str) -> Cell:
    if harm is None:
        return Cell("0 %" if row.name == "none" else DASH)
    return rate(getattr(harm, name), at_most(harm.ci95.get(name)))


def attacked_sheet(found: Matrix) -> Sheet:
    """Return attackers x defences with the denied share of the worst group while that attacker is at work."""
    places = [n for n in shown(found) if any(row.honest for row in found.defences[n].attackers)]
    heads = [h for h in found.heads if any(_worst(found.cell(n, h)) for n in places)]
    rows = [compared([_worst(found.cell(n, head)) for n in places], "") for head in heads]
    return Sheet(
        "attacked",
        "Honest people denied while somebody attacks",
        "Denied share of the worst group in the runs with that attacker. For a saboteur, who burns shared budgets so"
        " that others are refused, this is the score. Rivals: the best setting of each. Framed: the lowest of the row.",
        [Column("Attacker", is_text=True), *[defence_column(found.defences[n]) for n in places]],
        [[_attacker(head), *cells] for head, cells in zip(heads, rows, strict=True)],
        notes=[_SAME],
        empty="No run held a crowd and an attacker at once.",
    )


def _attacker(head: AttackerRow) -> Cell:
    variant = "" if head.variant == "plain" else f", {head.variant}"
    return Cell(f"{attacker_name(head)}{variant}")


def _worst(row: AttackerRow | None) -> Figure:
    harm = row.honest if row else None
    return None if harm is None else (harm.worst_denied, harm.ci95.get("worst_denied"))


def intensity_sheet(found: Matrix) -> Sheet:
    """Return the crowd alone, calmer and busier."""
    return Sheet(
        "intensity",
        "When honest people are busier",
        "The crowd alone, with so many times the usual visits.",
        [
            *texts("Defence", "Visits"),
            *figures("Denied", "Challenged", "Slowed", "Redacted", over="Everybody"),
            *figures("Denied", over="Worst group"),
            Column("Which", "Worst group", is_text=True),
        ],
        [
            _intensity(defence, step.factor, step.overall, step.honest)
            for defence in found.defences
            for step in sorted(defence.intensity, key=lambda one: one.factor)
        ],
        empty="The crowd was run at one intensity only.",
    )


def _intensity(
    defence: DefenceRow, factor: float, harm: Harm, honest: list[HonestRow]
) -> list[Cell]:
    titles = {row.group: group_name(row) for row in honest}
    rows = {row.group: row for row in honest}
    worst = rows.get(harm.worst_group)
    interval = harm.ci95.get("worst_denied") or (worst.ci95.get("denied") if worst else None)
    return [
        *words(defence_name(defence), f"x{factor:g}"),
        *_rungs(harm),
        rate(harm.worst_denied, at_most(interval)),
        *words(
            clip(titles.get(harm.worst_group, harm.worst_group), 80) if harm.worst_denied else DASH
        ),
    ]
