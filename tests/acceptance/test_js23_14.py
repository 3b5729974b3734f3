"""JS23-14: whoever collects is kept out at a real bouncer, soon, for a while, and not at the cost of honest people."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from tests.acceptance.gate import Gate, Table
from tests.acceptance.promise import broken, require
from tests.analysis.ledgers import crew_rows, row, write
from tests.gate.bouncer_rig import bouncer

pytestmark = pytest.mark.system

#: The crew's own addresses, and the one that forty honest accounts share with one of the crew (carrier NAT).
OWN, SHARED = "192.0.2.3", "203.0.113.9"

#: Ids walked in order lead to a block of one second.
STRICT = {"enumeration": {"run": 20, "action": "block", "for_s": 1}}
WATCHING = {"enumeration": {"run": 20, "action": "allow", "for_s": 1}}

#: Seconds from the confirmation to the enforced block.
SOON_S = 5.0

#: How long a test waits for what has to happen at all, whatever else the machine does.
_PATIENCE_S = 60.0

SCRIPT = """#!/bin/sh
echo "$(date +%s.%N) $*" >> "$(dirname "$0")/calls"
"""


class Edge:
    """A gate with a feed over a ledger that a crew left behind, and Debian's custom bouncer with its script."""

    def __init__(self, gate: Gate, folder: Path, api: dict[str, str]) -> None:
        self.gate, self.folder, self.api = gate, folder, api
        self.calls = folder / "calls"

    def called(self, word: str, address: str, since: float = 0.0) -> float:
        """Return when the script was first called so since a time, 0.0 when it was not."""
        for line in self.calls.read_text().splitlines():
            at, what, value = line.split(" ")[:3]
            if (what, value) == (word, address) and float(at) >= since:
                return float(at)
        return 0.0

    def said_of(self, address: str) -> Table:
        """Return what the script was told of an address."""
        lines = [x.split(" ", 5) for x in self.calls.read_text().splitlines()]
        return json.loads(next(x[5] for x in lines if x[1:3] == ["add", address]))

    def blocks(self) -> dict[str, Table]:
        """Return what `himaya block --list` says, by address."""
        told = self.gate.himaya("block", "--config", str(self.gate.config), "--list", "--json")
        return {one["place"]: one for one in json.loads(told)["blocks"]}

    def find(self) -> str:
        """Look for groups; return the id of the crew's case."""
        about = ("--ledger", str(self.gate.ledger), "--config", str(self.gate.config), "--json")
        (case,) = json.loads(self.gate.himaya("case", "find", *about))["cases"]
        return str(case["id"])

    def confirm(self, case: str) -> float:
        """Confirm a case; return when that was decided."""
        where = ("--ledger", str(self.gate.ledger))
        self.gate.himaya("case", "confirm", case, *where, "--why", "acceptance")
        shown = json.loads(self.gate.himaya("case", "show", case, *where, "--json"))
        (at,) = [one["at"] for one in shown["log"] if one["what"] == "confirmed"]
        return datetime.fromisoformat(at).timestamp()


@contextmanager
def an_edge(gate: Gate, folder: Path, **feed: object) -> Iterator[Edge]:
    """Put a gate with a feed over a fresh ledger of a crew, with a bouncer that asks every second; then as before."""
    script = folder / "on-block"
    script.write_text(SCRIPT)
    script.chmod(0o755)
    (folder / "calls").touch()
    gate.stop()
    gate.ledger = folder / "ledger"
    now = time.time()
    shared = row(now - 10, "p9000", account="c3", address=SHARED, fingerprint="library")
    write(gate.ledger, [*crew_rows(800, now - 1000), shared])
    table = {"listen": "127.0.0.1:0", "keys_file": str(folder / "keys"), **feed}
    gate.write(feed=table, groups={"every_s": 0}, site={"population": 5000})
    key = gate.himaya("feed", "key", "add", "front", "--config", str(gate.config)).strip()
    try:
        gate.start()
        told = gate.himaya("feed", "status", "--json", "--config", str(gate.config))
        api = {"api_url": f"http://{json.loads(told)['listen']}/", "api_key": key}
        edge = Edge(gate, folder, api)
        with bouncer(folder, "crowdsec-custom-bouncer", **api, bin_path=str(script)):
            yield edge
    finally:
        gate.write()
        gate.restart(forget=True)


def wait(ready: Callable[[], object], most_s: float) -> bool:
    """Tell whether something happened within a time."""
    end = time.monotonic() + most_s
    while not ready():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def blocked_soon(edge: Edge, confirmed: float, patience_s: float = _PATIENCE_S) -> None:
    """The bouncer's script is called for the crew's own address within five seconds of the confirmation."""
    wait(lambda: edge.called("add", OWN), patience_s)
    require(edge.called("add", OWN), "the collector's address is blocked at the bouncer")
    require(edge.called("add", OWN) - confirmed < SOON_S, "within five seconds of the confirmation")
    require(edge.said_of(OWN)["type"] == "ban", "as a block")
    entry = edge.blocks()[OWN]
    require(entry["why"] == "acceptance" and entry["until"], "reason and end are on record")


def shared_is_challenged(edge: Edge) -> None:
    """The address that forty honest accounts share is challenged at the bouncer, and the record counts them."""
    wait(lambda: edge.called("add", SHARED), _PATIENCE_S)
    require(edge.said_of(SHARED)["type"] == "captcha", "an address that many share is challenged")
    require(edge.blocks()[SHARED]["collateral"] >= 30, "the collateral is on record")


def ends_by_itself(edge: Edge, patience_s: float = _PATIENCE_S) -> None:
    """Nobody does anything, and the bouncer is told that the block is over."""
    wait(lambda: edge.called("del", OWN), patience_s)
    require(edge.called("del", OWN), "the block ends by itself")


def a_block_comes_and_goes(gate: Gate) -> None:
    """An address walks through ids, is found, is blocked, waits, and is served again."""
    with gate.visitor() as walker:
        answers = [walker.get(f"/u/p{person}") for person in range(30)]
        refused = [one for one in answers if one.status == 403]
        require(refused and refused[0].json()["action"] == "block", "found, then blocked")
        found = gate.found("enumeration", f"address:{walker.address}", wait_s=5)
        assert found
        require(time.time() - found["at"] < 5, "within five seconds")
        time.sleep(max(0.0, found["at"] + 1.05 - time.time()))
        require(walker.get("/u/p19000").status == 200, "the block ends by itself")


def test_js23_14_confirmed_case(gate, tmp_path):
    """A confirmed case is an enforced block within five seconds; the carrier's address a challenge; both end."""
    with an_edge(gate, tmp_path, for_s=15) as edge:
        blocked_soon(edge, edge.confirm(edge.find()))
        shared_is_challenged(edge)
        ends_by_itself(edge)


def test_js23_14_twin_confirmed_case(gate, tmp_path):
    """Unconfirmed, a case blocks nobody; with the count out of reach the shared address is blocked; four hours last."""
    with an_edge(gate, tmp_path, shared_accounts=1000) as edge:
        case = edge.find()
        with broken("the collector's address is blocked at the bouncer"):
            blocked_soon(edge, time.time(), patience_s=3.0)
        edge.confirm(case)
        with broken("an address that many share is challenged"):
            shared_is_challenged(edge)
        with broken("the block ends by itself"):
            ends_by_itself(edge, patience_s=3.0)


def test_js23_14_a_block_comes_and_goes(gate):
    """From finding to block it takes less than five seconds, and the block ends by itself."""
    gate.configure(detectors=STRICT)
    a_block_comes_and_goes(gate)


def test_js23_14_twin_a_block_comes_and_goes(gate):
    """A finding that leads to nothing blocks nobody."""
    gate.configure(detectors=WATCHING)
    with broken("found, then blocked"):
        a_block_comes_and_goes(gate)
