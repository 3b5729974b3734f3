"""The hold, asked of the real gate: it is started over the ledger of the case, and the farm comes back."""

from __future__ import annotations

import asyncio
import http.client
import sys
from pathlib import Path

from himaya.bench.live.children import Child, free_port
from himaya.demo.incident.hands import LEDGER
from himaya.demo.incident.tale import Step, Tale
from himaya.demo.proof import COMMAND

#: The secret by which the front door of the site is known to the gate.
SECRET = Path("door.secret")
#: How many accounts of either kind ask.
_ASK = 5


def _held(tale: Tale) -> str:
    farm = tale.played.accounts[:_ASK]
    members = [f"neighbour.{n}" for n in range(_ASK)]
    seen = [one.handle for one in tale.people if one.handle not in tale.played.disk]
    port = free_port()
    child = _gate(port)
    try:
        asyncio.run(child.ready(port))
        refused = [_verdict(port, account, "198.18.0.7", seen[0]) for account in farm]
        passed = [_verdict(port, account, "198.51.100.1", seen[0]) for account in members]
    finally:
        child.stop()
    tale.check(
        f"the gate shows nobody to {len(farm)} accounts of the farm: {', '.join(sorted(set(refused)))}",
        holds="allow" not in refused,
    )
    tale.check(f"the gate let {len(members)} members pass", holds=set(passed) == {"allow"})
    return f"himaya gate, over the same ledger, showed the farm nobody any more ({refused[0]}) and let members pass"


def _gate(port: int) -> Child:
    """Start the gate as an authority that a front door asks."""
    words = ("gate", "--config", "himaya.toml", "--mode", "authority")
    where = ("--listen", f"127.0.0.1:{port}", "--ledger", LEDGER)
    return Child("the gate", [sys.executable, *COMMAND, *words, *where], Path("gate.log"))


def _verdict(port: int, account: str, address: str, subject: str) -> str:
    """Ask as the site's front door would, before it shows a profile to an account; return the verdict."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        line.request("GET", "/auth", headers={
            "X-Himaya-Secret": SECRET.read_text().strip(),
            "X-Original-URI": f"/u/{subject}",
            "X-Original-Method": "GET",
            "X-Forwarded-For": address,
            "X-Account": account,
        })  # fmt: skip
        answer = line.getresponse()
        answer.read()
        return answer.headers.get("Himaya-Verdict", "")
    finally:
        line.close()


STEP = Step("held", "It comes back", _held)
