"""JS23-3: a confirmed scrape is assessed for each country of the people it concerns, and cannot be closed without."""

from __future__ import annotations

from tests.acceptance.case_rig import case, case_of_a_scrape, counted, refused
from tests.acceptance.gate import Gate
from tests.acceptance.promise import broken, require

COUNTRIES = {"ES": 12, "NZ": 2, "": 3}
NOTIFY = ("--authority", "notify", "--people", "notify")
NOBODY = ("--authority", "none", "--people", "none")


def every_country_is_assessed(gate: Gate, name: str, *, confirmed: bool) -> None:
    """People of three places were scraped; somebody tries to close the case, assessing one after the other."""
    scrape = case_of_a_scrape(gate, name)
    if confirmed:
        case(gate, "confirm", scrape)
    counted(gate, scrape, COUNTRIES)
    said = refused(gate, "close", scrape, "--without-confirmation", "nobody is known")
    require(said, "a confirmed case is not closed without assessments")
    for words in ("ES (12 people)", "NZ (2 people)", "unknown residence (3 people)"):
        require(f"no assessment for {words}" in said, "and each country is named")
    case(gate, "assess", scrape, "--country", "ES", *NOTIFY)
    said = refused(gate, "close", scrape, "--without-confirmation", "nobody is known")
    require("no assessment for NZ" in said, "what was not assessed is still missing")
    require("no assessment for ES" not in said, "what was assessed is not")


def public_is_no_reason(gate: Gate, name: str, why: str) -> None:
    """Somebody decides that nobody is told, with a reason."""
    scrape = case_of_a_scrape(gate, name)
    case(gate, "confirm", scrape)
    said = refused(gate, "assess", scrape, "--country", "NZ", *NOBODY, "--why", why)
    require("public is no reason by itself" in said, "that data were public decides nothing")


def test_js23_3_every_country_is_assessed(gate, name):
    """A confirmed case with people in two countries and of unknown residence asks for all three before it closes."""
    every_country_is_assessed(gate, name, confirmed=True)


def test_js23_3_twin_every_country_is_assessed(gate, name):
    """What nobody confirmed is closed as an error, without an assessment."""
    with broken("a confirmed case is not closed without assessments"):
        every_country_is_assessed(gate, name, confirmed=False)


def test_js23_3_public_is_no_reason(gate, name):
    """Whoever would tell nobody because the data were public is refused."""
    public_is_no_reason(gate, name, "the data were publicly available anyway")


def test_js23_3_twin_public_is_no_reason(gate, name):
    """A reason about the people concerned is taken, and kept."""
    with broken("that data were public decides nothing"):
        public_is_no_reason(gate, name, "two names that both people print on their books; no harm")
