"""What a result hangs on, as a table: variations down, attackers across, and the worst of each attacker by name."""

from __future__ import annotations

from collections.abc import Sequence

from himaya.bench.score.result import Varied
from himaya.bench.score.varied import PLAIN
from himaya.evidence.proving.matrix import Matrix
from himaya.evidence.proving.sheet import Cell, Sheet, figures, texts
from himaya.evidence.proving.words import DASH, percent

_CAPTION = (
    "People obtained behind himaya, of all on the site, when one thing is another. Crowd: so many times the visits of"
    " honest people. Pace, hands, age, a day: the attacker's seconds between requests; its accounts, addresses and"
    " networks; the age of its accounts; its people a day; so many times as in the table of attackers. Denied,"
    " challenged: the worst group of honest people in any run of the line. A dash: this attacker has no such figure."
)


def variations_sheet(found: Matrix) -> Sheet:
    """Return the table of variations; it has no rows where nothing was varied."""
    lines = found.result.variations
    attackers = list(dict.fromkeys(each.attacker for each in lines))
    names = list(dict.fromkeys(each.variation for each in lines))
    order = sorted(names, key=lambda name: name != PLAIN)
    cells = {(each.variation, each.attacker): each for each in lines}
    return Sheet(
        "variations",
        "When something is different",
        f"{_CAPTION} {worst(lines)}".strip(),
        [*texts("Variation"), *figures(*attackers), *figures("Denied", "Challenged")],
        [_row(name, [cells.get((name, each)) for each in attackers]) for name in order],
        empty="Nothing was varied in this run.",
    )


def _row(name: str, lines: Sequence[Varied | None]) -> list[Cell]:
    denied = max((each.worst_denied for each in lines if each), default=0.0)
    challenged = max((each.worst_challenged for each in lines if each), default=0.0)
    lost = [Cell(percent(each.share_lost) if each else DASH) for each in lines]
    return [Cell(name), *lost, Cell(percent(denied)), Cell(percent(challenged))]


def worst(lines: Sequence[Varied]) -> str:
    """Return a sentence with the variation in which each attacker takes most, where that is more than as written."""
    told = []
    for attacker in dict.fromkeys(each.attacker for each in lines):
        mine = [each for each in lines if each.attacker == attacker]
        most = max(mine, key=lambda one: one.share_lost)
        plain = next((each.share_lost for each in mine if each.variation == PLAIN), 0.0)
        if most.share_lost > plain:
            told.append(f"{attacker} {percent(most.share_lost)} ({most.variation})")
    return f"The worst of each attacker: {', '.join(told)}." if told else ""
