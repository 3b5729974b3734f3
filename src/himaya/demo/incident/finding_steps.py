"""The first part of the story: the farm scrapes, is found by the search, is confirmed and held."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from himaya.core.errors import ServiceError
from himaya.demo.incident.gate_step import STEP as HELD
from himaya.demo.incident.hands import LEDGER, case
from himaya.demo.incident.operators import ANALYST, DPO, OPERATORS, enrol
from himaya.demo.incident.residents import write_contacts, write_residence
from himaya.demo.incident.tale import Step, Tale
from himaya.demo.incident.traffic import write_disk, write_traffic
from himaya.demo.proof import COMMAND

#: The farm's own file, and the site's log of the invented days.
DISK, LOG = Path("farm/disk.tsv"), Path("access.log")
#: The days end so long before the story is told.
_AGO_S = 3 * 3600.0


def _happened(tale: Tale) -> str:
    write_residence(Path("residence.csv"), tale.people)
    write_contacts(Path("contacts.csv"), tale.people)
    tale.played = write_traffic(LOG, tale.people, time.time() - _AGO_S)
    DISK.parent.mkdir()
    write_disk(DISK, tale.played.disk)
    _follow()
    return (
        f"{tale.played.lines:,} lines of a log of three days; {len(tale.played.accounts)} accounts of a farm took"
        f" {len(tale.played.disk):,} of {len(tale.people):,} people, and himaya is not told whom"
    )


def _follow() -> None:
    """Read the log into the ledger, by the installed command in a process of its own. Raises ServiceError."""
    command = [sys.executable, *COMMAND, "follow", str(LOG), "--config", "himaya.toml", "--once"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ServiceError(f"`himaya follow` ended with {done.returncode}: {done.stderr.strip()}")
    Path("follow.txt").write_text(done.stderr)


def _enrolled(tale: Tale) -> str:
    enrol(tale.hands)
    names = ", ".join(f"{name} ({role})" for name, role in OPERATORS.items())
    return f"{names}: keys, cards and passes by the real commands"


def _found(tale: Tale) -> str:
    found = tale.hands.told(ANALYST, "case", "find", "--ledger", LEDGER)["cases"]
    if len(found) != 1:
        raise ServiceError(f"the search found {len(found)} groups; the farm is one")
    tale.case = found[0]["id"]
    tale.hands.do(ANALYST, *case("list"))
    tale.do(ANALYST, "show")
    members = found[0]["members"]
    tale.check(
        f"the group has {members} members, the farm {len(tale.played.accounts)} accounts",
        holds=members == len(tale.played.accounts),
    )
    return f"the search of groups opened {tale.case}: {members} accounts, {found[0]['people']:,} people"


def _confirmed(tale: Tale) -> str:
    tale.do(ANALYST, "ack")
    tale.do(ANALYST, "owner", DPO)
    why = "one tool, one list divided among thirty accounts; looked at by hand"
    tale.do(ANALYST, "confirm", "--why", why)
    return f"{ANALYST} looked at it and confirmed it; {DPO} answers for it"


def _contained(tale: Tale) -> str:
    told = tale.told(ANALYST, "contain", "--why", "they may go on tonight")
    (order,) = tale.identity.orders
    tale.check(
        f"the identity system was told of {len(order['accounts'])} accounts, signed",
        holds=sorted(order["accounts"]) == sorted(tale.played.accounts)
        and bool(order["signature"]),
    )
    tale.check(f"that took {told['took_s']:g} s, less than a minute", holds=told["took_s"] < 60)
    return f"{told['actors']} actors held; the identity system took the order after {told['took_s']:g} s"


STEPS = (
    Step("happened", "Three days happen", _happened),
    Step("enrolled", "Four people have roles", _enrolled),
    Step("found", "The farm is found", _found),
    Step("confirmed", "A person confirms it", _confirmed),
    Step("contained", "It is held", _contained),
    HELD,
)
