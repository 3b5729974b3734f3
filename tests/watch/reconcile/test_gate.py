"""`himaya reconcile` with a real gate in front of a real site, and a log as the site's server writes it."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.gate import HIMAYA, Gate
from tests.acceptance.site import Site
from tests.acceptance.visitor import Visitor


class Served:
    """A site behind a gate; `log` is what its web server wrote."""

    def __init__(self, directory: Path) -> None:
        self.site = Site()
        self.gate = Gate(directory, self.site.server_port)
        self.gate.configure()
        self.log = directory / "access.log"

    def ask(self, visitor: Visitor, target: str, account: str = "") -> int:
        """Let a visitor ask for a page; its answer becomes a line of the log."""
        status = visitor.get(target).status
        told = {"at": time.time(), "address": visitor.address, "account": account, "method": "GET"}
        with self.log.open("a") as log:
            log.write(json.dumps({**told, "target": target, "status": status}) + "\n")
        return status

    def settle(self) -> None:
        """Wait until the gate's ledger speaks for everything so far."""
        asked = time.time()
        while (self.gate.ledger / "live/00.heartbeat").stat().st_mtime <= asked:
            self.gate.flush()
            time.sleep(0.05)

    def reconcile(self, code: int, *words: str) -> dict[str, Any]:
        """Return what `himaya reconcile --json` says."""
        gate = self.gate
        where = ["--config", gate.config, "--ledger", gate.ledger, "--why", "test", "--json"]
        done = subprocess.run(
            [HIMAYA, "reconcile", self.log, *where, "--pending-s", "0", *words],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        said = json.loads(done.stdout)
        assert isinstance(said, dict)
        return said


@pytest.fixture(name="served", scope="module")
def _served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("served"))
    try:
        served.gate.start()
        yield served
    finally:
        served.gate.stop()
        served.site.close()


def test_what_went_through_the_gate_is_in_the_ledger_and_what_went_around_is_listed(served):
    """Every kind of answer that a gate let through has its row; a request past the gate is listed, exit code 1."""
    gate = served.gate
    with gate.visitor("u1") as member, gate.visitor() as stranger:
        for target in ("/u/p1", "/u/p1", "/u/p2", "/photo/p3", "/search?page=1", "/api/people"):
            assert served.ask(member, target, "u1") == 200
        for target in ("/u/p1", "/lookup?phone=100070", "/u/p20001", "/about/p5"):
            served.ask(stranger, target)
        assert served.ask(member, "/lookup?phone=100071", "u1") == 404
        assert served.ask(member, "/search?page=99999", "u1") == 200
    served.settle()
    said = served.reconcile(0)
    assert (said["sums"]["matched"], said["sums"]["missing"]) == (9, 0), said
    # A search that found nobody left no row, and may have left none.
    assert [one["surface"] for one in said["unclear"]] == ["search"]
    assert (said["skipped"]["nothing"], said["skipped"]["elsewhere"]) == (1, 1)

    with Visitor(served.site.server_port, "10.9.9.7") as around:
        assert served.ask(around, "/u/p77") == 200
    served.settle()
    said = served.reconcile(1, "--names")
    (one,) = said["missing"]
    assert (one["actor"], one["subject"]) == ("address:10.9.9.7", "person:p77")
    assert (one["file"], one["surface"]) == (str(served.log), "profile")
    assert one["line"] == len(served.log.read_text().splitlines())
