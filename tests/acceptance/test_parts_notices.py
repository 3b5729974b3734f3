"""JS23-19, its drafts: five countries have drafts to authorities whose counts add up, and nobody is forgotten."""

from __future__ import annotations

import re
from pathlib import Path

from tests.acceptance.notices import Site
from tests.acceptance.promise import broken, require

FIVE = {"ES": 6, "FR": 5, "GB": 4, "MA": 3, "CO": 2}
UNKNOWN = 4

_ROW = re.compile(r"^- (?P<country>.+)\n {2}People: (?P<people>\d+)$", re.MULTILINE)


def five_drafts_add_up(directory: Path, *, unknown: bool) -> None:
    """Every country gets a draft; each has the counts of all, and their sum. `unknown`: residence may be unknown."""
    people = {**FIVE, "": UNKNOWN}
    site = Site(directory, people, counted=people if unknown else FIVE)
    for country in people:
        site.drafted(country or "unknown", "authority", "--language", "en")
    drafts = site.told("show", site.case)["notices"]
    own = {draft["country"]: draft["people"] for draft in drafts}
    require({c: own[c] for c in FIVE} == FIVE, "each of five countries has a draft with its people")
    require(own[""] == UNKNOWN, "and those of unknown residence have one")
    require(
        {draft["people_of_all"] for draft in drafts} == {sum(own.values())}, "they add up to all"
    )
    for draft in drafts:
        rows = dict(_ROW.findall(site.text(draft["id"])))
        require(rows.get("unknown residence") == str(UNKNOWN), "unknown residence is in each draft")
        counts = [int(number) for name, number in rows.items() if name != "all"]
        require(sum(counts) == int(rows["all"]), "and each draft adds up")


def test_five_drafts_add_up(tmp_path):
    """Five countries and unknown residence: six drafts, each with all counts, which add up to everybody."""
    five_drafts_add_up(tmp_path, unknown=True)


def test_twin_five_drafts_add_up(tmp_path):
    """A count that drops whoever lives nobody knows where is found."""
    with broken("and those of unknown residence have one"):
        five_drafts_add_up(tmp_path, unknown=False)
