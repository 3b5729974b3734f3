"""Days of made-up accounts, and a log of them: readers come back to people, collectors do not."""

from __future__ import annotations

import json
import random
from pathlib import Path

from tests.watch.logs import line

from himaya.core.detectors.traits import TRAITS
from himaya.watch.model.days import ActorDay, Past
from himaya.watch.model.labels import Label

BEGAN = 20_500  # days since 1970
_DAY_S = 86400

CONFIG = """
[[surface]]
id = "profile"
route = "/u/{subject}"
"""


def values(first: float) -> tuple[float | None, ...]:
    """Return a description in which only `first` is known, and how many people that makes."""
    known = {"first": first, "hour": first, "day": first}
    return tuple(known.get(trait.name) for trait in TRAITS)


def day(name: str, number: int, first: float, cohort: str = "established") -> ActorDay:
    """Return an actor-day with one description."""
    made = ActorDay(f"account:{name}", BEGAN + number, cohort)
    made.add(values(first))
    return made


def past(
    honest: int = 120, collectors: int = 60, days: int = 4, seed: int = 1
) -> tuple[Past, dict[str, Label]]:
    """Return the days of accounts `h0`, `c0`, ... and what is known of them; the two kinds overlap a little."""
    chance, made, labels = random.Random(seed), [], {}
    for kind, size, middle in (("h", honest, 0.3), ("c", collectors, 0.8)):
        for number in range(size):
            name = f"{kind}{number}"
            made += [day(name, n, chance.gauss(middle, 0.15)) for n in range(days)]
            how = "appeal" if kind == "h" else "case"
            labels[f"account:{name}"] = Label(name, "honest" if kind == "h" else "collector", how)
    return Past(tuple(made), 0, "08a51c8c55eca1a5"), labels


def write_past(place: Path, honest: int = 60, collectors: int = 55) -> None:
    """Write `access.log`, `labels` and `himaya.toml` of a site of which a model can be made."""
    chance, lines, labels = random.Random(2), [], []
    for kind, size in (("honest", honest), ("collector", collectors)):
        for number in range(size):
            name = f"{kind}{number}"
            labels.append({"account": name, "label": kind, "known": "drill"})
            for n in range(3):
                at = (BEGAN + n) * _DAY_S + number
                for view in range(16):
                    at += 1 + chance.lognormvariate(2, 1)
                    person = (
                        f"{number}-{view % 6}" if kind == "honest" else chance.randrange(1 << 40)
                    )
                    lines.append((at, line(at, f"/u/{person}", account=name)))
    (place / "access.log").write_text("".join(text for _, text in sorted(lines)))
    (place / "labels").write_text("".join(json.dumps(label) + "\n" for label in labels))
    (place / "himaya.toml").write_text(CONFIG)
