"""The score is honest: it is caught when a defence, a ledger or a side door would flatter."""

from __future__ import annotations

import pytest
from tests.bench.small import SCENE, played, rigged

from himaya.bench.defences.base import NOBODY
from himaya.bench.defences.himaya import grouped_in
from himaya.bench.disk import Disk
from himaya.bench.score.cell import truth_of
from himaya.bench.score.contained import best, contained_after
from himaya.bench.score.intervals import of_mean, wilson
from himaya.bench.score.summary import honest_rows, overall
from himaya.core.exchange import Person


def test_a_defence_that_blocks_everything_loses_nobody_and_harms_all():
    """Whoever blocks every request has zero loss, and every member of every group was refused."""
    result = rigged("A1", "wall")
    assert result.obtained.people == 0
    assert all(row["denied"] == row["size"] > 0 for row in result.honest.values())
    harm = overall(honest_rows([result.honest], SCENE.groups))
    assert harm.denied == harm.worst_denied == 1.0


def test_no_defence_loses_everybody_and_harms_nobody():
    """Without a defence the fast walk obtains the whole site, and no record exists."""
    result = played("none", "A1")
    assert result.obtained.people == SCENE.world.count
    assert result.obtained.truth is None
    assert result.obtained.weighted < 1.0


def test_a_defence_that_records_nothing_has_recall_0():
    """A record without rows beside a full disk has recall 0 for people and for fields."""
    result = rigged("A1", "amnesia")
    assert result.obtained.people > 0
    assert result.obtained.truth == (1.0, 0.0, 1.0, 0.0)


def test_himaya_names_exactly_what_was_obtained():
    """The ledger's people and fields equal the disk: precision and recall 1 for both."""
    for attacker in ("A1", "A2", "A6", "A8", "all"):
        assert played("himaya", attacker).obtained.truth == (1.0, 1.0, 1.0, 1.0), attacker


def test_personal_fields_that_nobody_declared_reach_the_ledger():
    """The follower lists give away three fields more than they declare; the gate watches for those, and names them."""
    assert played("himaya", "H5").obtained.truth == (1.0, 1.0, 1.0, 1.0)


def test_fields_that_nobody_watches_for_are_missing_and_the_score_says_so():
    """A gate that is told to look for no other field names the declared ones alone, and its recall says it."""
    assert rigged("H5", "unwatchful").obtained.truth == (1.0, 1.0, 1.0, 0.5)


def test_a_planted_bug_in_the_ledger_is_caught():
    """Rows that are lost lower the recall; rows of people whom nobody was shown lower the precision."""
    lost = rigged("A1", "forgetful").obtained.truth
    assert lost[0] == 1.0
    assert 0.85 < lost[1] < 0.95
    added = rigged("A1", "inventive").obtained.truth
    assert added[0] < 1.0
    assert added[1] == 1.0
    fewer = rigged("A1", "colourblind").obtained.truth
    assert fewer[:2] == (1.0, 1.0)
    assert fewer[3] < 1.0


def test_people_of_a_side_surface_count():
    """Somebody who opens no profile but reads suggestions, pictures or follower lists has obtained those people."""
    for attacker in ("H4", "H5", "H6"):
        assert played("none", attacker).obtained.people > 0


def test_a_disk_keeps_fields_and_times():
    """A disk joins the fields of a person and counts a person once; who arrives without a field is nobody."""
    disk = Disk()
    assert disk.take([Person("1", ("name",))], 10.0) == 1
    assert disk.take([Person("1", ("name", "phone")), Person("2", ())], 20.0) == 0
    assert disk.pairs() == {"1": {"name", "phone"}}
    assert disk.times == [10.0]
    assert (disk.people_by(9), disk.people_by(10)) == (0, 1)
    assert disk.weight == 3.0


def test_an_empty_record_of_an_empty_disk_is_perfect():
    """Nothing obtained and nothing recorded is right; something recorded is not."""
    assert truth_of(Disk(), {}) == (1.0, 1.0, 1.0, 1.0)
    assert truth_of(Disk(), {"1": {"name"}})[0] == 0.0


def test_containment_is_six_quiet_hours():
    """Contained is the moment before six hours with under 1 % of the best six hours undefended."""
    assert best([float(n) for n in range(1000)], 6 * 3600) == 1000
    assert best([float(n * 3600) for n in range(48)], 6 * 3600) == 7
    burst = [float(n) for n in range(300)]
    assert contained_after(burst, 1000, 86400.0, everything=1000) == 290.0
    steady = [float(n * 1800) for n in range(48)]
    assert contained_after(steady, 1000, 86400.0, everything=5000) is None
    assert contained_after(steady, 1000, 3 * 86400.0, everything=5000) == 38 * 1800.0


def test_whoever_paces_by_the_day_must_be_quiet_for_a_day():
    """Somebody who works an hour a day is not contained by going home."""
    days = [day * 86400.0 + n for day in range(3) for n in range(80)]
    assert contained_after(days, 80, 3 * 86400.0, everything=9999, quiet_s=86400.0) is None
    assert contained_after(days, 80, 3 * 86400.0, everything=9999) == 79.0


def test_whoever_got_everybody_was_not_contained():
    """Somebody who is done is not contained; somebody who got nobody is, from the start."""
    assert contained_after([1.0, 2.0], 2, 86400.0, everything=2) is None
    assert contained_after([], 2, 86400.0, everything=2) == 0.0
    assert contained_after([], 0, 86400.0, everything=2) is None


def test_intervals_are_those_of_the_textbook():
    """Wilson's interval and Student's t give the figures of their tables."""
    assert wilson(0, 500) == (0.0, 0.007624)
    assert wilson(5, 500) == (0.004279, 0.023193)
    assert wilson(3, 0) == (0.0, 1.0)
    assert of_mean([0.1]) is None
    low, high = of_mean([0.1, 0.2, 0.3])
    assert (low, high) == pytest.approx((0.0, 0.4484), abs=0.001)


def test_the_whole_is_weighted_by_natural_shares():
    """A rate over everybody weights each group by its natural share, not by how many were drawn."""
    groups = SCENE.groups
    counts = {
        g.id: {"size": 10, "challenged": 0, "slowed": 0, "redacted": 0, "denied": 0} for g in groups
    }
    counts[groups[0].id]["denied"] = 10
    harm = overall(honest_rows([counts], groups))
    total = sum(group.natural for group in groups)
    assert harm.denied == pytest.approx(groups[0].natural / total, abs=1e-5)
    assert harm.worst_group == groups[0].id
    assert harm.ci95["denied"][1] > harm.denied


def test_a_bystander_in_a_group_costs_purity():
    """The group of an operation is measured by both: how much of the operation is in it, and who else is."""
    accounts = [f"account:f{n}" for n in range(10)]
    groups = dict.fromkeys(accounts[:8], "G1") | {"account:honest": "G1", "account:other": "G2"}
    held = grouped_in(groups, accounts)
    assert (held.names, held.share) == (3, 0.8)
    assert held.purity == 8 / 9
    whole = grouped_in(dict.fromkeys(accounts, "G1"), accounts)
    assert (whole.names, whole.share, whole.purity) == (1, 1.0, 1.0)
    assert grouped_in({}, accounts).share == 0.1
    assert grouped_in(groups, []) == NOBODY
