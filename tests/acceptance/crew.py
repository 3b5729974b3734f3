"""What the tests about groups share: a gate that looks for them all the time, the cases it opened, and a browser."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.acceptance.gate import Gate, Table

from himaya.control import Control

#: `make soak` takes as many as the line says; every run takes fewer.
SOAK = os.environ.get("HIMAYA_SOAK") == "1"

#: Rows are looked at two seconds after their time. A case is waited for so long, and so long it has to stay away.
WAIT_S, TWIN_S = (90.0 if SOAK else 20.0), 5.0

#: What a current browser sends with a page, in its order.
BROWSER = {
    "User_Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/142.0.0.0 Safari/537.36",
    "sec_ch_ua": '"Chromium";v="142", "Google Chrome";v="142"',
    "sec_ch_ua_mobile": "?0",
    "sec_ch_ua_platform": '"Linux"',
    "Upgrade_Insecure_Requests": "1",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8",
    "Sec_Fetch_Site": "same-origin",
    "Sec_Fetch_Mode": "navigate",
    "Sec_Fetch_Dest": "document",
    "Accept_Language": "de-DE,de;q=0.9,en;q=0.8",
}

#: What a common library sends.
LIBRARY = {"User_Agent": "python-requests/2.32.3", "Accept": "*/*", "Connection": "keep-alive"}


@contextmanager
def searching(gate: Gate, *, every_s: float = 0.2, **changes: Any) -> Iterator[None]:
    """Run the gate with an empty ledger, looking for groups every `every_s` seconds (0: never); then as before."""
    gate.write(groups={"every_s": every_s}, **changes)
    gate.restart(forget=True)
    try:
        yield
    finally:
        gate.write()
        gate.restart(forget=True)


def signed_up(gate: Gate, accounts: list[str], created: float) -> None:
    """Let the application tell when accounts were made."""
    with Control(gate.directory / "g.sock") as control:
        control.tell({"account": one, "created": created} for one in accounts)


def this_hour() -> float:
    """Return a time of sign-up that is in one hour for everybody, and not in the future."""
    return time.time() // 3600 * 3600


def cases(gate: Gate, wait_s: float, enough: Callable[[list[Table]], bool] = bool) -> list[Table]:
    """Return what `himaya case list` says once it is enough, or after `wait_s`."""
    gate.flush()
    end = time.monotonic() + wait_s
    while True:
        text = gate.himaya("case", "list", "--ledger", str(gate.ledger), "--json")
        found: list[Table] = json.loads(text)["cases"]
        if enough(found) or time.monotonic() >= end:
            return found
        time.sleep(0.3)


def members(gate: Gate, case: Table) -> set[str]:
    """Return the names of a case's members, a hundred at most."""
    about = ("--ledger", str(gate.ledger), "--names", "--why", "acceptance", "--json")
    told = json.loads(gate.himaya("case", "show", case["id"], *about))
    return set(told["names"])
