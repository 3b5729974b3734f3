"""REG-16: a photo that is downloaded is a disclosure, also when a CDN served it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.acceptance.gate import SURFACES, Gate
from tests.acceptance.promise import broken, require


def downloads_count(gate: Gate) -> None:
    """Somebody downloads two photos through the gate."""
    with gate.visitor() as visitor:
        for person in (7, 8):
            assert visitor.get(f"/photo/p{person}").people == {person}
        answer = gate.who(actor=f"address:{visitor.address}")
        shown = {(one["subject"], *one["fields"]) for one in answer["subjects"]}
        require(shown == {("p7", "photo"), ("p8", "photo")}, "the ledger knows the photos")


def cdn_log(address: str) -> str:
    """Return what a CDN delivers as its log: two photos from its own copies, and a style sheet."""
    line = '{} - - [02/Mar/2026:09:15:{:02} +0000] "GET {} HTTP/1.1" 200 18230 "-" "Mozilla/5.0"'
    targets = ["/photo/p7", "/style.css", "/photo/p8"]
    return "".join(line.format(address, n, target) + "\n" for n, target in enumerate(targets))


def a_cdn_counts(gate: Gate, directory: Path) -> None:
    """The CDN's log is read into a ledger of its own."""
    log, address = directory / "cdn.log", "203.0.113.9"
    log.write_text(cdn_log(address))
    kept = str(directory / "ledger")
    gate.himaya("scan", str(log), "--config", str(gate.config), "--ledger", kept, "--json")
    about = ("--actor", f"address:{address}", "--why", "acceptance", "--json")
    answer = json.loads(gate.himaya("who", "--ledger", kept, *about))
    shown = {(one["subject"], *one["fields"]) for one in answer["subjects"]}
    require(shown == {("p7", "photo"), ("p8", "photo")}, "the ledger knows the CDN's photos")


WITHOUT = [one for one in SURFACES if one["id"] != "photo"]


def test_reg_16_through_the_gate(gate):
    """Each photo downloaded through the gate is a disclosure of that person's photo."""
    downloads_count(gate)


def test_reg_16_twin_through_the_gate(gate):
    """Photos on a route that is not declared leave no trace."""
    gate.configure(surface=WITHOUT)
    with broken("the ledger knows the photos"):
        downloads_count(gate)


def test_reg_16_from_a_cdn(gate, tmp_path):
    """Each photo that a CDN served from its own copy is a disclosure once the CDN's log is read."""
    a_cdn_counts(gate, tmp_path)


def test_reg_16_twin_from_a_cdn(gate, tmp_path):
    """Without the declared route the CDN's log shows nobody."""
    gate.configure(surface=WITHOUT)
    with broken("the ledger knows the CDN's photos"):
        a_cdn_counts(gate, tmp_path)
