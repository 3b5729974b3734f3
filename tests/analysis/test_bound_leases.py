"""`audit bound` over restarts of a gate that had lent to workers: what it adds, and no more than that."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from tests.analysis.site import START, Site
from tests.analysis.test_bound import ANNA, BEN, PLAIN, _audit, _row

from himaya import cli
from himaya.ledger import Ledger


def _site(folder, *, over: int, leases=((2, 3),), restarts: int = 1):
    """Return a ledger in which Anna was shown her ten people, and `over` more after the gate was started again."""
    site = Site(folder, PLAIN)
    for workers, people in leases:
        site.ledger.note_leases(workers, people)
    for number in range(10):
        site.now += 1
        site.view(ANNA, f"p{number}")
    site.ledger.close()
    for _ in range(restarts):
        site.ledger = Ledger.open(site.directory, clock=lambda: site.now)
    site.now += 60
    for number in range(over):
        site.now += 1
        site.ledger.append(_row(site, f"late{number}"))
    site.ledger.close()
    return site.directory


def test_a_restart_allows_each_principal_what_workers_had_leased(tmp_path):
    """Two workers with leases of three: six people more of an account are within the bound, seven are not."""
    within = _audit(_site(tmp_path / "a", over=6))
    assert (within.holds, within.broken) == (True, 0)
    told = within.inequality.leased
    assert (told.restarts, told.workers, told.lease) == (1, 2, 3)
    assert told.people == told.principals * 6
    sum_ = within.inequality.budget + told.people
    assert within.inequality.bound == sum_ / within.inequality.lightest
    assert _audit(_site(tmp_path / "b", over=7)).broken == 1


def test_without_leases_a_restart_allows_nothing(tmp_path):
    """The same ledger of a gate that lent nothing is broken by the first person more."""
    answer = _audit(_site(tmp_path, over=1, leases=()))
    assert (answer.broken, answer.inequality.leased.people) == (1, 0)


def test_a_gate_that_was_never_restarted_adds_nothing(tmp_path):
    """While one gate runs, what it lent is reserved: leases add nothing to the bound."""
    site = Site(tmp_path, PLAIN)
    site.ledger.note_leases(4, 5)
    site.view(ANNA, "p0")
    assert _audit(site.close()).inequality.leased.people == 0


def test_what_was_lent_on_other_terms_counts_at_its_most(tmp_path):
    """More workers, or more people, before or after a reload: the most of either is taken."""
    answer = _audit(_site(tmp_path, over=12, leases=((1, 6), (1, 2), (2, 2))))
    assert answer.broken == 0
    assert (answer.inequality.leased.workers, answer.inequality.leased.lease) == (2, 6)


def test_a_restart_long_before_a_window_allows_nothing(tmp_path):
    """An hour after a restart its leases are in no hour's window any more."""
    site = Site(tmp_path, PLAIN)
    site.ledger.note_leases(2, 3)
    site.ledger.close()
    site.ledger = Ledger.open(site.directory, clock=lambda: site.now)
    site.now = START + 8000
    for number in range(11):
        site.now += 1
        site.ledger.append(_row(site, f"p{number}", BEN))
    site.ledger.close()
    (excess,) = _audit(site.directory).named
    assert (excess.principal, excess.window, excess.value) == ("account:ben", "hour", 11)


@pytest.mark.parametrize("as_json", [False, True])
def test_the_command_prints_the_term_with_its_numbers(tmp_path, as_json):
    """`himaya audit bound` says how many restarts, workers and people the term is made of."""
    directory = _site(tmp_path, over=2)
    words = ["audit", "bound", "--ledger", str(directory), "--why", "a test"]
    told = CliRunner().invoke(cli.group, [*words, *(["--json"] if as_json else [])])
    assert told.exit_code == 0, told.output
    if as_json:
        leased = json.loads(told.output)["inequality"]["leased"]
        assert (leased["restarts"], leased["workers"], leased["lease"]) == (1, 2, 3)
    else:
        assert "x 1 restarts x at most 2 workers x 3 people" in told.output
        assert "budgets + bought + leased" in told.output
