#!/usr/bin/env python3
"""Write docs/acceptance.md: which expectation is shown by which test, with that test's last result.

    tools/acceptance.py build/acceptance.xml

`make acceptance` runs tests/acceptance and then this. The lines are those of two joint statements of data protection
authorities, of the industry's practices, of what regulators and courts faulted, and of metrics and lessons drawn
from them; each in our own words. A line counts as covered only when a test is named after it, every such test has a
twin that shows that the same assertion fails without the control, and all of them passed.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "acceptance.md"
TESTS = ROOT / "tests" / "acceptance"

GROUPS: dict[str, tuple[str, list[str]]] = {
    "JS23": (
        "Joint statement of data protection authorities, 24 August 2023",
        [
            "Public data is still protected, metered and recorded",
            "The site that shows the data must guard it, in every class of access",
            "A mass scrape may be a breach that has to be reported",
            "Lawful collection is told from unlawful",
            "Several independent controls, none of which carries all",
            "The more sensitive a field, the stricter the control",
            "A named team answers for it",
            "A cap on how many other people one account reaches in an hour and a day",
            "Unusual activity is restricted before the cap",
            "New accounts are watched for how fast they go after others",
            "Groups that behave like one program are found",
            "One credential in many places within a short time is found",
            "A check that tells programs from people",
            "An address that scrapes is blocked",
            "Letters that demand a stop",
            "Deletion is demanded, and its confirmation kept",
            "Terms that forbid scraping, with proof of who accepted them",
            "People affected are told",
            "Authorities are told, each within its time",
            "Watching never stops, and new rules act at once",
            "Incidents are measured, and what was learnt is tried",
            "The protection itself respects privacy",
            "The site says what it does",
            "People can choose, and the gate keeps to it",
            "People can see how exposed they are",
            "Who deletes something learns whether copies were taken",
            "A way to ask and to complain",
            "Ready to show all this on request",
            "Laws of many countries, dated and sourced",
        ],
    ),
    "CS24": (
        "Concluding joint statement, 28 October 2024",
        [
            "Measures are combined, reviewed and renewed",
            "Every site that shows people, not only social networks",
            "Small sites too, at small cost",
            "Holds against programs that look human",
            "Learned detection may help, and is explained",
            "Pages and addresses that cannot be walked through",
            "Honest readers are left alone, and that is forecast and measured",
            "A contract alone allows nothing",
            "Collection that is allowed has a lawful basis",
            "Collection that is allowed is public knowledge",
            "Consent and objection are honoured where law needs them",
            "Contracts with collectors are watched and enforced",
            "Permitted collectors use an interface with keys",
            "That interface is guarded like the pages",
            "Research has a way in, within limits",
            "Training of models obeys the same rules",
            "Search indexing and pages without people stay free",
            "The state of all controls on any past day can be shown",
        ],
    ),
    "MUSA": (
        "Industry practices against unauthorised scraping, 30 March 2023",
        [],
    ),
    "REG": (
        "What regulators and courts faulted, 2020 to 2025",
        [
            "A default that let everybody be found by telephone number",
            "Programs that stayed below every limit",
            "Programs that moved to another route when one was closed",
            "Fields in a response that nobody had declared",
            "A scrape that only the regulator noticed",
            "Months of signals that nobody put together",
            "Slow containment",
            "Incomplete notices",
            "No further check before very sensitive data",
            "Loss of control is itself a damage, person by person",
            "Restricted data taken through genuine sessions",
            "New services launched without a scraping test",
            "A list of measures, each on, off or with a reason",
            "Draft law shown as draft",
            "Reasonable steps, and a test of serious harm",
            "Photos, also when a CDN serves them",
            "Claims of stolen data that nobody looked into",
        ],
    ),
    "MET": (
        "Metrics an authority could check",
        [
            "People lost before an actor was held",
            "Time to detect, contain, scope and notify",
            "Different people per account and hour, and per day",
            "Reach of new accounts in their first minutes, hour and day",
            "Honest readers refused, with an interval",
            "Share of look-ups that find nobody",
            "Share of responses whose people were seen; unobserved minutes",
            "Undeclared fields seen",
            "Demands sent, confirmed, refused, unanswered",
            "Notices due and sent in time",
            "Authorised collectors against their quota",
            "Reviews on time; the replay against the last one",
            "Who read the ledger; retention kept",
        ],
    ),
    "L": (
        "Lessons from incidents",
        [
            "Count people in responses, not addresses of pages",
            "Budgets for accounts, groups and whole routes together",
            "Look-ups are a class of their own",
            "Compare fields shown with fields declared",
            "One budget over all routes, and an alarm when load moves",
            "New accounts are a matter of minutes",
            "Keep the exact ledger long enough",
            "Attribute a leaked file",
            "Forecast before enforcing",
            "Record login state and accepted terms",
            "Protect the ledger most of all",
            "An answer for one person names unobserved periods",
        ],
    ),
}

#: The practices have letters for their sections.
MUSA = {
    "MUSA-A1": "Know what can be scraped, and where",
    "MUSA-A2": "Know what it would mean",
    "MUSA-A3": "Procedures, and drills",
    "MUSA-A4": "Work with others without handing out people",
    "MUSA-A5": "Every release is weighed",
    "MUSA-B1": "Fewer fields, smaller pages, less for strangers",
    "MUSA-B2": "Opaque ids, terms, settings",
    "MUSA-C1": "Limits and checks that also tell who somebody is",
    "MUSA-C2": "Logs, baselines, fake accounts, home addresses of others",
    "MUSA-D1": "Accounts closed, letters, hosts, courts",
}

#: Lines that have no acceptance line of their own, only a definition.
DEFINITIONS = ("MET", "L")

#: What exactly the tests of a covered line show, and where that ends.
SCOPE = {
    "JS23-1": (
        "One stranger, one profile. The report finds ids in paths, queries and Himaya-Subjects of a log; people in"
        " bodies alone, and people whom the ledger never saw, it does not find."
    ),
    "JS23-2": (
        "Cap of 100. GraphQL is asked plainly, by aliases, in batches, misnamed, without ids and by an undeclared"
        " field, through the proxy; doors that see no body charge what the endpoint declares. `himaya report classes`"
        " lists each class with its limit and dates; a class that the site has and nobody declared is a gap by its"
        " name only."
    ),
    "JS23-3": (
        "The count of people by country is written by the test. Closing also asks for notices, a comparison and a"
        " confirmed deletion, which these tests do not go through; 'public' alone is refused in English here."
    ),
    "JS23-7": (
        "Roles are those of enrolled operators. Whether whoever is named as owner answers the telephone is not tested."
    ),
    "REG-15": (
        "The reason, who decided, when, and the clock of the suspicion. What serious harm is, a person decides."
    ),
    "JS23-5": (
        "A simulation of 300 people, two attackers and policies made for the test: with two layers no control is worth"
        " more than three times the people, with one layer the report names it. Whether a site's"
        " own configuration, or the bench's, has single points of failure is what `himaya bench --ablate` says of it."
    ),
    "JS23-6": "Two configurations, read one after the other by one running process: 60 people, then 15.",
    "JS23-8": (
        "One gate for the site, which is how himaya runs; several gates that share budgets do not exist."
        " **Bound over a restart:** after a stop, nobody beyond the cap. After kill -9, at most who was shown within"
        " the last second. A session that had seen nobody before is taken for a stranger's until the site"
        " names its account again."
    ),
    "JS23-9": (
        "Two patterns: ids walked in order, and views of people all over the site against near people and returns,"
        " with a threshold set for the test (30 of evidence). Thresholds are per cohort, from the crowd of the bench;"
        " `himaya calibrate` takes them from a site's own proven accounts, and `surge` learns what is usual for a"
        " class by the hour of the week. Neither is part of these tests."
    ),
    "JS23-10": (
        "60 new accounts that want 40 people each stand for 200 that want 300; `make soak` has the whole number. They"
        " share a browser that readers have too, and the hour of sign-up; accounts that share nothing are not one case."
    ),
    "JS23-11": (
        "60 addresses with 20 people each; `make soak` has 1,000 with 20,000 people. The tool is a class that the front"
        " door tells; nobody else has it."
    ),
    "JS23-12": "Networks are counted, not distances; who else was on them is told by the ledger alone.",
    "JS23-13": (
        "Nobody is shown before the check where `budgets.address` is 0; with the default budgets a program is"
        " asked once its budget is used up. The solver is a real one, in Python; a browser is driven in the"
        " tests of the gate."
    ),
    "JS23-14": (
        "On one node, with Debian's custom bouncer asking every second; its script is called. Tests of the gate show"
        " that Debian's firewall bouncer drops packets. Addresses of proven members are blocked, for a test for fifteen"
        " seconds. Accounts that share an address are counted where himaya saw them; visitors cannot be."
    ),
    "JS23-15": (
        "Two accounts through the gate; the annex has the people on their disks, the counts of `himaya who`, and no id."
        " The overdue letter is written into the register as if it had been sent long ago; a running gate tells within"
        " seconds. himaya sends no letter, and no text was reviewed by counsel."
    ),
    "JS23-16": (
        "The demand and the other steps are written into the register; form, sample and what follows are the command's."
        " Forty people of 120 in a file, where 420 were shown to anybody. That a deletion took place nobody can see."
    ),
    "JS23-18": (
        "Three accounts over every kind of route, put into a case by hand (JS23-10 has cases that himaya found),"
        " against what they hold. They are told by the signed statement; and six people of a ledger by mail, each with"
        " their own fields, to a mail server of the test. Texts are drafts that nobody reviewed."
    ),
    "JS23-20": (
        "A log whose server stops writing, followed by `himaya follow` alone, and a follower that is killed beside a"
        " gate: an alarm by the command channel, and the period in `who` of actor and person, `audit bound` and"
        " `report weekly`. `alerts.silence_s` is 2 s for the test, 300 by default. The gate says it only while people"
        " are asked for, and only once a line came. Rules are those of the file; nothing proposes them."
    ),
    "JS23-19": (
        "Clocks start where a person sets them; five laws with a number of hours or days, one country without a rule,"
        " and people of unknown residence. Filing with an authority stays a person's work: none offers an interface."
    ),
    "JS23-29": (
        "An entry that a site's own file dates to 2020, in list, page, dates of a case and calendar; drafts of notices"
        " take the same marks. Nineteen regimes; a country without one is named, not computed. That an entry is right"
        " is shown by nobody but counsel."
    ),
    "JS23-21": (
        "One account that meets its cap of 100; half of it is 50. Budgets alone are played: no challenge, detector or"
        " block. The case and its way to the end are written into the register by the test."
    ),
    "JS23-26": (
        "One profile, taken once by an account whose case a person confirmed, deleted by `himaya forget`. The letter is"
        " an act of the case. An application that deletes asks `himaya case deleted`; nothing asks by itself."
    ),
    "JS23-27": (
        "Operators enter what people send them; a form for the people does not exist. The clock is the site's"
        " (`response.answer_days`, 30). The authority of a country is named where a table of regimes knows it."
    ),
    "CS24-2": "A register of practitioners that never heard of himaya, without accounts.",
    "CS24-4": (
        "Agents that send a browser's headers from home addresses and pause as people do, eighty times as fast outside"
        " of `make soak`. They share a browser with readers, and the hour of sign-up; agents that share nothing are"
        " held one by one."
    ),
    "CS24-5": (
        "A model that the command trained from a made-up log of two days, 120 honest accounts and 60 collectors, who"
        " differ in nothing but that readers come back to people; both as fast as a test is. It asks, rules do not."
        " Appeals are counted by `himaya model check --labels` when somebody writes them down; nothing collects them."
    ),
    "CS24-6": (
        "A site that uses `himaya.ids` (the Django example); for other sites `himaya audit ids` measures, and"
        " rewrites nothing. Pages whose markup varies are not part of it; page sizes are the site's."
    ),
    "CS24-7": (
        '`gate.forecast = "required"`; by default a limit without a forecast is enforced with a warning, and'
        " the chain says so. 60 made-up readers, five of whom read more than the limit: what one evening forecast,"
        " another evening measured. Readers of a real site may behave otherwise tomorrow."
    ),
    "CS24-14": (
        "Look-ups by telephone number: one account with a new address each time, and one network with one look-up an"
        " address, both with 5 percent hits. The default only reports; blocking is set for the test."
    ),
    "MUSA-A3": (
        "A drill on invented data, played to the end in seconds; how long people need for decisions is not measured."
    ),
    "MUSA-A4": (
        "A case of six actors: both files are searched for ids of people. Clients' classes are salted by the site."
        " A claim has the time it came in; what is done with it is the case's."
    ),
    "MUSA-C1": (
        "The score is how many checks in a row an actor left unsolved; ten are found, and blocking is set for the test."
        " Findings say it; a report of how many checks were met and solved does not exist."
    ),
    "MUSA-C2": (
        "500 home addresses with one tool that nobody else has. What `surge` learns of whole classes is not part of the"
        " test."
    ),
    "MUSA-D1": (
        "A draft for a host, with place, counts and annex. Accounts are held by REG-7's command; courts are not part."
    ),
    "REG-2": (
        "40 accounts with one class of client that divide 3,200 of 20,000 people among themselves, in the log of one"
        " virtual day, beside 150 readers with other clients, found by `himaya case find` (a running gate asks the same"
        " of its ledger by itself); and 20 accounts that guess telephone numbers behind a front door that tells the"
        " client. A fleet that nothing links, or that is shown people twice, is not found. The case has the people"
        " covered beside the sum, the finding the share of misses; `himaya report weekly` has both by week."
    ),
    "JS23-22": (
        "A ledger of three views, sixty days old, asked by the installed command. **Without the case role:** an"
        " analyst and an auditor ask who saw a person. **Keys destroyed:** the ledger's key, then two of three"
        " operators' keys for a day that was sealed. **Erasure:** one person of a collector's file; and through the"
        " gate, then `himaya forget` while it runs. Backups, exports and the site's own logs are listed, not reached."
        " What ends by itself, and after which days, is shown by L-7; the text of a DPIA is not part of these tests."
    ),
    "REG-8": (
        "A list of five items that the test writes, of which a person has to give three. Whether a list is what the law"
        " asks, and whether what a person writes is enough, nobody but a person can say."
    ),
    "REG-3": "Search is taken away by the site (410) after 60 people; contact look-ups follow.",
    "REG-4": (
        "JSON answers through the proxy. Fields are told by names that are usual or declared somewhere on the site;"
        " stripping is set for the test. HTML, and doors that see no bodies, are not covered."
    ),
    "REG-5": (
        "46 accounts with 400 people each, in shadow, with the default thresholds. Each is found by itself;"
        " that they belong together is not."
    ),
    "REG-6": (
        "Old accounts with one class of client, 500 people each over 150 days of a log, nobody twice, beside 300"
        " members who look at their families with other clients. The rows must be retained that long (31 days by"
        " default), and somebody must run `himaya case find`: a gate looks back 31 days when it starts. Accounts that"
        " show the same relatives as often as chance says are not found."
    ),
    "REG-7": (
        "Six actors; the identity system is a listener of the test. On record are when it was told and when it"
        " answered; that a session is dead is the application's to show."
    ),
    "REG-10": (
        "One view. The statement says what is on record and what nobody can say; that somebody was never shown it"
        " does not say. Whose key signed it is asked of the site."
    ),
    "REG-11": (
        "A walk through ids, found by `enumeration`, on a site whose profiles are declared for members. The scope is"
        " what the surface declares, for all its fields alike. An extension that reads as a person reads is found by"
        " other detectors or by none."
    ),
    "REG-12": (
        "A staging site with a gate, asked by `himaya bench --target` after it served the run's token: people lost"
        " equal what the site really gave away, and stay within the cap. Look-ups without values are not tried."
    ),
    "L-7": (
        "Rows of 19 months ago, written with that time, and `himaya ledger expire` of today. Whoever was not confirmed"
        " before the rows ended is not kept."
    ),
    "REG-14": (
        "Israel's entry as it is shipped. The draft is known from a secondary note; whether a final text exists is not"
        " known, and only a person who edits the entry turns it into law."
    ),
    "REG-16": (
        "Through the gate, where photos use the budget that profiles use, and from a CDN's log in combined form or"
        " CloudFront's own, read by `himaya scan --ledger`: counted, and in no budget of the gate. A CDN whose log"
        " nobody reads is not seen."
    ),
    "REG-17": (
        "A sample handed to `himaya attribute` by somebody who runs it: 40 readers and one collector of 120 people, in"
        " shadow. The interval is of simulated files from elsewhere, not of this site's. That a claim came in, and who"
        " looks at it within which time, is kept by nobody but the case and the chain."
    ),
}


class Part(NamedTuple):
    """What of a line is shown by tests that are not named after it, and what is missing."""

    tests: tuple[str, ...]
    missing: str


PARTS = {
    "MUSA-B1": Part(
        ("test_fewer_fields_for_strangers",),
        "A table of fields by class of access: a budget of 0 does it here, people seen before stay"
        " visible, and only JSON is trimmed. Page size is the site's.",
    ),
}

HEAD = """\
# Acceptance

What regulators expect of a site that shows people, line by line, and the test that shows it. `make acceptance` runs the
tests and writes this page; `tools/acceptance.py` says what the lines are.

- **covered**: a test named after the line starts the installed command in front of a site, asks over real HTTP and
  asserts what the line says can be observed. Each has a *twin*, in which the control is off and the same assertion must
  fail. All of them passed.
- **partly**: some of the line is shown the same way, twin included, by tests that do not bear its name. What is missing
  stands below.
- **not covered**: no such test. The product may do some of it; nothing here says so.

"""


class Row(NamedTuple):
    """One line of the page."""

    line: str
    name: str
    state: str
    tests: tuple[str, ...]
    result: str


def lines() -> Iterator[tuple[str, str]]:
    """Yield id and name of every line, in order."""
    for prefix, (_, names) in GROUPS.items():
        numbered = ((f"{prefix}-{n}", name) for n, name in enumerate(names, 1))
        yield from MUSA.items() if prefix == "MUSA" else numbered


def slug(line: str) -> str:
    """Return what names of tests of a line begin with: JS23-8 gives `test_js23_8_`."""
    return f"test_{line.lower().replace('-', '_')}_"


def twin_of(test: str) -> str:
    """Return the name of a test's twin."""
    start = next((slug(line) for line, _ in lines() if test.startswith(slug(line))), "test_")
    return start + "twin_" + test.removeprefix(start)


def collect(directory: Path = TESTS) -> list[str]:
    """Return the names of all test functions of the room, sorted."""
    trees = (ast.parse(path.read_text()) for path in sorted(directory.glob("test_*.py")))
    nodes = (node for tree in trees for node in tree.body)
    return sorted(n.name for n in nodes if isinstance(n, ast.FunctionDef) and n.name[:5] == "test_")


def tests_of(line: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return the tests that are named after a line, without their twins."""
    start = slug(line)
    return tuple(t for t in known if t.startswith(start) and not t.startswith(start + "twin_"))


def row(line: str, name: str, results: Mapping[str, bool], date: str) -> Row:
    """Return a line with its state; `results` says of every test that ran whether it passed."""
    named = tests_of(line, sorted(results))
    tests = named or (PARTS[line].tests if line in PARTS else ())
    ran = all(test in results and twin_of(test) in results for test in tests)
    if not tests or not ran:
        return Row(line, name, "not covered", (), "")
    passed = all(results[test] and results[twin_of(test)] for test in tests)
    state = ("covered" if named else "partly") if passed else "not covered"
    return Row(line, name, state, tests, f"{'passed' if passed else 'failed'} {date}")


def render(results: Mapping[str, bool], date: str) -> str:
    """Return the page."""
    rows = {line: row(line, name, results, date) for line, name in lines()}
    text = [HEAD, _summary(rows.values())]
    for prefix, (title, _) in GROUPS.items():
        text.append(f"\n## {prefix}: {title}\n\n")
        if prefix in DEFINITIONS:
            text.append("Definitions and lessons without an acceptance line of their own.\n\n")
        text.append(
            "| id | what it asks for | state | tests | last result |\n|---|---|---|---|---|\n"
        )
        text += [_line(rows[one]) for one in rows if one.startswith(f"{prefix}-")]
    text += [_scopes(rows), _missing(rows)]
    return "".join(text)


def _summary(rows: Iterable[Row]) -> str:
    states = [one.state for one in rows]
    covered, partly = states.count("covered"), states.count("partly")
    return (
        f"Of {len(states)} lines {covered} are covered, {partly} partly,"
        f" {states.count('not covered')} not.\n"
    )


def _line(one: Row) -> str:
    tests = "<br>".join(f"`{test}`" for test in one.tests)
    return f"| {one.line} | {one.name} | {one.state} | {tests} | {one.result} |\n"


def _scopes(rows: Mapping[str, Row]) -> str:
    said = [f"| {i} | {SCOPE[i]} |\n" for i, one in rows.items() if one.state == "covered"]
    head = "\n## What the covered lines rest on\n\n| id | what was asserted, and where it ends |\n|---|---|\n"
    return head + "".join(said)


def _missing(rows: Mapping[str, Row]) -> str:
    said = [f"| {i} | {PARTS[i].missing} |\n" for i, one in rows.items() if one.state == "partly"]
    return "\n## What the others lack\n\n| id | missing |\n|---|---|\n" + "".join(said)


def read_results(path: Path) -> tuple[dict[str, bool], str]:
    """Return whether each test passed, and the day of the run, from what pytest wrote."""
    tree = ET.parse(path)  # noqa: S314  (pytest wrote it a moment ago)
    results = {
        re.sub(r"\[.*", "", case.get("name", "")): not any(
            case.find(kind) is not None for kind in ("failure", "error", "skipped")
        )
        for case in tree.iter("testcase")
    }
    suite = next(tree.iter("testsuite"), None)
    date = "" if suite is None else suite.get("timestamp", "")[:10]
    return results, date


def main() -> int:
    """Write the page from the results of a run."""
    parser = argparse.ArgumentParser(description="Write docs/acceptance.md from a run's results.")
    parser.add_argument("results", type=Path, help="what pytest --junitxml wrote")
    parser.add_argument("--page", type=Path, default=PAGE)
    options = parser.parse_args()
    if not options.results.exists():
        print(f"acceptance: there is no {options.results}", file=sys.stderr)
        return 2
    results, date = read_results(options.results)
    page = render(results, date)
    options.page.write_text(page)
    print(f"acceptance: {options.page.name}: {_summary_of(page)}")
    return 0


def _summary_of(page: str) -> str:
    return next(line for line in page.splitlines() if line.startswith("Of "))


if __name__ == "__main__":
    sys.exit(main())
