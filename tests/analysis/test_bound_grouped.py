"""`himaya audit bound` over what ties accounts together: sign-up batches and groups."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from tests.analysis.site import CONFIG, START, Site, plant
from tests.ledger.making import shown

from himaya.analysis.bound import Audit, audit_bound
from himaya.analysis.cases import CaseStore, State, cases_path
from himaya.analysis.groups import Group
from himaya.core.actor import Actor
from himaya.core.disclosure import Disclosures
from himaya.core.facts import AccountFact
from himaya.ledger.reader import Reader

TEXT = CONFIG.replace("city = 2", "city = 1")
NAMES = ("anna", "ben", "cara", "dora")
ACTORS = [Actor(account=name, address=f"198.51.{n}.1") for n, name in enumerate(NAMES)]
ANNA, BEN, CARA, DORA = ACTORS


def _audit(directory: Path) -> Audit:
    with Reader.open(directory) as reader:
        return audit_bound(reader)


def _together(site: Site) -> None:
    """Tell that three accounts signed up together, long ago."""
    for actor in (ANNA, BEN, CARA):
        created = START - 900 * 86_400
        site.facts.add(AccountFact(actor.account, created=created, batch="spring"))


def _view(site: Site, actor: Actor, number: int, first: int = 0) -> int:
    """Let somebody ask for so many people; return how many were shown."""
    passed = 0
    for n in range(first, first + number):
        site.now += 1
        passed += site.view(actor, f"{actor.account}-{n}")
    return passed


def _row(site: Site, actor: Actor, person: str = "planted", **more: str) -> Disclosures:
    return Disclosures(
        at=site.now, surface="profile", kind="profile", actor=actor, access="account", status=200,
        shown=shown(person), policy=site.engine.policy.hash(), source="proxy", **more,
    )  # fmt: skip


def _peaks(answer: Audit) -> dict[str, tuple[str, float, float]]:
    return {peak.kind: (peak.principal, peak.value, peak.limit) for peak in answer.peaks}


def test_a_batch_is_judged_and_a_planted_row_of_it_is_found(tmp_path):
    """Three accounts of one batch share thirteen people an hour; one more under a fourth name is named."""
    site = Site(tmp_path, TEXT)
    _together(site)
    assert (_view(site, ANNA, 7), _view(site, BEN, 7)) == (7, 6)
    row = _row(site, msgspec.structs.replace(CARA, account="never seen"), batch="spring")
    directory = site.close()
    answer = _audit(directory)
    assert (answer.holds, answer.broken) == (True, 0)
    assert _peaks(answer)["batch"] == ("batch:spring", 13, 13)
    assert any("batch" in part.kinds for part in answer.inequality.parts)
    plant(directory, row)
    (broken,) = _audit(directory).named
    told = (broken.principal, broken.window, broken.value, broken.limit, broken.actor)
    assert told == ("batch:spring", "hour", 14, 13, "account:never seen")


def test_a_group_is_judged_from_the_time_each_member_joined(tmp_path):
    """What members saw before they joined is not the group's; a planted row of a member breaks the group's bound."""
    site = Site(tmp_path, TEXT)
    assert _view(site, ANNA, 6) == 6
    site.join("g-1", "account:anna")
    site.join("g-1", "account:ben")
    assert (_view(site, ANNA, 4, first=6), _view(site, BEN, 9)) == (4, 7)
    row = _row(site, CARA, group="g-1")
    directory = site.close()
    answer = _audit(directory)
    assert (answer.holds, answer.broken) == (True, 0)
    assert _peaks(answer)["group"] == ("group:g-1", 11, 11)
    assert answer.inequality.people == 17
    plant(directory, row)
    (broken,) = _audit(directory).named
    assert (broken.principal, broken.window, broken.value, broken.limit) == (
        "group:g-1", "hour", 12, 11,
    )  # fmt: skip


def test_a_restart_makes_no_honest_gate_look_broken(tmp_path):
    """After a restart a member counts from the first time of its group on, which is stricter; the audit passes."""
    site = Site(tmp_path, TEXT)
    site.join("g-1", "account:ben")
    assert (_view(site, BEN, 3), _view(site, ANNA, 6)) == (3, 6)
    site.join("g-1", "account:anna")
    site.restart()
    assert _view(site, CARA, 1) == 1
    assert _view(site, BEN, 5, first=3) == 2
    answer = _audit(site.close())
    assert (answer.holds, answer.broken) == (True, 0)
    assert _peaks(answer)["group"][1] == 5


@pytest.mark.parametrize("told", [True, False])
def test_what_a_member_bought_may_be_spent_by_its_group(tmp_path, told):
    """A member who was shown nobody since is known by its case; without the file of cases any purchase may be its."""
    site = Site(tmp_path, TEXT)
    _view(site, ANNA, 1)
    for actor in (ANNA, BEN, CARA):
        site.join("g-1", f"account:{actor.account}")
    site.buy(ANNA)
    site.restart()
    assert (_view(site, BEN, 10), _view(site, CARA, 10)) == (10, 5)
    rows = [_row(site, DORA, person, group="g-1") for person in ("one", "two")]
    directory = site.close()
    if told:
        with Reader.open(directory) as reader, CaseStore(cases_path(directory)) as store:
            numbers = {row.name: row.actor_id for row in reader.rows()}
            proven = dict.fromkeys([numbers["account:anna"]])
            store.put(Group("g-1", START, START, members=proven, proven=proven), START)
    assert _audit(directory).holds
    for row in rows:
        plant(directory, row)
    assert [one.principal for one in _audit(directory).named] == ["group:g-1"]


def test_rows_of_a_member_that_were_charged_to_no_group_are_listed(tmp_path):
    """A gate that forgot a member shows: rows of proven members without the group, some time after the case opened."""
    site = Site(tmp_path, TEXT)
    _view(site, ANNA, 2)
    opened, site.now = site.now, site.now + 1000
    _view(site, ANNA, 3, first=2)
    _view(site, BEN, 1)
    directory = site.close()
    with Reader.open(directory) as reader, CaseStore(cases_path(directory)) as store:
        number = next(row.actor_id for row in reader.rows() if row.name == "account:anna")
        proven = dict.fromkeys([number])
        store.put(Group("g-1", START, START, members=proven, proven=proven), opened)
    answer = _audit(directory)
    assert answer.holds
    (told,) = [each for each in answer.outside if each.what == "no group"]
    assert (told.rows, told.judged) == (3, True)
    with CaseStore(cases_path(directory)) as store:
        store.move("g-1", State.CLOSED, why="over", by="me", at=site.now)
    assert "no group" not in {each.what for each in _audit(directory).outside}


def test_two_limits_of_one_group_are_no_excess_in_whatever_order_rows_come(tmp_path):
    """A member of a lower tier fills its limit, another goes on to the higher one: none broke it."""
    site = Site(tmp_path, TEXT)
    gold = msgspec.structs.replace(BEN, tier="gold")
    for name in ("anna", "ben"):
        site.join("g-1", f"account:{name}")
    asked = [site.ask(gold, f"/u/gold{n}") for n in range(9)]
    assert _view(site, ANNA, 4) == 2
    site.now += 100
    for request in asked:
        site.answer(request, None)
    row = _row(site, CARA, group="g-1")
    directory = site.close()
    answer = _audit(directory)
    assert (answer.holds, answer.judged) == (True, 11)
    plant(directory, row)
    assert [one.value for one in _audit(directory).named] == [12]


def test_a_tier_has_its_own_budget_of_batches_and_groups(tmp_path):
    """Members of a tier are judged by the tier's figures, as the engine decides."""
    site = Site(tmp_path, TEXT)
    created = START - 900 * 86_400
    for actor in (ANNA, BEN):
        fact = AccountFact(actor.account, created=created, batch="spring", tier="gold")
        site.facts.add(fact)
        site.join("g-1", f"account:{actor.account}")
    assert _view(site, ANNA, 12) == 9
    answer = _audit(site.close())
    assert answer.holds
    assert (_peaks(answer)["group"][2], _peaks(answer)["batch"][2]) == (9, 15)
