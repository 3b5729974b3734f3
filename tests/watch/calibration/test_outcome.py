"""Traffic to receipt: an unproven farm moves nothing, a proven one in a case is left out, nothing is overclaimed."""

from __future__ import annotations

import msgspec
import pytest
from tests.watch.calibration import crowd
from tests.watch.logs import START

from himaya.config import loads
from himaya.core.facts import AccountFact, Facts
from himaya.watch.calibration.outcome import Terms
from himaya.watch.calibration.write import with_values, written

READERS = [f"r{n}" for n in range(400)]
FARM = [f"farm{n}" for n in range(20)]
AT_1 = Terms(rate=0.01, hold_out=0.2, seed="test")


@pytest.fixture(name="mixed", scope="module")
def _mixed():
    """Readers who are proven, readers who are not, and a farm; everybody can be asked for."""
    views = crowd.readers(400) + crowd.readers(60, "o", 2) + crowd.farm()
    return crowd.gauged(views, [*READERS, *FARM])


def values(receipt):
    """Return the new values by key."""
    return {one.key: one.value for one in receipt.settings}


def test_an_unproven_farm_moves_no_threshold(mixed):
    """The thresholds are those without the farm, and each of the farm's accounts passes several."""
    clean = crowd.gauged(crowd.readers(400) + crowd.readers(60, "o", 2), READERS)
    one, other = (
        crowd.receipt(mixed, READERS, terms=AT_1),
        crowd.receipt(clean, READERS, terms=AT_1),
    )
    assert one.proven.used == other.proven.used == 400
    found = [
        {(one.cohort, one.statistic): one.value for one in each.thresholds} for each in (one, other)
    ]
    assert {key for key in found[0] if found[0][key] != found[1][key]} <= {
        ("established", "evidence")
    }
    # How popular somebody is comes from all traffic; the farm's own people are nobody else's.
    evidence = [each["established", "evidence"] for each in found]
    assert evidence[0] == pytest.approx(evidence[1], rel=0.25)
    farm = crowd.receipt(mixed, FARM, terms=AT_1)
    assert all(one.calibration < 99 for one in farm.thresholds)
    breadth = mixed.signals["established"]
    lowest = min(max(day[0] for day in breadth[f"account:{name}"].values()) for name in FARM)
    assert lowest > found[0]["established", "breadth_hour"]


def test_a_farm_among_the_proven_is_left_out_when_it_stands_in_a_case(mixed):
    """Listed as proven it would lift the thresholds above itself; its case keeps it out, and the count says so."""
    clean = crowd.receipt(mixed, READERS, terms=AT_1)
    tainted = crowd.receipt(mixed, [*READERS, *FARM], terms=AT_1)
    assert values(tainted)["detectors.breadth.hour"] > 4 * values(clean)["detectors.breadth.hour"]
    kept_out = crowd.receipt(mixed, [*READERS, *FARM], terms=AT_1, in_cases=FARM)
    assert kept_out.thresholds == clean.thresholds
    assert kept_out.settings == clean.settings
    assert (kept_out.proven.in_cases, kept_out.proven.used) == (20, 400)


def test_below_the_number_a_rate_needs_no_value_comes_out(mixed):
    """400 proven accounts claim nothing at 0.1 %: no threshold, no value, no rate; at 1 % they do."""
    told = crowd.receipt(mixed, READERS, terms=Terms(rate=0.001, hold_out=0.2, seed="test"))
    assert told.needs == 999
    assert {one.value for one in told.thresholds} == {None}
    assert {one.value for one in told.settings} == {None}
    assert {one.realised for one in told.settings} == {None}
    assert told.calibrated == told.policy
    assert all("0.1 % needs 999" in one.why for one in told.thresholds)
    assert any(one.value for one in crowd.receipt(mixed, READERS, terms=AT_1).settings)


def test_a_proof_speaks_of_what_came_before_it(mixed):
    """Who was proven before the traffic ended is left out and counted, with the first line; later, all are used."""
    told = crowd.receipt(mixed, READERS, terms=AT_1, at=START + 3 * crowd.DAY)
    assert (told.proven.used, told.proven.early, told.proven.first_early) == (0, 400, 1)
    assert told.thresholds == ()
    assert crowd.receipt(mixed, READERS, terms=AT_1, at=mixed.last).proven.early == 0


def test_accounts_that_were_not_seen_are_counted_and_in_no_n(mixed):
    """Listed accounts without traffic neither set a threshold nor make n larger."""
    told = crowd.receipt(mixed, [*READERS, *(f"ghost{n}" for n in range(999))], terms=AT_1)
    assert (told.proven.unseen, told.proven.used) == (999, 400)
    assert told.thresholds == crowd.receipt(mixed, READERS, terms=AT_1).thresholds


def test_no_identity_is_in_a_receipt(mixed):
    """Counts, values, hashes: no account, no person, no address."""
    text = crowd.receipt(mixed, [*READERS, *FARM], terms=AT_1, in_cases=FARM).text()
    assert not any(f'"{name}"' in text or f":{name}" in text for name in [*READERS, *FARM])
    assert "farm" not in text
    assert "192.0.2" not in text
    assert msgspec.json.encode(msgspec.json.decode(text), order="sorted").decode() == text


def test_the_same_past_gives_the_same_receipt(mixed):
    """Two calibrations give the same bytes; another seed divides otherwise and says so."""
    one, again = (crowd.receipt(mixed, READERS, terms=AT_1).text() for _ in range(2))
    assert one == again
    other = crowd.receipt(mixed, READERS, terms=msgspec.structs.replace(AT_1, seed="other"))
    assert other.text() != one
    assert other.seed == "other"


def test_new_values_find_no_more_than_the_rate(mixed):
    """With the new values as present settings, at most the nominal share of those who set them is found."""
    everybody = msgspec.structs.replace(AT_1, hold_out=0.0)
    told = crowd.receipt(mixed, READERS, terms=everybody)
    changed = with_text(with_values(loads(crowd.CONFIG), told.settings))
    again = crowd.receipt(mixed, READERS, terms=everybody, text=changed)
    assert [one.present for one in again.settings if one.value] == [
        one.value for one in told.settings if one.value
    ]
    for one in again.settings:
        if one.value is not None:
            assert one.present_rate.over <= 0.01 * one.present_rate.of


def with_text(config):
    """Return the text of a configuration that was changed in memory."""
    from himaya.config.canonical import render

    return render(msgspec.structs.replace(config, file="", activated=""))


def test_the_present_settings_are_measured_too(mixed):
    """How many proven accounts a present setting finds is told with its interval, even where nothing can be claimed."""
    strict = crowd.CONFIG + "[detectors.breadth]\nhour = 3\nday = 400\n"
    few = crowd.receipt(mixed, READERS[:50], text=strict)
    hour = next(one for one in few.settings if one.key == "detectors.breadth.hour")
    assert hour.value is None
    assert hour.present_rate.of == 50
    assert hour.present_rate.over > 10
    assert hour.present_rate.ci95[0] > 0.001


def test_a_small_cohort_loosens_a_shared_key_and_is_promised_nothing():
    """Five paid accounts are too few for a threshold; the key they share still finds none of them."""
    views = crowd.readers(200)
    views += [(START + 9.0 * k, f"paid{n}", str(k)) for n in range(5) for k in range(120)]
    known = Facts()
    for n in range(5):
        known.add(AccountFact(f"paid{n}", paid=True))
    names = [f"r{n}" for n in range(200)] + [f"paid{n}" for n in range(5)]
    told = crowd.receipt(crowd.gauged(views, names, known), names, terms=AT_1)
    hour = next(one for one in told.settings if one.key == "detectors.breadth.hour")
    assert (hour.cohorts, hour.without, hour.value) == (("established",), ("paid",), 120.0)
    assert values(told)["detectors.evidence.paid"] is None
    assert values(told)["detectors.evidence.established"] is not None


def test_budgets_are_calibrated_only_when_asked_for_and_only_limits_that_are_set():
    """Limits of the common table and of the new accounts' own; a month that has no limit gets none."""
    text = crowd.CONFIG.replace(
        "[[surface]]", "[budgets.tier.new]\naccount = { day = 40 }\n[[surface]]", 1
    )
    known = Facts()
    for n in range(200):
        known.add(AccountFact(f"n{n}", created=START - 60))
    names = [f"{kind}{n}" for kind in "rn" for n in range(200)]
    views = crowd.readers(200) + crowd.readers(200, "n", 7)
    gauge = crowd.gauged(views, names, known, text)
    plain = crowd.receipt(gauge, names, terms=AT_1, text=text)
    assert not any(one.key.startswith("budgets") for one in plain.settings)
    asked = msgspec.structs.replace(AT_1, budgets=True)
    told = crowd.receipt(gauge, names, terms=asked, text=text)
    found = {one.key: one.cohorts for one in told.settings if one.key.startswith("budgets")}
    assert found == {
        "budgets.account.hour": ("established",),
        "budgets.account.day": ("established",),
        "budgets.tier.new.account.day": ("new",),
    }
    changed = loads(written(loads(text), told))
    assert changed.budgets.account.day == values(told)["budgets.account.day"]
    assert changed.tiers["new"].account.day == values(told)["budgets.tier.new.account.day"]
    assert changed.tiers["new"].account.hour is None


@pytest.mark.parametrize("tier", ["gold", "a.b"])
def test_a_tier_without_a_table_of_its_own_counts_for_the_common_one(tier):
    """Accounts of a tier that has no budgets loosen the common limit; with a table they have their own."""
    known = Facts()
    for n in range(150):
        known.add(AccountFact(f"g{n}", tier=tier))
    names = [f"g{n}" for n in range(150)]
    own = f'[budgets.tier."{tier}"]\naccount = {{ hour = 70 }}\n'
    for text, key in (
        (crowd.CONFIG, "budgets.account.hour"),
        (crowd.CONFIG + own, f"budgets.tier.{tier}.account.hour"),
    ):
        gauge = crowd.gauged(crowd.readers(150, "g"), names, known, text)
        terms = Terms(rate=0.01, seed="t", budgets=True)
        told = crowd.receipt(gauge, names, terms=terms, text=text)
        (hour,) = [one for one in told.settings if one.key.endswith("account.hour")]
        assert (hour.key, hour.cohorts) == (key, (f"tier:{tier}",))
        changed = loads(written(loads(text), told))
        table = changed.tiers.get(tier, changed.budgets)
        assert table.account.hour == hour.value


def test_the_written_file_is_the_policy_of_the_receipt(mixed):
    """It loads, its policy is the calibrated one, only values differ, and comments say where they come from."""
    told = crowd.receipt(mixed, READERS, terms=AT_1)
    text = written(loads(crowd.CONFIG), told)
    loaded = loads(text)
    assert msgspec.structs.replace(loaded.policy(), mode="enforce").hash() == told.calibrated
    assert told.calibrated != told.policy
    before, after = (msgspec.to_builtins(each.policy()) for each in (loads(crowd.CONFIG), loaded))
    assert {**before, "detectors": None} == {**after, "detectors": None}
    for one in told.settings:
        assert one.value is None or f"# {one.key} = {one.value:g}, was {one.present:g}" in text
