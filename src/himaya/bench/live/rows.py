"""From what is on disks and what people met to the words of the result."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean

import msgspec

from himaya.bench.crowd.group import Group
from himaya.bench.defences.base import Exposed
from himaya.bench.disk import Disk
from himaya.bench.live.tools import Collected, Tool
from himaya.bench.score.cell import truth_of, weighted_share
from himaya.bench.score.result import AttackerRow, DefenceRow, Truth
from himaya.bench.score.summary import honest_rows, overall

Counts = dict[str, dict[str, int]]


def tool_row(
    tool: Tool, disk: Disk, people: int, collected: Collected, exposed: Exposed | None
) -> AttackerRow:
    """Return the line of one tool against one defence.

    The whole run lasts seconds, so the shares at 1, 24 and 72 hours are all that of the end, and containment is not
    measured.
    """
    lost = len(disk.fields)
    share = round(lost / people, 6)
    spend = {
        "addresses": 1.0,
        "seconds": round(collected.seconds, 3),
        "cpu_s": round(collected.cpu_s, 3),
    }
    truth = None if exposed is None else Truth(*(round(x, 6) for x in truth_of(disk, exposed)))
    return AttackerRow(
        id=tool.name,
        title=tool.version,
        people_lost=lost,
        share_lost=share,
        share_1h=None,
        share_24h=None,
        share_72h=None,
        weighted=round(weighted_share(disk, people), 6),
        contained_after_s=None,
        share_contained=None,
        spend=spend,
        per_1000={name: round(1000 * x / lost, 3) for name, x in spend.items()} if lost else None,
        ledger=truth,
        groups=float(bool(exposed)),
    )


def defence_row(
    words: DefenceRow, tools: list[AttackerRow], counts: Counts, groups: Sequence[Group]
) -> DefenceRow:
    """Return a defence's row with the lines of the tools and of the honest groups that visited."""
    rows = [row for row in honest_rows([counts], groups) if row.size]
    harm = overall(rows) if rows else None
    return msgspec.structs.replace(words, attackers=tools, honest=rows, overall=harm)


def with_best(rows: Sequence[DefenceRow]) -> list[DefenceRow]:
    """Mark each rival's best setting: the least of people lost plus honest people denied, both as shares."""
    best: dict[str, tuple[float, str]] = {}
    for row in rows:
        if row.family and row.name not in {"none", "himaya"} and row.attackers:
            denied = row.overall.denied if row.overall is not None else 0.0
            cost = mean(each.share_lost for each in row.attackers) + denied
            best[row.family] = min(best.get(row.family, (cost, row.name)), (cost, row.name))
    names = {name for _, name in best.values()}
    return [msgspec.structs.replace(row, best=row.name in names) for row in rows]
