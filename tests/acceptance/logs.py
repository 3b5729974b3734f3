"""Access logs of days that are over, and what the installed command makes of them."""

from __future__ import annotations

import copy
import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from tests.acceptance.gate import BASE, HIMAYA, Table, toml


class View(NamedTuple):
    """One profile that an account opened, with a client of some class, from an address of its own."""

    at: float
    account: str
    person: int
    client: str


def write_log(path: Path, views: Iterable[View]) -> None:
    """Write views as JSON lines in the order of time, as a front door that knows account and client does."""
    ordered = sorted(views)
    numbers = {name: n for n, name in enumerate(dict.fromkeys(view.account for view in ordered))}
    with path.open("w") as log:
        for view in ordered:
            number = numbers[view.account]
            line = {
                "at": view.at,
                "address": f"10.{number >> 8}.{number & 255}.7",
                "himaya_account": view.account,
                "method": "GET",
                "target": f"/u/p{view.person}",
                "status": 200,
                "sent": 4096,
                "fingerprint": view.client,
            }
            log.write(json.dumps(line) + "\n")


def write_config(path: Path, **changes: Any) -> None:
    """Write the base configuration with `changes`, each table merged into that of the base."""
    table = copy.deepcopy(BASE)
    for name, value in changes.items():
        table[name] = {**table.get(name, {}), **value}
    path.write_text(toml(table))


def told(*words: str | Path) -> Table:
    """Return what a command tells as JSON; it must end well."""
    done = subprocess.run(
        [HIMAYA, *map(str, words), "--json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert isinstance(answer, dict)
    return answer


def members(ledger: Path, case: str) -> set[str]:
    """Return the names of a case's members, which the command gives for a reason only."""
    answer = told("case", "show", case, "--ledger", ledger, "--names", "--why", "acceptance")
    return set(answer["names"])
