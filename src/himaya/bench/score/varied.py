"""What came of each variation: people lost, and the worst that happened to a group of honest people meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean

from himaya.bench.crowd.group import Group
from himaya.bench.score.cell import CellResult
from himaya.bench.score.result import Varied
from himaya.bench.score.summary import honest_rows, overall

#: What everything is compared with.
PLAIN = "as written"


def varied(
    results: Sequence[CellResult],
    sites: Mapping[str, Sequence[CellResult]],
    people: Mapping[str, int],
    groups: Sequence[Group],
) -> list[Varied]:
    """Return a line for each variation and attacker; `people` are on each of the other sites, "" is this one."""
    found = [
        _line(name, attacker, cells, people[""], groups)
        for (name, attacker), cells in _here(results).items()
    ]
    for site, cells_there in sites.items():
        found += [
            _line(site, attacker, cells, people[site], groups)
            for (_, attacker), cells in _here(cells_there).items()
        ]
    return found


def _here(results: Sequence[CellResult]) -> dict[tuple[str, str], list[CellResult]]:
    """Return the runs behind himaya by variation and attacker, over seeds."""
    found: dict[tuple[str, str], list[CellResult]] = {}
    for each in results:
        cell = each.cell
        if cell.defence == "himaya" and not cell.without and each.obtained is not None:
            name = cell.varied or (PLAIN if cell.variant == "plain" else cell.variant)
            found.setdefault((name, cell.attacker), []).append(each)
    return found


def _line(
    name: str, attacker: str, cells: Sequence[CellResult], people: int, groups: Sequence[Group]
) -> Varied:
    lost = mean(each.obtained.people for each in cells if each.obtained is not None)
    counts = [each.honest for each in cells if each.honest is not None]
    harm = overall(honest_rows(counts, groups)) if counts else None
    return Varied(
        variation=name,
        attacker=attacker,
        people_lost=round(lost, 3),
        share_lost=round(lost / people, 6),
        worst_denied=harm.worst_denied if harm else 0.0,
        worst_challenged=harm.worst_challenged if harm else 0.0,
    )
