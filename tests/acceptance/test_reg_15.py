"""REG-15: for people in Australia the assessment stores its reason about serious harm, by whom and when."""

from __future__ import annotations

from tests.acceptance.case_rig import case, case_of_a_scrape, counted, refused
from tests.acceptance.gate import Gate
from tests.acceptance.promise import broken, require

HARM = "serious harm is not likely: names and cities of 4 people, no contact data, deleted on day 2"
NOBODY = ("--country", "AU", "--authority", "none", "--people", "none")


def the_reason_is_stored(gate: Gate, name: str, why: str) -> None:
    """Four people in Australia were scraped; the test of serious harm is decided and asked for later."""
    scrape = case_of_a_scrape(gate, name)
    case(gate, "confirm", scrape)
    counted(gate, scrape, {"AU": 4})
    started = ("--set", "reasonable_grounds_to_suspect", "--when", "2026-01-05T09:00:00+11:00")
    case(gate, "clock", scrape, *started)
    refusal = refused(gate, "assess", scrape, *NOBODY, "--why", why)
    require(not refusal, "the decision is taken with its reason")
    told = case(gate, "show", scrape)
    (stored,) = told["assessments"]
    require(stored["why"] == why, "the reason is stored word by word")
    require(stored["country"] == "AU" and stored["by"] and stored["at"], "by whom and when")
    (clock,) = (one for one in told["clocks"] if one["clock"] == started[1])
    require(clock["when"] == "2026-01-04T22:00:00Z", "beside when the 30 days began")


def test_reg_15_the_reason_is_stored(gate, name):
    """That serious harm is not likely is stored with its reason, by whom, when, and from when it was looked at."""
    the_reason_is_stored(gate, name, HARM)


def test_reg_15_twin_the_reason_is_stored(gate, name):
    """Without a reason about harm there is no decision to store."""
    with broken("the decision is taken with its reason"):
        the_reason_is_stored(gate, name, "the data were public")
