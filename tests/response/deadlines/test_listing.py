"""The deadlines of a case, by the regimes of the people it concerns."""

from __future__ import annotations

import pytest
from tests.response.deadlines.cases_support import TABLE, Story, at, told

from himaya.core.errors import ConfigError
from himaya.response.deadlines import Standing, deadlines_of, unruled
from himaya.response.regimes import load_regimes

NOW = at("2027-01-06 00:00")
EVERY = {
    "au": "AU", "gb": "GB", "no": "NO", "nz": "NZ", "co": "CO", "je": "JE", "gg": "GG", "mc": "MC",
    "es": "ES", "il": "IL", "eu": "FR", "us-ca": "US-CA", "ma": "MA", "hk": "HK", "ca-qc": "CA-QC",
}  # fmt: skip
#: The test vectors of the reference: regime, party, kind, clock, due.
VECTORS = [
    ("au", "authority", "assessment", "reasonable_grounds_to_suspect", "2027-01-21 12:59:59Z"),
    ("au", "authority", "guidance", "reasonable_grounds_to_believe", "2026-12-27 12:59:59Z"),
    ("gb", "authority", "statute", "aware", "2026-12-26 18:00:00Z"),
    ("no", "authority", "statute", "aware", "2026-12-26 18:00:00Z"),
    ("nz", "authority", "guidance", "aware_notifiable", "2026-12-26 18:00:00Z"),
    ("co", "authority", "statute", "detected_and_assigned", "2027-01-16 04:59:59Z"),
    ("je", "authority", "statute", "aware", "2026-12-26 18:00:00Z"),
    ("gg", "authority", "statute", "aware", "2026-12-26 18:00:00Z"),
    ("mc", "authority", "statute", "aware", "2026-12-26 18:00:00Z"),
    ("es", "authority", "statute", "aware", "2026-12-26 18:00:00Z"),
    ("il", "authority", "guidance", "aware_or_suspected", "2026-12-23 09:00:00Z"),
    ("eu", "authority", "statute", "aware", "2026-12-26 18:00:00Z"),
    ("us-ca", "authority", "statute", "individuals_notified", "2027-01-21 07:59:59Z"),
    ("us-ca", "people", "statute", "discovery_or_notified", "2027-01-22 07:59:59Z"),
]
SUSPECTED = ("reasonable_grounds_to_suspect", "aware_or_suspected", "discovery_or_notified")
AWARE = ("aware", "aware_notifiable", "determined", "reasonable_grounds_to_believe")


def vector_case():
    """Return the case of the test vectors: every clock set, 600 people in each country."""
    story = Story(dict.fromkeys(EVERY.values(), 600))
    for name in SUSPECTED:
        story.clock(name, "2026-12-22 09:00")
    story.clock("detected_and_assigned", "2026-12-22 15:00")
    for name in AWARE:
        story.clock(name, "2026-12-23 18:00")
    return story.clock("individuals_notified", "2027-01-05 12:00").case()


def one(story, *, regime, party="authority", kind="statute", now=NOW):
    found = deadlines_of(story.case(), TABLE, now)
    (each,) = [d for d in found if (d.regime, d.party, d.kind) == (regime, party, kind)]
    return each


def test_the_vectors_of_the_reference_hold():
    """Every date of the reference's table is computed, to the second, and no other date is."""
    found = {
        (d.regime, d.party, d.kind, d.clock, told(d.due))
        for d in deadlines_of(vector_case(), TABLE, NOW)
        if d.due
    }
    assert found == set(VECTORS)


def test_a_date_on_weak_evidence_is_unconfirmed():
    """A date that rests on an official text has no mark; one from a law firm's page says unconfirmed."""
    marks = {(d.regime, d.party): d.marks for d in deadlines_of(vector_case(), TABLE, NOW) if d.due}
    assert marks["gb", "authority"] == ()
    assert marks["co", "authority"] == ("unconfirmed",)
    assert marks["us-ca", "people"] == ("unconfirmed",)


def test_every_date_is_unverified_after_the_review():
    """Past the day of review no date is presented as current."""
    late = at("2027-06-01 00:00")
    found = [d for d in deadlines_of(vector_case(), TABLE, late) if d.due]
    assert found
    assert all({"unverified", "unconfirmed"} <= set(d.marks) for d in found)


def test_a_clock_that_was_not_started_is_asked_for():
    """Without its clock a deadline has no date and names the clock to set; a machine sets none."""
    story = Story({"ES": 3}).clock("first_signal", "2026-12-01 00:00")
    found = one(story, regime="es")
    assert (found.standing, found.due, found.note) == (Standing.WAITING, 0, "set aware")


def test_as_soon_as_stands_beside_the_guidance():
    """New Zealand's law names no hours; the commissioner's 72 hours stand beside it as guidance."""
    story = Story({"NZ": 3}).clock("aware_notifiable", "2027-01-05 00:00")
    law, guide = one(story, regime="nz"), one(story, regime="nz", kind="guidance")
    assert (law.standing, law.due, law.text) == (Standing.PROMPTLY, 0, "as soon as practicable")
    assert (guide.standing, told(guide.due)) == (Standing.RUNNING, "2027-01-08 00:00:00Z")


@pytest.mark.parametrize(
    ("sent", "standing"),
    [("2027-01-04 12:00", Standing.MET), ("2027-01-04 12:01", Standing.LATE)],
)
def test_a_notice_ends_a_deadline(sent, standing):
    """A notice in the last second is in time, one a minute later is late; both end it."""
    story = Story({"ES": 3}).clock("aware", "2027-01-01 12:00")
    assert one(story, regime="es").standing is Standing.OVERDUE
    story.do("sent", sent, id="n1", country="ES", party="authority")
    assert one(story, regime="es").standing is standing
    assert one(story, regime="es", party="people").standing is Standing.PROMPTLY


def test_a_receipt_ends_a_deadline_too():
    """Whoever filed by hand keeps the authority's receipt, and that counts."""
    story = Story({"GB": 3}).clock("aware", "2027-01-01 12:00")
    story.do("receipt", "2027-01-02 12:00", id="n1", country="GB", party="authority", number="7")
    assert one(story, regime="gb").standing is Standing.MET


def test_every_country_of_a_regime_has_to_be_told():
    """A notice to one authority of the EU leaves the others open; one to the lead authority ends all."""
    story = Story({"FR": 3, "DE": 2}).clock("aware", "2027-01-05 12:00")
    story.do("sent", "2027-01-05 13:00", id="n1", country="FR", party="authority")
    found = one(story, regime="eu")
    assert (found.standing, found.open, found.note) == (Standing.RUNNING, ("DE",), "told for FR")
    story.do("sent", "2027-01-05 14:00", id="n2", country="EU", party="authority")
    assert one(story, regime="eu").standing is Standing.MET


def test_a_notice_to_quebec_is_none_to_canada():
    """Where two regimes cover a country, a notice goes to the nearer authority unless it says otherwise."""
    story = Story({"CA-QC": 9})
    story.clock("determined", "2027-01-05 00:00").clock("reason_to_believe", "2027-01-05 00:00")
    story.do("sent", "2027-01-05 01:00", id="n", country="CA-QC", party="authority")
    assert one(story, regime="ca-qc").standing is Standing.MET
    assert one(story, regime="ca").standing is Standing.PROMPTLY
    story.do("sent", "2027-01-05 02:00", id="m", country="CA-QC", party="authority", regime="ca")
    assert one(story, regime="ca").standing is Standing.MET


def test_a_first_part_leaves_the_rest():
    """A phased notice meets the time and says that the rest follows, until a whole one was sent."""
    story = Story({"GB": 3}).clock("aware", "2027-01-05 12:00")
    story.do("sent", "2027-01-05 13:00", id="n", country="GB", party="authority", partial=True)
    found = one(story, regime="gb")
    assert found.standing is Standing.MET
    assert found.note.startswith("a first part")
    story.do("sent", "2027-01-09 13:00", id="n", country="GB", party="authority")
    assert one(story, regime="gb", now=at("2027-01-10 00:00")).note == ""


def test_an_assessment_has_a_time_of_its_own():
    """Australia's thirty days end with the assessment, not with the notice."""
    story = Story({"AU": 3}).clock("reasonable_grounds_to_suspect", "2027-01-01 00:00")
    assert one(story, regime="au", kind="assessment").standing is Standing.RUNNING
    story.do("assessment", "2027-01-05 00:00", country="AU", authority="notify", people="notify")
    assert one(story, regime="au", kind="assessment").standing is Standing.MET
    assert one(story, regime="au").standing is Standing.WAITING


def test_what_a_person_decided_against_is_not_needed():
    """A country that was assessed as none has no deadline of that party; the decider is named."""
    story = Story({"ES": 3}).clock("aware", "2026-12-01 00:00")
    story.do("assessment", "2026-12-02 00:00", country="ES", authority="none", people="notify")
    found = [d for d in deadlines_of(story.case(), TABLE, NOW) if d.party == "authority"]
    assert [(d.standing, d.note) for d in found] == [(Standing.NOT_NEEDED, "decided by Lea")]


def test_a_voluntary_notice_is_a_normal_outcome():
    """Morocco has a line without a date: voluntary; once it was sent it is met."""
    story = Story({"MA": 3})
    assert one(story, regime="ma", kind="").standing is Standing.VOLUNTARY
    story.do("sent", "2027-01-05 00:00", id="n", country="MA", party="authority")
    assert one(story, regime="ma", kind="").standing is Standing.MET


def test_a_mandatory_notice_that_was_assessed_as_voluntary_is_never_overdue():
    """Below the threshold a person may still tell the authority; no date presses then."""
    story = Story({"GB": 3}).clock("aware", "2026-12-01 00:00")
    story.do("assessment", "2026-12-02 00:00", country="GB", authority="voluntary", people="none")
    found = one(story, regime="gb", kind="")
    assert (found.standing, found.note) == (Standing.VOLUNTARY, "voluntary, decided by Lea")
    story.do("sent", "2026-12-20 00:00", id="n", country="GB", party="authority")
    assert one(story, regime="gb", kind="").standing is Standing.MET


def test_guidance_binds_whoever_decided_to_follow_it():
    """Hong Kong's notice is voluntary until a person decides to give it; then it is promptly."""
    story = Story({"HK": 3}).clock("aware", "2027-01-05 00:00")
    assert one(story, regime="hk", kind="guidance").standing is Standing.VOLUNTARY
    story.do("assessment", "2027-01-05 01:00", country="HK", authority="notify", people="none")
    assert one(story, regime="hk", kind="guidance").standing is Standing.PROMPTLY


def test_people_of_unknown_residence_are_named_where_a_number_decides():
    """Below a limit of people the line says how many of unknown residence may be among them."""
    story = Story({"US-CA": 500, "": 7}).clock("individuals_notified", "2027-01-05 12:00")
    found = one(story, regime="us-ca", kind="")
    assert found.note == "only from 501 people on; 7 of unknown residence may be among them"


def test_few_people_reach_no_limit_of_many():
    """The Attorney General of California is told from 501 people on; a chained clock starts with the people."""
    story = Story({"US-CA": 500}).clock("individuals_notified", "2027-01-05 12:00")
    assert one(story, regime="us-ca", kind="").standing is Standing.NOT_NEEDED
    story.do("counted", "2027-01-05 13:00", countries={"US-CA": 501})
    assert told(one(story, regime="us-ca").due) == "2027-01-21 07:59:59Z"


@pytest.mark.parametrize(
    ("discovered", "due"),
    [
        ("2026-01-01 07:59:59", ""),
        ("2026-01-01 08:00:00", "2026-02-01 07:59:59Z"),
        ("2026-02-10 20:00", "2026-03-13 06:59:59Z"),
    ],
)
def test_a_case_spans_a_change_of_law(discovered, due):
    """The law of the day, in California, on which a clock started counts: from 2026 on there are thirty days."""
    story = Story({"US-CA": 900}).clock("discovery_or_notified", discovered)
    found = one(story, regime="us-ca", party="people")
    assert (told(found.due) if found.due else "") == due
    assert "most expedient" in found.text or due


def test_the_clocks_of_one_case_may_fall_under_two_laws():
    """Discovery before and notice after the change: people by the old law, the Attorney General by the new one."""
    story = Story({"US-CA": 900}).clock("discovery_or_notified", "2025-12-20 00:00")
    story.clock("individuals_notified", "2026-01-05 12:00")
    assert one(story, regime="us-ca", party="people").due == 0
    assert told(one(story, regime="us-ca").due) == "2026-01-21 07:59:59Z"


def test_a_duty_without_a_time_is_not_voluntary(tmp_path):
    """Where a law names no time, also no "as soon as", its duty stands as one to be done promptly."""
    (tmp_path / "gb.toml").write_text("[to_people]\nlimits = []\n")
    found = deadlines_of(Story({"GB": 3}).case(), load_regimes(tmp_path), NOW)
    (people,) = [d for d in found if d.party == "people"]
    assert (people.standing, people.note) == (Standing.PROMPTLY, "a duty without a time")
    story = Story({"US-CA": 900}).clock("individuals_notified", "2025-10-01 00:00")
    assert one(story, regime="us-ca").standing is Standing.PROMPTLY


def test_people_without_a_rule_have_a_line_of_their_own():
    """Unknown residence and countries that are not in the table are counted and named, never dropped."""
    case = Story({"": 4, "ES": 1, "JP": 2, "US-NY": 3}).case()
    assert [one.text for one in unruled(case, TABLE)] == [
        "residence unknown: no rule in our table, 4 people, ask counsel",
        "JP: no rule in our table, 2 people, ask counsel",
        "US-NY: no rule in our table, 3 people, ask counsel",
    ]


def test_a_corrected_clock_moves_the_date():
    """The last correction of a clock counts."""
    story = Story({"ES": 3}).clock("aware", "2027-01-01 12:00")
    story.do("clock", "2027-01-02 12:00", clock="aware", correct=True)
    assert told(one(story, regime="es").due) == "2027-01-05 12:00:00Z"


def test_overdue_ones_come_first():
    """What is overdue stands before what runs, and practice is marked on each line."""
    story = Story({"ES": 3, "US-CA": 900, "MA": 1}, practice=True)
    story.clock("aware", "2026-12-01 00:00").clock("discovery_or_notified", "2027-01-01 00:00")
    found = deadlines_of(story.case(), TABLE, NOW)
    assert [d.standing for d in found][:2] == [Standing.OVERDUE, Standing.RUNNING]
    assert all("practice" in d.marks for d in found)


def test_an_own_regime_counts_business_days(tmp_path):
    """A site's own limit is computed by its calendar and is unconfirmed, as nobody said how it is known."""
    (tmp_path / "il.toml").write_text(
        '[to_authority]\nlimits = [{ kind = "guidance", clock = "aware", amount = 5,'
        ' unit = "business_days", text = "five business days" }]\n'
    )
    table = load_regimes(tmp_path)
    # Thursday 17 September 2026; Friday, Saturday, and Yom Kippur on Monday 21 are free.
    case = Story({"IL": 1}).clock("aware", "2026-09-17 09:00").case()
    (found,) = [d for d in deadlines_of(case, table, NOW) if d.due]
    assert told(found.due) == "2026-09-27 20:59:59Z"
    assert found.marks == ("unconfirmed",)
    (tmp_path / "il.toml").write_text(
        "[calendar]\nholidays = ''\n" + (tmp_path / "il.toml").read_text()
    )
    with pytest.raises(ConfigError, match=r"il\.toml:4: to_authority\.limits\[0\]\.unit"):
        load_regimes(tmp_path)
