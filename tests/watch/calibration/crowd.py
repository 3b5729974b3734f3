"""A made-up crowd: readers later proven honest, readers nobody vouches for, and a farm that takes everybody once."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

from tests.watch.logs import START, line

from himaya.config import loads
from himaya.core.actor import Actor
from himaya.core.exchange import Exchange, Request
from himaya.core.facts import Facts
from himaya.watch.calibration.gauge import Gauge
from himaya.watch.calibration.outcome import Terms, receipt_of, used_of
from himaya.watch.calibration.proven import Proof
from himaya.watch.calibration.receipt import Receipt

DAY = 86400.0
DAYS = 6
PEOPLE = 3000
#: When the readers are proven: after all of the traffic.
PROVEN = "2026-03-20"

CONFIG = """
mode = "shadow"
[budgets]
account = { hour = 100, day = 300 }
session = {}
key = {}
address = {}
prefix = {}
[[surface]]
id = "profile"
route = "/u/{subject}"
[[surface]]
id = "lookup"
route = "/lookup"
kind = "lookup"
query = "phone"
people = ["header"]
"""

#: One view: when, who, of whom.
View = tuple[float, str, str]


def reader(name: str, rng: random.Random, *, factor: float = 1.0) -> list[View]:
    """Return the views of one reader: two sittings, a few people, some of them again; some readers read a lot."""
    views = []
    for _ in range(2):
        at = START + rng.random() * (DAYS - 0.1) * DAY
        for _ in range(1 + int(factor * rng.lognormvariate(0.6, 0.8))):
            views.append((at, name, f"{int(PEOPLE * rng.random() ** 3)}"))
            at += rng.lognormvariate(3.5, 1.2)
    return views


def readers(count: int, prefix: str = "r", seed: int = 1) -> list[View]:
    """Return the views of so many readers."""
    rng = random.Random(seed)
    return [view for n in range(count) for view in reader(f"{prefix}{n}", rng)]


def farm(accounts: int = 20, each: int = 150) -> list[View]:
    """Return the views of a farm that divides people it never sees twice among its accounts, one in 20 seconds."""
    return [
        (START + DAY + 20.0 * n, f"farm{number}", f"{PEOPLE + number * each + n}")
        for number in range(accounts)
        for n in range(each)
    ]


def log(path: Path, views: list[View]) -> Path:
    """Write a log in the order of time."""
    address = "198.51.{}.{}"
    path.write_text(
        "".join(
            line(at, f"/u/{person}", account=name, address=address.format(*_place(name)))
            for at, name, person in sorted(views)
        )
    )
    return path


def _place(name: str) -> tuple[int, int]:
    number = sum(name.encode()) * 7 + len(name)
    return number // 250 % 250, number % 250


def proven(path: Path, names: list[str], *, how: str = "payment", at: str = PROVEN) -> Path:
    """Write a file of proven accounts."""
    rows = [f"{name},{how},{at}" for name in names]
    path.write_text("\n".join(["account,how,proven", *rows]) + "\n")
    return path


def config(path: Path, text: str = CONFIG) -> Path:
    """Write a configuration."""
    path.write_text(text)
    return path


def gauged(
    views: list[View], names: Iterable[str], facts: Facts | None = None, text: str = CONFIG
) -> Gauge:
    """Replay views and look at these accounts."""
    gauge = Gauge(loads(text).policy(), facts, {f"account:{name}" for name in names})
    for at, name, person in sorted(views):
        actor = Actor(address="192.0.2.1", account=name)
        gauge.add(Exchange(Request("", actor, f"/u/{person}"), 200), at)
    return gauge


def receipt(
    gauge: Gauge,
    names: Iterable[str],
    *,
    terms: Terms | None = None,
    in_cases: Iterable[str] = (),
    text: str = CONFIG,
    at: float = START + 30 * DAY,
) -> Receipt:
    """Return the receipt, with these accounts proven at a time."""
    proofs = {f"account:{name}": Proof("payment", at, n) for n, name in enumerate(names, 1)}
    cases = frozenset(f"account:{name}" for name in in_cases)
    used = used_of(proofs, gauge, cases)
    terms = terms or Terms()
    return receipt_of(gauge, used, loads(text), terms, source={"kind": "log"}, cases_known=True)
