"""Whose notice one is: a country of the case, people of unknown residence, or the lead authority of several."""

from __future__ import annotations

from tests.response.notices.rig import Rig

from himaya.bootstrap.register import open_register
from himaya.response.cases.conditions import untold
from himaya.response.deadlines import deadlines_of
from himaya.response.regimes import load_regimes


def test_a_notice_is_to_somebody_whom_the_case_concerns(tmp_path):
    """A place that is none, a country of nobody and a path are refused, and nothing is drafted or written."""
    rig = Rig(tmp_path, {"ES": 2, "": 1})
    out = ("--party", "authority", "--out", str(tmp_path / "out"))
    for place in ("spain", "../../up", "DE"):
        words = "its countries: unknown, ES"
        rig.notice("draft", rig.case, "--country", place, *out, fails=words)
    lead = ("draft", rig.case, "--country", "EU", "--party", "people")
    rig.notice(*lead, fails="concerns nobody of 'EU'")
    assert not (tmp_path / "out").exists()


def test_a_lead_authority_is_told_for_the_countries_of_its_regime(tmp_path):
    """A notice filed for EU is about its countries' people and counts for them, not for one of a nearer regime."""
    rig = Rig(tmp_path, {"FR": 2, "PT": 1, "ES": 1})
    for country in ("FR", "PT", "ES"):
        rig.act("assessment", "risk", country=country, authority="notify", people="none")
    said = (f"--set={key}=x" for key in ("cause", "consequences", "subject_count_local"))
    name = rig.released("EU", "authority", "--needs", str(rig.needs()), *said)
    assert rig.told("show", rig.case)["notices"][-1]["people"] == 3
    rig.notice("receipt", rig.case, name, "--number", "1", "--when", "2026-01-01", "--why", "late")
    with open_register(rig.ledger) as register:
        assert untold(register.case(rig.case)) == [("ES", "authority")]


def test_a_first_part_says_that_the_rest_follows(tmp_path):
    """What was filed in part meets the time, and the deadline says so until the whole one is filed."""
    rig = Rig(tmp_path, {"FR": 2})
    rig.act("assessment", "risk", country="FR", authority="notify", people="none")
    rig.act("clock", "a meeting", clock="aware")
    said = (f"--set={key}=x" for key in ("cause", "consequences"))
    given = ("--needs", str(rig.needs()), *said)
    filed = ("--number", "1", "--when", "2025-06-16T12:00:00Z", "--why", "late")
    for flags, rest in ((("--partial",), True), ((), False)):
        name = rig.released("FR", "authority", *given)
        rig.notice("receipt", rig.case, name, *filed, *flags)
        with open_register(rig.ledger) as register:
            (one,) = (
                each
                for each in deadlines_of(register.case(rig.case), load_regimes(), 2 * 10**15)
                if each.party == "authority"
            )
        assert ("the rest follows" in one.note) is rest
