"""The second part: clocks are set, people are counted, limits compared, each country assessed, deadlines stand."""

from __future__ import annotations

import csv
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from himaya.demo.incident.finding_steps import DISK
from himaya.demo.incident.hands import LEDGER
from himaya.demo.incident.operators import ANALYST, DPO, LEGAL
from himaya.demo.incident.residents import RULED, UNKNOWN, UNRULED
from himaya.demo.incident.tale import Step, Tale

#: The list of affected people, an export of the ledger.
PEOPLE = Path("people.csv")
#: Moments that a person sets, and how many hours before the story is told each was.
_CLOCKS = (
    ("triage_opened", 2.0),
    ("aware_or_suspected", 1.5),
    ("aware,detected_and_assigned,reasonable_grounds_to_believe,determined", 1.0),
)
#: What the played people decide for each country: authority, people, and why.
_DECIDED = {
    "ES": ("notify", "notify", "a risk is likely: telephone numbers with names and employers"),
    "FR": ("notify", "notify", "a risk is likely: telephone numbers with names and employers"),
    "GB": ("notify", "notify", "a risk is likely: telephone numbers with names and employers"),
    "CO": ("notify", "voluntary", "any violation is told to the authority; people are told as well"),
    "IL": ("notify", "voluntary", "the database level is assumed; people are told as well"),
    "MA": ("voluntary", "voluntary", "no law in our table asks for it; we tell both all the same"),
    UNRULED: ("none", "notify", "no rule in our table; outside counsel was asked (invented), people are told"),
    UNKNOWN: ("none", "notify", "no residence, so no authority; outside counsel was asked (invented)"),
}  # fmt: skip


def _clocks(tale: Tale) -> str:
    why = "from the notes of the shift; set once it was clear who decides"
    for names, ago in _CLOCKS:
        when = datetime.fromtimestamp(time.time() - ago * 3600, UTC).isoformat("T", "seconds")
        tale.do(DPO, "clock", "--set", names, "--when", when, "--why", why)
    return f"{DPO} set the moments from which the laws count, back-dated with a reason that stays visible"


def _counted(tale: Tale) -> str:
    until = (datetime.now(UTC) + timedelta(days=60)).date().isoformat()
    tale.do(DPO, "people", "--why", "whom it concerns", "--csv", PEOPLE, "--purpose", "notices",
            "--holder", DPO, "--until", until)  # fmt: skip
    tale.counted = tale.told(DPO, "people", "--why", "the same, for the page")
    _check_list(tale)
    _check_countries(tale)
    ruled = sum(tale.countries.get(one, 0) for one in RULED)
    return (
        f"{tale.counted['people']:,} people: {ruled:,} in {len(RULED)} countries with a rule,"
        f" {tale.countries[UNRULED]:,} in one without, {tale.countries[UNKNOWN]:,} of unknown residence"
    )


def _check_list(tale: Tale) -> None:
    """Compare the list of people with the farm's own disk: everybody, nobody else, with exactly the same fields."""
    with PEOPLE.open(encoding="utf-8", newline="") as file:
        listed = {row["subject"]: frozenset(row["fields"].split()) for row in csv.DictReader(file)}
    disk = dict(_disk_rows())
    right = len(listed.items() & disk.items())
    tale.check(
        f"of {len(disk):,} people on the farm's disk {right:,} are listed with the same fields (recall 1)",
        holds=right == len(disk),
    )
    tale.check(
        f"of {len(listed):,} people listed {right:,} are on its disk with the same fields (precision 1)",
        holds=right == len(listed),
    )


def _disk_rows() -> list[tuple[str, frozenset[str]]]:
    rows = (line.split("\t") for line in DISK.read_text("utf-8").splitlines())
    return [(subject, frozenset(fields.split())) for subject, fields in rows]


def _check_countries(tale: Tale) -> None:
    """Compare the count of each country with where the people on the disk live."""
    homes = {one.handle: one.country for one in tale.people}
    lived = Counter(homes[subject] for subject in tale.played.disk)
    tale.check("the people of each country are those who live there", holds=tale.countries == lived)
    total = sum(tale.countries.values())
    tale.check(
        f"the countries add up: {total:,} of {tale.counted['people']:,} people",
        holds=total == tale.counted["people"],
    )
    lines = [one["country"] for one in tale.counted["countries"] if not one["rule"]]
    tale.check(
        f"a country without a rule, and unknown residence, are lines of their own ({len(lines)})",
        holds=set(lines) == {UNRULED, UNKNOWN},
    )


def _compared(tale: Tale) -> str:
    tale.do(ANALYST, "compare", "--why", "what half of every budget would have left")
    tale.compared = tale.told(ANALYST, "compare", "--why", "the same, for the page")
    found = tale.compared
    return (
        f"{found['observed']:,} people as it was, the log being read afterwards; {found['current']:,} had the limits"
        f" been enforced, {found['proposed']:,} with half of every budget"
    )


def _assessed(tale: Tale) -> str:
    for country in tale.countries:
        authority, people, why = _DECIDED[country]
        by = LEGAL if "none" in (authority, people) else DPO
        tale.do(by, "assess", "--country", country or "unknown", "--authority", authority,
                "--people", people, "--why", why)  # fmt: skip
        tale.assessed[country] = (authority, people)
    tale.do(LEGAL, "assess", "--done", "--why", "every line of the count has a decision")
    return f"{len(tale.assessed)} lines, each decided by {DPO} or {LEGAL} with a reason"


def _deadlines(tale: Tale) -> str:
    asked = ("deadlines", "--ledger", LEDGER, "--case", tale.case)
    tale.hands.do(DPO, *asked, "--ics", "deadlines.ics")
    tale.deadlines = tale.hands.told(DPO, *asked)
    dated = [one for one in tale.deadlines["deadlines"] if one["due"]]
    places = {country for one in tale.deadlines["deadlines"] for country in one["countries"]}
    tale.check(
        f"a line of deadlines for each of {len(RULED)} countries with a rule",
        holds=set(RULED) <= places,
    )
    return f"{len(dated)} dates in the calendar file deadlines.ics, {len(tale.deadlines['deadlines'])} lines in all"


def _met(tale: Tale) -> str:
    told = tale.hands.told(DPO, "deadlines", "--ledger", LEDGER, "--case", tale.case)["deadlines"]
    tale.hands.do(DPO, "deadlines", "--ledger", LEDGER, "--case", tale.case)
    tale.after = {one["id"]: one["standing"] for one in told}
    met = sum(standing == "met" for standing in tale.after.values())
    tale.check(
        f"{met} of {len(tale.after)} lines of deadlines are met", holds=met == len(tale.after)
    )
    return f"{met} lines of deadlines are met, none is left"


#: Told once everybody was told.
MET = Step("met", "Deadlines are met", _met)
STEPS = (
    Step("clocks", "Clocks are set", _clocks),
    Step("counted", "People are counted", _counted),
    Step("compared", "Other limits are compared", _compared),
    Step("assessed", "Each country is decided", _assessed),
    Step("deadlines", "Deadlines stand", _deadlines),
)
