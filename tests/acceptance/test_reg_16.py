"""REG-16: a photo that is downloaded is a disclosure, also when a CDN served it."""

from __future__ import annotations

import json
from collections.abc import Callable
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


def photos_use_the_budget(gate: Gate, name: str) -> None:
    """Of a cap of 100 somebody uses 60 on profiles, then downloads photos of others until refused."""
    with gate.visitor(name) as visitor:
        for person in range(60):
            visitor.get(f"/u/p{person}")
        for person in range(60):
            visitor.get(f"/photo/p{person}")
        assert len(visitor.obtained) == 60
        for person in range(200, 260):
            visitor.get(f"/photo/p{person}")
        require(len(visitor.obtained) >= 100, "a photo of somebody seen before costs nothing")
        require(len(visitor.obtained) == 100, "photos and profiles have one budget")


def cloudfront_log(address: str) -> str:
    """Return the same as CloudFront writes it: tabs, two lines of headers, the query apart."""
    head = "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status\n"
    line = (
        "2026-03-02\t09:15:{:02}\tFRA2\t18230\t{}\tGET\td1.cloudfront.net\t{}\t200\t-\tMozilla/5.0\tw=200\t-\tHit"
        "\tid{}==\tpeople.example\thttps\t23\t0.001\n"
    )
    targets = enumerate(["/photo/p7", "/style.css", "/photo/p8"])
    return head + "".join(line.format(n, address, target, n) for n, target in targets)


def cdn_log(address: str) -> str:
    """Return what a CDN delivers as its log: two photos from its own copies, and a style sheet."""
    line = '{} - - [02/Mar/2026:09:15:{:02} +0000] "GET {} HTTP/1.1" 200 18230 "-" "Mozilla/5.0"'
    targets = ["/photo/p7", "/style.css", "/photo/p8"]
    return "".join(line.format(address, n, target) + "\n" for n, target in enumerate(targets))


def a_cdn_counts(gate: Gate, directory: Path, form: Callable[[str], str] = cdn_log) -> None:
    """The CDN's log is read into a ledger of its own."""
    log, address = directory / "cdn.log", "203.0.113.9"
    log.write_text(form(address))
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


def test_reg_16_from_cloudfront(gate, tmp_path):
    """The same from CloudFront's own log."""
    a_cdn_counts(gate, tmp_path, cloudfront_log)


def test_reg_16_twin_from_cloudfront(gate, tmp_path):
    """Without the declared route CloudFront's log shows nobody."""
    gate.configure(surface=WITHOUT)
    with broken("the ledger knows the CDN's photos"):
        a_cdn_counts(gate, tmp_path, cloudfront_log)


def test_reg_16_photos_use_the_budget(gate, name):
    """Photos are metered in the same budget of people as profiles: 60 and 40 of a cap of 100."""
    photos_use_the_budget(gate, name)


def test_reg_16_twin_photos_use_the_budget(gate, name):
    """With photos undeclared everybody's photo is there for the taking."""
    gate.configure(surface=WITHOUT)
    with broken("photos and profiles have one budget"):
        photos_use_the_budget(gate, name)
