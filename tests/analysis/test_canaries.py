"""Canaries in the audit of the bound and in groups: they spend, and they are no people."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from tests.analysis.crowds import NOON
from tests.analysis.ledgers import crew_rows, row, write
from tests.analysis.site import CONFIG, Site
from tests.analysis.test_asking import SETTINGS

from himaya import cli
from himaya.analysis.bound import audit_bound
from himaya.analysis.groups import Search
from himaya.analysis.groups.asking import analyse
from himaya.core.actor import Actor
from himaya.ledger.canaries import keep
from himaya.ledger.reader import Reader

PLAIN = CONFIG.replace("city = 2", "city = 1")


def test_the_audit_counts_canaries_apart(tmp_path):
    """Twenty asked for, ten passed, three of them canaries: seven people were obtained, and the budget is spent."""
    site = Site(tmp_path, PLAIN)
    for number in range(20):
        site.now += 1
        site.view(Actor(account="anna", address="203.0.113.9"), f"p{number}")
    directory = site.close()
    keep(directory, {f"p{number}": "gap" for number in range(3)})
    with Reader.open(directory) as reader:
        answer = audit_bound(reader)
    assert (answer.holds, answer.broken, answer.judged) == (True, 0, 10)
    assert (answer.inequality.people, answer.canaries) == (7, 3)
    where = ["--ledger", str(directory), "--why", "test"]
    assert (
        "3 canaries were shown" in CliRunner().invoke(cli.group, ["audit", "bound", *where]).output
    )
    account = next(peak for peak in answer.peaks if peak.kind == "account")
    assert account.value == account.limit == 10


@pytest.mark.parametrize(("places", "said"), [(("gap", "sitemap"), True), (("gap", "gap"), False)])
def test_a_group_that_opened_canaries_of_two_places_has_a_reason_more(tmp_path, places, said):
    """Its people are counted without them; two places are a ground in words, one place is none."""
    opened = [
        row(NOON + 10.5 + n, f"c{n}", account=f"c{n}", fingerprint="library") for n in range(2)
    ]
    rows = sorted([*crew_rows(), *opened], key=lambda one: one.at)
    write(tmp_path / "ledger", rows)
    keep(tmp_path / "ledger", {f"c{n}": place for n, place in enumerate(places)})
    with Reader.open(tmp_path / "ledger") as reader:
        (group,) = analyse(reader, NOON - 60, NOON + 4000, Search(SETTINGS))
    assert (group.people, group.shown) == (600, 600)
    grounds = [words for words in group.words() if "canaries" in words]
    assert bool(grounds) is said
    if said:
        assert grounds == [
            "Members opened canaries of 2 independent places, to which no link leads (supports only)."
        ]
        assert group.grounds[0].test == "anti-birthday"
