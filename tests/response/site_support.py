"""A site with a ledger and a register, for tests of commands about cases."""

from __future__ import annotations

import time
from pathlib import Path

from himaya.bootstrap.register import open_register
from himaya.ledger import Ledger
from himaya.response.cases import Act

HOUR = 3_600_000_000


def micros() -> int:
    """Return the time now, microseconds."""
    return time.time_ns() // 1000


def site(folder: Path, more: str = "") -> Path:
    """Make a ledger and a configuration, and return the path of the latter."""
    with Ledger.open(folder / "ledger"):
        pass
    config = folder / "himaya.toml"
    config.write_text(f'[site]\nname = "People"\n[ledger]\ndirectory = "ledger"\n{more}')
    return config


def case(
    folder: Path,
    name: str,
    countries: dict[str, int] | None,
    clocks: dict[str, float],
    *,
    practice: bool = False,
) -> None:
    """Open a case with people of these countries; `clocks` are hours ago."""
    now = micros()

    def act(kind: str, when: int = 0, **data: object) -> Act:
        return Act(case=name, kind=kind, at=now, by="lea", why="a reason", when=when, data=data)

    register = open_register(folder / "ledger")
    try:
        register.add(act("opened", practice=practice, title="Anna Example's profile"))
        if countries is not None:
            register.add(act("counted", countries=countries, people=sum(countries.values())))
        for clock, hours in clocks.items():
            register.add(act("clock", now - int(hours * HOUR), clock=clock))
    finally:
        register.close()


def done(folder: Path, name: str, act: str, /, **data: object) -> None:
    """Write down that somebody did something in a case now."""
    now = micros()
    with open_register(folder / "ledger") as register:
        register.add(Act(case=name, kind=act, at=now, by="lea", why="a reason", data=data))
