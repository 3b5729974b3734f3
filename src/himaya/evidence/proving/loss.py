"""Tables of people obtained: the matrix, where a rival does better, hours and containment, variants, incidents."""

from __future__ import annotations

from himaya.bench.score.result import AttackerRow, DefenceRow
from himaya.evidence.proving.matrix import Matrix, is_rival
from himaya.evidence.proving.sheet import (
    Cell,
    Column,
    Figure,
    Sheet,
    compared,
    defence_column,
    figures,
    share_cell,
    texts,
    words,
)
from himaya.evidence.proving.words import (
    DASH,
    attacker_name,
    bounds,
    defence_name,
    lasted,
    percent,
)
from himaya.evidence.words import clip, counted, number

_MARKED = (
    "Darker: more people lost. Framed: the lowest of the row, no defence included; where intervals overlap, these"
    " seeds do not tell the defences apart."
)


def share_sheet(found: Matrix, columns: list[int] | None = None) -> Sheet:
    """Return attackers x defences with the share lost: every cell, or only these columns."""
    places = list(range(len(found.defences))) if columns is None else columns
    return Sheet(
        "matrix",
        "Every attacker against every defence",
        f"People obtained by the end of the run, of all people on the site; below it {_interval(found)}. {_MARKED}",
        [Column("Attacker", is_text=True), *[defence_column(found.defences[n]) for n in places]],
        [_shares(found, head, places) for head in found.plain],
        empty="No attacker was run.",
    )


def _interval(found: Matrix) -> str:
    seeds = len(found.result.world.seeds)
    if seeds < 2:
        return "would stand the 95 % interval over seeds, which one seed does not give"
    return f"the 95 % interval over {counted(seeds, 'seed')}"


def _shares(found: Matrix, head: AttackerRow, places: list[int]) -> list[Cell]:
    return [Cell(attacker_name(head)), *compared([lost(found.cell(n, head)) for n in places])]


def lost(row: AttackerRow | None) -> Figure:
    """Return the share lost with its interval."""
    return None if row is None else (row.share_lost, row.ci95.get("share_lost"))


def beaten(found: Matrix) -> list[tuple[AttackerRow, AttackerRow, int]]:
    """Return (himaya's row, the lower row, its column) wherever some rival setting lost fewer people than himaya."""
    own = found.column("himaya")
    rivals = [n for n, one in enumerate(found.defences) if is_rival(one)]
    lower = []
    for head in found.heads:
        mine = None if own is None else found.cell(own, head)
        others = [(row, n) for n in rivals if (row := found.cell(n, head)) is not None]
        if mine is None or not others:
            continue
        best, place = min(others, key=lambda pair: pair[0].share_lost)
        if best.share_lost < mine.share_lost:
            lower.append((mine, best, place))
    return lower


def beaten_sheet(found: Matrix) -> Sheet:
    """Return the rows in which himaya lost more people than some rival setting, with how sure that is."""
    rivals = any(is_rival(one) for one in found.defences)
    return Sheet(
        "beaten",
        "Where a rival does better",
        "Rows in which some setting of a rival lost fewer people than himaya, whatever it did to honest people.",
        [
            Column("Attacker", is_text=True),
            *figures("himaya", "Rival"),
            *texts("Which", "How sure"),
        ],
        [_beaten(mine, best, found.defences[n]) for mine, best, n in beaten(found)],
        empty="No rival setting lost fewer people than himaya in any row of this run."
        if rivals
        else "No rival was part of this run, so nothing here compares himaya with one.",
    )


def _beaten(mine: AttackerRow, best: AttackerRow, rival: DefenceRow) -> list[Cell]:
    first, second = (row.ci95.get("share_lost") for row in (mine, best))
    if first is None or second is None:
        sure = "one seed: not known"
    else:
        overlap = second[1] >= first[0]
        sure = "intervals overlap" if overlap else "intervals do not overlap"
    variant = "" if mine.variant == "plain" else f", {mine.variant}"
    return [
        Cell(f"{attacker_name(mine)}{variant}"),
        Cell(percent(mine.share_lost), bounds(first)),
        Cell(percent(best.share_lost), bounds(second)),
        *words(defence_name(rival), sure),
    ]


def hours_sheet(found: Matrix) -> Sheet:
    """Return himaya's losses by the hour, weighted by sensitivity, and at containment."""
    own = found.defence("himaya")
    return Sheet(
        "hours",
        "How fast, and when it ended",
        "himaya, shares of the people on the site. Weighted: all fields obtained, by sensitivity, of all there are."
        " Contained: less than 1 % of the rate without a defence for six hours.",
        [
            Column("Attacker", is_text=True),
            *figures("1 h", "24 h", "72 h", "Weighted"),
            *figures("after", "share by then", over="Contained"),
        ],
        [_hours(row) for row in (own.attackers if own else []) if row.variant == "plain"],
        empty="himaya was not part of this run.",
    )


def _hours(row: AttackerRow) -> list[Cell]:
    names = ("share_1h", "share_24h", "share_72h", "weighted")
    known = [(name, getattr(row, name)) for name in names]
    shares = [
        Cell(DASH) if share is None else Cell(percent(share), bounds(row.ci95.get(name)))
        for name, share in known
    ]
    then = row.share_contained
    held = Cell(DASH) if then is None else Cell(percent(then))
    return [Cell(attacker_name(row)), *shares, Cell(lasted(row.contained_after_s)), held]


def variant_sheet(found: Matrix) -> Sheet:
    """Return informed and unlinked attackers beside the plain ones, for the defences that met them."""
    ids = {head.id for head in found.heads if head.variant != "plain"}
    kinds = list(dict.fromkeys(["plain", *[head.variant for head in found.heads]]))
    heads = {head.id: head for head in reversed(found.heads) if head.id in ids}
    places = [n for n, one in enumerate(found.defences) if _varied(one)]
    return Sheet(
        "variants",
        "Attackers who know, attackers whom nothing links",
        "People obtained. Informed: has read the configuration and stays at 90 % of every budget. Unlinked: its"
        " accounts share no network, browser class or sign-up time. An interval stands where several seeds were run.",
        [
            Column("Attacker", is_text=True),
            *[column for n in places for column in _kind_columns(found.defences[n], kinds)],
        ],
        [
            [
                Cell(attacker_name(heads[one])),
                *[_kind(found, n, one, k) for n in places for k in kinds],
            ]
            for one in dict.fromkeys(head.id for head in found.heads)
            if one in ids
        ],
        empty="No attacker was run informed or unlinked.",
    )


def _kind_columns(row: DefenceRow, kinds: list[str]) -> list[Column]:
    return figures(*[clip(kind, 40) for kind in kinds], over=defence_name(row))


def _kind(found: Matrix, column: int, name: str, variant: str) -> Cell:
    return share_cell(lost(found.cells.get((column, name, variant))))


def _varied(row: DefenceRow) -> bool:
    return any(one.variant != "plain" for one in row.attackers)


def incident_sheet(found: Matrix) -> Sheet:
    """Return what happened then, and what would have happened in the simulation."""
    own, none = found.defence("himaya"), found.defence("none")
    return Sheet(
        "incidents",
        "Historic incidents, simulated",
        "What was published about each incident, how it was scaled to this world, and what the simulation gave. It"
        " does not say what would have happened to that company.",
        [
            *texts("Incident", "What happened then", "Scaled to this world"),
            *texts("Simulated with himaya"),
            *figures("No defence", "himaya"),
        ],
        [
            [
                *words(f"{one.id} {one.title}", one.then, one.scaling, one.simulated),
                *[_obtained(defence, one.id) for defence in (none, own)],
            ]
            for one in found.result.incidents
        ],
        empty="No historic incident was part of this run.",
    )


def _obtained(defence: DefenceRow | None, name: str) -> Cell:
    rows = defence.attackers if defence else []
    row = next((one for one in rows if one.id == name and one.variant == "plain"), None)
    if row is None:
        return Cell(DASH, "not run")
    return Cell(percent(row.share_lost), f"{number(round(row.people_lost))} people")


def problem_sheet(found: Matrix) -> Sheet:
    """Return what could not be run, and where it says so."""
    return Sheet(
        "problems",
        "What could not be run",
        "The rest of the matrix was run without these.",
        texts("What", "Where", "Problem"),
        [
            words(one.what, f"{clip(one.file, 200)}:{one.line}" if one.file else DASH, one.problem)
            for one in found.result.problems
        ],
        empty="Everything that was asked for was run.",
    )
