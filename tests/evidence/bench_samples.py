"""A bench's result for tests: two seeds, no defence, himaya, two rivals with three settings each, everybody."""

from __future__ import annotations

import msgspec

from himaya.bench.score.cell import CURVE_H
from himaya.bench.score.intervals import of_mean, wilson
from himaya.bench.score.result import (
    AttackerRow,
    Case,
    DefenceRow,
    Harm,
    HonestRow,
    Incident,
    Intensity,
    Problem,
    Result,
    Timings,
    Truth,
    WorldWords,
)

PEOPLE = 20_000
RUNGS = ("challenged", "slowed", "redacted", "denied")

#: id, title, share with no defence, behind himaya, how far each rival's middle setting brings it down, hours to finish.
ATTACKERS = [
    ("A1", "Fast walk from one address", 1.0, 0.004, (0.05, 0.9), 0.3),
    ("A2", "Fifty accounts on five addresses", 1.0, 0.03, (0.2, 1.0), 1.1),
    ("A3", "Rotating home addresses, logged out", 1.0, 0.03, (1.0, 1.0), 4.0),
    ("A4", "Low and slow, one account", 0.186, 0.0041, (1.0, 1.0), 90.0),
    ("A5", "Counting ids from twenty servers", 1.0, 0.031, (0.0, 0.6), 2.0),
    ("A6", "Harvest of search pages", 1.0, 0.003, (0.7, 1.0), 0.6),
    ("A7", "Ten stealth browsers", 1.0, 0.045, (1.0, 1.0), 20.0),
    ("A8", "App interface behind a carrier", 1.0, 0.00004, (0.9, 1.0), 0.3),
    ("A9", "Farm of 300 accounts at 80 a day", 1.0, 0.061, (1.0, 1.0), 30.0),
    ("A10", "Insider, 300 a day", 0.039, 0.018, (1.0, 1.0), 90.0),
    ("A11", "Saboteur of shared budgets", 0.021, 0.002, (0.8, 1.0), 60.0),
    ("A12", "150 local sybils", 0.22, 0.21, (1.0, 1.0), 72.0),
    ("all", "All of them at once", 1.0, 0.241, (1.0, 1.0), 0.25),
    ("H1", "Contact importer, until 2019 (Facebook)", 0.87, 0.02, (1.0, 1.0), 48.0),
    ("H2", "Look-up that ignored a setting, 2021 (Twitter)", 0.3, 0.011, (1.0, 1.0), 60.0),
    ("H3", "500 million mail probes, 2024 (Trello)", 0.75, 0.0, (0.9, 1.0), 30.0),
    ("H4", "Contact discovery, five sessions, 2025 (WhatsApp)", 1.0, 0.002, (0.1, 0.4), 0.5),
    ("H5", "Follower lists with undeclared fields, 2022 (Carousell)", 0.9, 0.05, (1.0, 1.0), 12.0),
    ("H6", "Relatives of 14,000 accounts, 2023 (23andMe)", 0.49, 0.46, (1.0, 1.0), 3000.0),
    ("H7", "Mill of fake accounts that live hours, 2025 (LinkedIn)", 1.0, 0.07, (0.95, 1.0), 40.0),
]

#: id, title, natural share, size, denied behind himaya, behind the first and second rival's middle setting.
GROUPS = [
    ("members", "Regular members", 0.55, 3000, 0.0, 0.0, 0.0),
    ("power", "Power users", 0.02, 800, 0.004, 0.01, 0.0),
    ("recruiters", "Recruiters, paid tier", 0.01, 600, 0.0017, 0.04, 0.0),
    ("newcomers", "Newcomers on their first day", 0.03, 600, 0.013, 0.002, 0.0),
    ("visitors", "Logged-out visitors from search engines", 0.2, 2000, 0.002, 0.001, 0.0),
    ("office", "An office behind one address", 0.03, 600, 0.0, 0.62, 0.04),
    ("campus", "A campus behind one address", 0.03, 600, 0.0, 0.9, 0.21),
    ("carrier", "Carrier NAT", 0.08, 1200, 0.0008, 0.35, 0.1),
    ("noscript", "People without JavaScript", 0.01, 500, 0.006, 0.0, 0.0),
    ("screen-reader", "A screen-reader user", 0.01, 500, 0.0, 0.0, 0.0),
    ("tor", "Tor and relay users", 0.01, 500, 0.055, 0.4, 0.1),
    ("support", "A support desk", 0.005, 140, 0.0, 0.3, 0.0),
]

#: family, rule, and (setting, factor on the middle setting's losses, factor on its harm); the middle one is best.
RIVALS = [
    (
        "nginx limit_req",
        "leaky bucket for each address; burst 20, excess answered with 429",
        [("1 r/s", 0.4, 1.1), ("5 r/s", 1.0, 1.0), ("20 r/s", 1.9, 0.2)],
    ),
    (
        "fail2ban",
        "an address with more answers than allowed within the time is blocked for ten minutes",
        [("60 in 60 s", 0.8, 2.5), ("300 in 300 s", 1.0, 1.0), ("1000 in 600 s", 1.2, 0.1)],
    ),
]


def sample(seeds: int = 2, **more: object) -> Result:
    """Return a whole result; `more` replaces parts of it."""
    world = WorldWords(
        people=PEOPLE,
        days=3.0,
        seeds=list(range(1, seeds + 1)),
        crowd=5600,
        policy="sha256:5f1c0e77a2b4",
    )
    found = Result(
        world=world,
        defences=[_none(seeds), _himaya(seeds), *_rivals(seeds)],
        incidents=[_incident(*one) for one in ATTACKERS if one[0].startswith("H")],
        problems=[Problem("attackers.py", "Loop yields no step for 5 seconds", "attackers.py", 12)],
        tools=["curl 7.88.1", "wget 1.21.3"],
        timings=Timings(812.4, 420, 2),
    )
    return msgspec.structs.replace(found, **more)


def replaced(found: Result, name: str, attacker: str, **more: object) -> Result:
    """Return a result in which one cell says something else."""
    defences = [
        msgspec.structs.replace(
            one,
            attackers=[
                msgspec.structs.replace(row, **more) if row.id == attacker else row
                for row in one.attackers
            ],
        )
        if one.name == name
        else one
        for one in found.defences
    ]
    return msgspec.structs.replace(found, defences=defences)


def row(  # the words of a row are many
    name: str, title: str, share: float, hours: float, seeds: int = 2, **more: object
) -> AttackerRow:
    """Return one attacker against one defence, rising evenly until `hours` and flat from there."""
    share = min(1.0, share)
    length = 150 * 24.0 if name == "H6" else 72.0
    times = [*CURVE_H, *([n * length / 12 for n in range(1, 13)] if length > 72 else [])]
    curve = [(float(at), round(share * min(1.0, at / hours), 6)) for at in times]
    values = [min(1.0, share * (1 + 0.08 * (seed % 3 - 1))) for seed in range(1, seeds + 1)]
    interval = of_mean([round(value, 6) for value in values])
    found = AttackerRow(
        id=name,
        title=title,
        people_lost=round(share * PEOPLE),
        share_lost=share,
        share_1h=share * min(1.0, 1 / hours),
        share_24h=share * min(1.0, 24 / hours),
        share_72h=share * min(1.0, 72 / hours),
        weighted=share * 0.6,
        contained_after_s=None if share > 0.15 else hours * 900,
        share_contained=None if share > 0.15 else share * 0.97,
        spend={"accounts": 5, "addresses": 40, "requests": 90000, "solved": 0, "cpu_s": 45.0},
        per_1000=_price(share),
        ledger=None,
        groups=0,
        runs=seeds,
        curve=curve,
        ci95={"share_lost": interval} if interval else {},
    )
    return msgspec.structs.replace(found, **more)


def _price(share: float) -> dict[str, float] | None:
    if not share:
        return None
    per = 1000 / (share * PEOPLE)
    return {
        "accounts": 5 * per,
        "addresses": 40 * per,
        "requests": 9e4 * per,
        "solved": 0,
        "cpu_s": 45 * per,
    }


def _none(seeds: int) -> DefenceRow:
    rows = [row(name, title, share, hours, seeds) for name, title, share, _, _, hours in ATTACKERS]
    return DefenceRow("none", False, rows, [])


def _himaya(seeds: int) -> DefenceRow:
    rows = []
    for name, title, _, share, _, hours in ATTACKERS:
        groups = 1.0 if name != "A12" else 150.0
        truth = Truth(1.0, 1.0, 1.0, 0.8 if name == "H5" else 1.0)
        harm = None if name.startswith("H") else _harm(_honest(4, 3.0 if name == "A11" else 1.1))
        case = Case(share=1.0 / groups, purity=0.9 if name == "A2" else 1.0)
        more = {"ledger": truth, "groups": groups, "case": case, "honest": harm}
        rows.append(row(name, title, share, min(hours, 30.0), seeds, **more))
        if name.startswith("A"):
            rows += [
                row(name, title, share * factor, 60.0, 1, variant=variant, **more)
                for variant, factor in (("informed", 0.9), ("unlinked", 4.0))
            ]
    honest = _honest(4, 1.0)
    steps = [
        Intensity(factor, _honest(4, factor), _harm(_honest(4, factor)))
        for factor in (0.5, 1, 2, 4)
    ]
    return DefenceRow("himaya", False, rows, honest, _harm(honest), steps)


def _rivals(seeds: int) -> list[DefenceRow]:
    return [
        _rival(place, seeds, *rival, setting)
        for place, rival in enumerate(RIVALS)
        for setting in range(3)
    ]


def _rival(
    place: int, seeds: int, family: str, rule: str, settings: list, setting: int
) -> DefenceRow:
    name, loss, harm = settings[setting]
    honest = _honest(5 + place, harm)
    rows = [
        row(
            one, title, min(share, share * factors[place] * loss), hours, seeds,
            honest=_harm(honest) if one in {"A8", "A10", "A11", "all"} else None,
        )
        for one, title, share, _, factors, hours in ATTACKERS
    ]  # fmt: skip
    return DefenceRow(
        f"{family} {name}",
        True,
        rows,
        honest,
        _harm(honest),
        [],
        family,
        name,
        rule,
        best=setting == 1,
    )


def _honest(column: int, factor: float) -> list[HonestRow]:
    return [_group(group, min(1.0, group[column] * factor)) for group in GROUPS]


def _group(group: tuple, denied: float) -> HonestRow:
    name, title, natural, size = group[:4]
    shares = {
        "challenged": min(1.0, denied * 2),
        "slowed": denied / 2,
        "redacted": 0.0,
        "denied": denied,
    }
    counts = {rung: round(share * size) for rung, share in shares.items()}
    rates = {rung: round(count / size, 6) for rung, count in counts.items()}
    ci95 = {rung: wilson(count, size) for rung, count in counts.items()}
    return HonestRow(name, size, **rates, title=title, natural=natural, ci95=ci95)


def _harm(rows: list[HonestRow]) -> Harm:
    total = sum(one.natural for one in rows)
    rates = {r: round(sum(one.natural * getattr(one, r) for one in rows) / total, 6) for r in RUNGS}
    denied = max(rows, key=lambda one: one.denied)
    challenged = max(rows, key=lambda one: one.challenged)
    return Harm(
        **rates,
        worst_group=denied.group if denied.denied else "",
        worst_denied=denied.denied,
        worst_challenged_group=challenged.group if challenged.challenged else "",
        worst_challenged=challenged.challenged,
        ci95={r: (rates[r] * 0.8, rates[r] * 1.3 + 0.001) for r in RUNGS},
    )


def _incident(name: str, title: str, share: float, behind: float, *_: object) -> Incident:
    return Incident(
        name,
        title,
        "The published account of what was taken: so many records, over so many months, by so many accounts.",
        "2.2 billion people scaled to 20,000; 1,000 accounts to 40.",
        f"Simulation: {behind:.1%} of the people behind himaya, {share:.1%} with no defence.",
    )
