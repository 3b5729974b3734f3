"""JS23-19: five countries have five clocks, and drafts to authorities whose counts add up; nobody is forgotten."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

from tests.acceptance.notices import HIMAYA, Site
from tests.acceptance.promise import broken, require

FIVE = {"ES": 6, "FR": 5, "GB": 4, "NO": 3, "CO": 2}
REGIMES = {"es", "eu", "gb", "no", "co"}
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


def himaya(site: Site, *words: str) -> str:
    """Run another command of the site, and return what it prints."""
    where = ("--ledger", str(site.rig.ledger), "--config", str(site.rig.config))
    line = [HIMAYA, *words, *where]
    return subprocess.run(line, capture_output=True, text=True, check=True).stdout


def five_clocks_run(directory: Path, *, clocks: str) -> None:
    """A person says when the organisation was aware; each authority's time runs from it, and the rest is named."""
    site = Site(directory, {**FIVE, "BR": 2, "": UNKNOWN})
    moment = ("--when", "2026-11-20T18:00:00Z", "--why", "acceptance")
    himaya(site, "case", "clock", site.case, "--set", clocks, *moment)
    told = json.loads(himaya(site, "deadlines", "--case", site.case, "--json"))
    due = {
        one["regime"]: one["due"]
        for one in told["deadlines"]
        if one["party"] == "authority" and one["due"]
    }
    require(set(due) == REGIMES, "five authorities have a time each")
    hours = {name: at for name, at in due.items() if name != "co"}
    require(set(hours.values()) == {"2026-11-23T18:00:00Z"}, "72 hours where the law says so")
    require(due["co"] == "2026-12-15T04:59:59Z", "fifteen business days in Colombia")
    said = himaya(site, "deadlines", "--case", site.case)
    require("BR: no rule in our table, 2 people" in said, "a country without a rule is named")
    require(f"residence unknown: no rule in our table, {UNKNOWN} people" in said, "unknown, too")


def test_js23_19_five_clocks_run(tmp_path):
    """Five countries: five authorities with their times, and lines for who lives elsewhere or nobody knows where."""
    five_clocks_run(tmp_path, clocks="aware,detected_and_assigned")


def test_js23_19_twin_five_clocks_run(tmp_path):
    """Until a person says when the organisation was aware, no time of a law runs."""
    with broken("five authorities have a time each"):
        five_clocks_run(tmp_path, clocks="triage_opened")


def test_js23_19_five_drafts_add_up(tmp_path):
    """Five countries and unknown residence: six drafts, each with all counts, which add up to everybody."""
    five_drafts_add_up(tmp_path, unknown=True)


def test_js23_19_twin_five_drafts_add_up(tmp_path):
    """A count that drops whoever lives nobody knows where is found."""
    with broken("and those of unknown residence have one"):
        five_drafts_add_up(tmp_path, unknown=False)
