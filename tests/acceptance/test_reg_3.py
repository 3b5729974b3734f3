"""REG-3: a scraper who moves to another route takes the same budget along."""

from __future__ import annotations

from tests.acceptance.gate import SURFACES, Gate
from tests.acceptance.promise import broken, require
from tests.acceptance.site import Site, phone


def moving_on_gains_nothing(gate: Gate, site: Site, account: str) -> None:
    """60 people by search; search is taken away; then contact look-ups, of old and of new people."""
    with gate.visitor(account) as visitor:
        for page in range(3):
            visitor.get(f"/search?page={page}")
        assert len(visitor.obtained) == 60
        site.closed.add("search")
        assert visitor.get("/search?page=3").status == 410
        for person in (*range(40, 60), *range(1000, 1080)):
            visitor.get(f"/lookup?phone={phone(person)}")
        require(len(visitor.obtained) >= 100, "people seen before are free on the other route")
        require(len(visitor.obtained) == 100, "both routes spend one budget")


def test_reg_3_one_budget_over_routes(gate, site, name):
    """60 people by a search that is then closed leave 40 for the look-up, old ones not counted again."""
    moving_on_gains_nothing(gate, site, name)


def test_reg_3_twin_one_budget_over_routes(gate, site, name):
    """With the look-up undeclared the scraper goes on there."""
    gate.configure(surface=[one for one in SURFACES if one["id"] != "lookup"])
    with broken("both routes spend one budget"):
        moving_on_gains_nothing(gate, site, name)
