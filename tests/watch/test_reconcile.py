"""`himaya reconcile`: a log and a ledger that a test writes, and what is said about them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.ledger.making import DAY, NOON, disclosed, shown, write
from tests.watch.logs import line

from himaya import cli
from himaya.core.actor import Actor
from himaya.core.disclosure import Disclosures
from himaya.core.errors import HimayaError
from himaya.ledger.erasure import forget
from himaya.ledger.reader import Reader

CONFIG = """
mode = "enforce"
[owner]
name = "Somebody"
contact = "a@example.org"
[retention]
identified_days = 31
[[surface]]
id = "profile"
route = "/u/{subject}"
[[surface]]
id = "card"
route = "/card/{subject}"
redact = ["name"]
[[surface]]
id = "search"
route = "/search"
kind = "listing"
people = ["links"]
links = "/u/{subject}"
max_people = 20
[[surface]]
id = "find"
route = "/find"
kind = "lookup"
query = "phone"
people = ["json"]
json_subject = "id"
"""

ADDRESS = "203.0.113.9"
#: Rows before and after everything, so that the ledger speaks for all that is between.
EDGES = (disclosed(NOON - 600, "edge", "e"), disclosed(NOON + 3 * DAY, "edge", "e"))


class Case:
    """A directory with a configuration, a ledger and a log."""

    def __init__(self, path: Path) -> None:
        self.path, self.log, self.ledger = path, path / "a.log", path / "ledger"
        (path / "himaya.toml").write_text(CONFIG)

    def write(self, *rows: Disclosures, gaps: tuple[tuple[Any, ...], ...] = ()) -> None:
        ledger = write(self.ledger, *EDGES, *rows, close=False)
        for gap in gaps:
            ledger.note_gap(*gap)
        ledger.close()

    def run(self, *words: str, code: int = 0, logs: tuple[Path, ...] = ()) -> str:
        done = CliRunner().invoke(
            cli.group,
            [
                *("reconcile", *map(str, logs or (self.log,))),
                *("--config", str(self.path / "himaya.toml"), "--ledger", str(self.ledger)),
                *("--why", "a test", *words),
            ],
        )
        if isinstance(done.exception, HimayaError):
            assert code == 2
            return str(done.exception)
        assert done.exit_code == code, done.output + repr(done.exception)
        return done.stdout

    def compare(self, *lines: str, code: int = 0, words: tuple[str, ...] = ()) -> dict[str, Any]:
        self.log.write_text("".join(lines))
        return json.loads(self.run("--json", "--pending-s", "0", *words, code=code))


@pytest.fixture(name="case")
def _case(tmp_path: Path) -> Case:
    return Case(tmp_path)


def view(at: float, target: str, account: str = "u1", **more: Any) -> str:
    return line(at, target, account=account, **{"address": ADDRESS, **more})


def listed(
    at: float, account: str = "u1", people: tuple[str, ...] = (), **more: Any
) -> Disclosures:
    base = {"surface": "search", "kind": "listing", "source": "proxy"}
    return disclosed(at, account, *people, **{**base, **more})


def test_a_log_that_the_ledger_agrees_with_holds(case):
    """Every line has its row: nothing is missing, exit code 0."""
    case.write(disclosed(NOON, "u1", "anna"), disclosed(NOON + 9.7, "u1", "anna"))
    said = case.compare(view(NOON, "/u/anna"), view(NOON + 9, "/u/anna"), line(NOON, "/style.css"))
    assert said["holds"]
    assert said["sums"]["matched"] == said["sums"]["compared"] == 2
    assert said["skipped"]["elsewhere"] == 1
    assert said["missing"] == []


def test_a_line_without_a_row_is_missing(case):
    """A request that left no row is listed with file, line, time and surface; exit code 1."""
    case.write(disclosed(NOON, "u1", "anna"))
    said = case.compare(view(NOON, "/u/anna"), view(NOON + 1, "/u/ben"), code=1)
    assert not said["holds"]
    (one,) = said["missing"]
    assert (one["file"], one["line"], one["surface"]) == (str(case.log), 2, "profile")
    assert one["at"] == "2025-06-15T12:00:01Z"


def test_names_stay_in_the_house(case):
    """Neither names nor addresses are printed, in words or as JSON, until --names asks for them."""
    case.write()
    lines = (view(NOON, "/u/secretperson", "secretviewer"), view(NOON, "/u/x", "-"))
    case.log.write_text("".join(lines))
    for words in ((), ("--json",)):
        told = case.run(*words, code=1)
        assert "secret" not in told
        assert ADDRESS not in told
        named = case.run(*words, "--names", code=1)
        assert "account:secretviewer" in named
        assert "person:secretperson" in named
        assert f"address:{ADDRESS}" in named


def test_one_row_answers_for_one_line(case):
    """Two views need two rows: a row is used once."""
    case.write(disclosed(NOON, "u1", "anna"))
    said = case.compare(view(NOON, "/u/anna"), view(NOON + 1, "/u/anna"), code=1)
    assert (said["sums"]["matched"], said["sums"]["missing"]) == (1, 1)


@pytest.mark.parametrize("row", [{"account": "u2"}, {"subject": "ben"}, {"at": NOON + 20}])
def test_a_row_of_something_else_does_not_count(case, row):
    """A row of another actor, another person or another time answers for no line."""
    case.write(disclosed(row.get("at", NOON), row.get("account", "u1"), row.get("subject", "anna")))
    said = case.compare(view(NOON, "/u/anna"), view(NOON + 60, "/u/zoe"), code=1)
    assert said["sums"]["missing"] == 2
    assert said["sums"]["only_in_ledger"] == 1
    assert "name actors differently" in said["notices"][-1]


def test_the_tolerance_is_the_callers(case):
    """A row that is further away counts when the tolerance says so."""
    case.write(disclosed(NOON + 20, "u1", "anna"))
    case.compare(view(NOON, "/u/anna"), code=1)
    assert case.compare(view(NOON, "/u/anna"), words=("--tolerance-s", "21"))["holds"]


def test_a_late_charge_is_looked_for_as_long_as_a_request_may_be_open(case):
    """A row whose exchange was not seen to end may lie `settle_s` later; an ordinary one may not."""
    case.write(
        disclosed(NOON + 290, "u1", "anna", source="unsettled"),
        disclosed(NOON + 290, "u1", "ben", source="authority"),
    )
    said = case.compare(view(NOON, "/u/anna"), view(NOON, "/u/ben"), code=1)
    assert said["sums"]["matched"] == said["sums"]["missing"] == 1


def test_a_log_without_accounts_is_matched_by_address(case):
    """Where the log names no account, the address of the row decides."""
    case.write(disclosed(NOON, "u1", "anna"))
    assert case.compare(view(NOON, "/u/anna", "-"))["holds"]
    other = view(NOON, "/u/anna", "-", address="198.51.100.1")
    assert case.compare(other, code=1)["sums"]["missing"] == 1


def test_a_row_that_did_not_know_the_account_fits_by_address(case):
    """A row without an account answers for a line with one, from the same address only."""
    case.write(disclosed(NOON, "", "anna"))
    assert case.compare(view(NOON, "/u/anna"))["holds"]
    case.compare(view(NOON, "/u/anna", address="198.51.100.1"), code=1)


def test_a_row_of_another_account_at_the_address_does_not_fit(case):
    """Who shares an address is not who shares a row: the account decides where both sides know it."""
    case.write(disclosed(NOON, "u2", "anna"))
    assert case.compare(view(NOON, "/u/anna"), code=1)["sums"]["missing"] == 1


@pytest.mark.parametrize("status", [304, 302, 403, 404, 429, 500])
def test_answers_that_showed_nobody_need_no_row(case, status):
    """Refused, redirected, unchanged and failed answers are counted and skipped."""
    case.write()
    said = case.compare(view(NOON, "/u/anna", status=status))
    assert said["skipped"]["nothing"] == 1
    assert said["sums"]["compared"] == 0


def test_head_needs_no_row_but_of_a_lookup(case):
    """HEAD shows no page, but a look-up's head says that somebody is there."""
    case.write()
    head = {"method": "HEAD"}
    said = case.compare(view(NOON, "/u/anna", **head), view(NOON, "/find?phone=1", **head), code=1)
    assert [one["surface"] for one in said["missing"]] == ["find"]
    assert said["skipped"]["nothing"] == 1


def test_a_lookup_in_vain_needs_a_row(case):
    """A look-up answered 404 is a miss, and a miss is a row."""
    miss = disclosed(NOON, "u1", surface="find", kind="lookup", miss=True, status=404)
    case.write(miss)
    asked = view(NOON, "/find?phone=1", status=404)
    assert case.compare(asked)["sums"]["matched"] == 1
    assert case.compare(asked, asked, code=1)["sums"]["missing"] == 1


def test_ones_own_profile_needs_no_row(case):
    """The profile of the account that asks is skipped, also where the application told whose it is."""
    case.write()
    said = case.compare(view(NOON, "/u/u1"), view(NOON, "/u/anna", status=404))
    assert said["skipped"]["own"] == 1


def test_perhaps_ones_own_profile_is_unclear(case):
    """Where the log names nobody and the person's account was at that address that day, the line is unclear."""
    case.write(disclosed(NOON, "anna", "ben"))
    own = view(NOON + 60, "/u/anna", "-")
    said = case.compare(own)
    assert said["holds"]
    assert "own profile" in said["unclear"][0]["why"]
    case.compare(own, words=("--strict",), code=1)
    elsewhere = view(NOON + 60, "/u/anna", "-", address="198.51.100.1")
    assert case.compare(elsewhere, code=1)["sums"]["missing"] == 1


def test_an_answer_that_may_have_been_redacted_is_unclear(case):
    """A surface that may be shown without every field can leave no row; in shadow mode nothing is withheld."""
    case.write()
    assert "taken out" in case.compare(view(NOON, "/card/anna"))["unclear"][0]["why"]
    (case.path / "himaya.toml").write_text(CONFIG.replace("enforce", "shadow"))
    assert case.compare(view(NOON, "/card/anna"), code=1)["sums"]["missing"] == 1


def test_a_listing_needs_an_exchange(case):
    """A listing is one exchange, however many people it showed: two answers need two."""
    case.write(listed(NOON + 0.5, people=("a", "b", "c")), listed(NOON + 3.5, people=("a",)))
    page = view(NOON, "/search?q=a")
    assert case.compare(page, view(NOON + 3, "/search"))["sums"]["matched"] == 2
    said = case.compare(page, page, view(NOON + 3, "/search"))
    assert said["sums"]["unclear"] == 1
    assert "showed nobody" in said["unclear"][0]["why"]


def test_a_listing_behind_a_door_that_reads_nothing_is_missing(case):
    """Where no door reads answers every one leaves a row, so a listing without one is missing."""
    case.write(listed(NOON + 0.5, unattributed=20, source="authority"))
    page = view(NOON, "/search?q=a")
    assert case.compare(page, page, code=1)["sums"]["missing"] == 1


def test_whole_seconds_do_not_invent_missing_listings(case):
    """Rows of one whole second may be several answers: as many lines as rows, and no row is called left over."""
    case.write(listed(NOON, people=("a", "b")))
    page = view(NOON, "/search")
    assert case.compare(page, page)["sums"]["matched"] == 2
    assert case.compare(page)["sums"]["only_in_ledger"] == 0


def test_rows_from_a_log_are_told_apart(case):
    """A row made from a log is on record, but does not say that the gate was asked: counted, and said in words."""
    case.write(disclosed(NOON, "u1", "anna"), disclosed(NOON + 60, "u1", "ben", source="proxy"))
    said = case.compare(view(NOON, "/u/anna"), view(NOON + 60, "/u/ben"))
    assert (said["sums"]["matched"], said["sums"]["from_log"]) == (2, 1)
    assert said["notices"][0].startswith("1 rows were made from a log")


def test_an_erased_name_is_no_missing_row(case):
    """A line fits a row whose person, or whose account, was forgotten; another actor's line does not."""
    case.write(disclosed(NOON, "u1", "anna"), disclosed(NOON + 60, "u2", "ben"))
    with Reader.open(case.ledger) as reader:
        for about in ({"subject": "anna"}, {"account": "u2"}):
            assert forget(reader, **about, why="t", by="t", now=NOON)
    asked = (view(NOON, "/u/anna"), view(NOON + 60, "/u/ben", "u2"))
    said = case.compare(*asked)
    assert said["sums"]["matched"] == said["sums"]["by_number"] == 2
    case.compare(view(NOON, "/u/anna", "u3"), code=1)


def test_a_recorded_gap_explains(case):
    """A line in a period the ledger calls unobserved is explained by that period, and does not fail."""
    gap = (NOON - 10, NOON + 10, "the gate was down", "profile")
    case.write(gaps=(gap,))
    said = case.compare(view(NOON, "/u/anna"))
    assert (said["sums"]["explained"], said["sums"]["missing"]) == (1, 0)
    (period,) = said["explained"]
    assert (period["why"], period["surface"], period["lines"]) == (
        "the gate was down",
        "profile",
        1,
    )
    assert case.compare(view(NOON + 60, "/u/anna"), code=1)["sums"]["missing"] == 1
    assert case.compare(view(NOON, "/find?phone=1"), code=1)["sums"]["missing"] == 1


def test_the_youngest_lines_are_pending(case):
    """Lines of the last ten minutes before the ledger's end may still get a row."""
    case.write()
    end = NOON + 3 * DAY
    case.log.write_text(view(end - 700, "/u/anna") + view(end - 500, "/u/anna"))
    sums = json.loads(case.run("--json", code=1))["sums"]
    assert (sums["missing"], sums["pending"]) == (1, 1)


def test_lines_outside_the_period_are_counted(case):
    """Lines before and after what the ledger speaks for, or outside --from and --to, are not compared."""
    case.write(disclosed(NOON, "u1", "anna"))
    lines = [view(NOON - 5000, "/u/a"), view(NOON, "/u/anna"), view(NOON + 4 * DAY, "/u/a")]
    assert case.compare(*lines)["skipped"]["outside"] == 2
    lines.insert(2, view(NOON + 2 * DAY, "/u/a"))
    case.compare(*lines, code=1)
    assert case.compare(*lines, words=("--to", "2025-06-15"))["skipped"]["outside"] == 3


def test_days_follow_each_other(case):
    """Days are compared one by one, packed logs and several of them in any order, empty days included."""
    times = [NOON + 43_195 + step for step in range(10)] + [NOON + 2 * DAY]
    case.write(
        *(disclosed(at, "u1", f"p{n}") for n, at in enumerate(times)),
        disclosed(NOON + 1.5 * DAY, "u1", "z"),
    )
    lines = [view(at, f"/u/p{n}") for n, at in enumerate(times)]
    old, new = case.path / "a.log.1.gz", case.path / "a.log"
    old.write_bytes(gzip.compress("".join(lines[:6]).encode()))
    new.write_text("".join(lines[6:]))
    said = json.loads(case.run("--json", "--pending-s", "0", logs=(new, old)))
    assert said["sums"]["matched"] == 11
    assert said["sums"]["only_in_ledger"] == 1


def test_lines_that_could_not_be_read_are_counted(case):
    """Malformed lines are counted; lines hours behind their log are named in words; both fail with --strict."""
    case.write(disclosed(NOON + 9000, "u1", "anna"))
    filler = line(NOON + 9000, "/style.css") * 12_000  # more than is read, and sorted, at once
    lines = (view(NOON + 9000, "/u/anna"), "nonsense\n", filler, view(NOON, "/u/anna"))
    said = case.compare(*lines)
    assert (said["skipped"]["malformed"], said["skipped"]["late"]) == (1, 1)
    assert (said["sums"]["compared"], said["skipped"]["elsewhere"]) == (1, 12_000)
    assert "ten minutes behind" in " ".join(said["notices"])
    case.compare(*lines, words=("--strict",), code=1)
    case.compare(*lines[:2], words=("--strict",), code=1)
    case.compare(lines[0], words=("--strict",))


def test_a_log_that_breaks_off_is_named(case):
    """What follows a cut-off archive was not compared: said in words, and a failure with --strict."""
    case.write(disclosed(NOON, "u1", "anna"))
    whole = gzip.compress((view(NOON, "/u/anna") * 1 + line(NOON, "/x.css") * 20_000).encode())
    cut = case.path / "a.log.gz"
    cut.write_bytes(whole[: len(whole) // 2])
    assert "breaks off" in case.run("--pending-s", "0", logs=(cut,))
    case.run("--pending-s", "0", "--strict", logs=(cut,), code=1)


def test_the_sums_add_up(case):
    """What was compared is the sum of its parts, over all and for every surface."""
    case.write(disclosed(NOON, "u1", "anna"), gaps=((NOON + 99, NOON + 101, "down"),))
    said = case.compare(
        view(NOON, "/u/anna"), view(NOON + 50, "/u/a"), view(NOON + 100, "/u/b"),
        view(NOON + 200, "/card/a"), code=1,
    )  # fmt: skip
    parts = ("matched", "missing", "unclear", "explained", "pending")
    for sums in (said["sums"], *said["surfaces"].values()):
        assert sums["compared"] == sum(sums[part] for part in parts)
    assert [said["sums"][part] for part in parts] == [1, 1, 1, 1, 0]


def test_the_first_are_named_and_all_are_counted(case):
    """--show bounds what is named, not what is counted."""
    case.write()
    lines = [view(NOON + n, f"/u/p{n}") for n in range(30)]
    said = case.compare(*lines, code=1)
    assert (len(said["missing"]), said["sums"]["missing"]) == (20, 30)
    assert len(case.compare(*lines, words=("--show", "2"), code=1)["missing"]) == 2


def test_words_say_it_all(case):
    """The table in words has the sums, the missing lines, and what was not compared."""
    case.write(disclosed(NOON, "u1", "anna"))
    case.log.write_text(view(NOON, "/u/anna") + view(NOON, "/u/b\x1b[2J"))
    told = case.run("--pending-s", "0", code=1)
    assert "MISSING: 1 of 2 lines" in told
    assert "Of 2 lines none were left out." in told
    assert f"{case.log}:2" in told
    assert "\x1b" not in told
    case.log.write_text(view(NOON, "/u/anna"))
    assert "No line is missing of 1" in case.run("--pending-s", "0")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hello\nworld\n", "a.log"),
        (line(NOON, "/about"), "check the routes under [[surface]]"),
        (line(NOON - 9 * DAY, "/u/anna"), "name a log of that period"),
    ],
)
def test_a_log_that_proves_nothing_is_refused(case, text, words):
    """A file that is no log, or has nothing to compare, is an error that names it and says what to do."""
    case.write()
    case.log.write_text(text)
    told = case.run(code=2)
    assert str(case.log) in told
    assert words in told


def test_missing_files_are_named(case):
    """A log, configuration or ledger that is not there is named."""
    case.write()
    assert "a.log" in case.run(code=2)
    case.log.write_text(view(NOON, "/u/anna"))
    case.ledger = case.path / "nowhere"
    assert "nowhere" in case.run(code=2)


def test_every_use_is_on_record(case):
    """The ledger's chain says that somebody compared, and why, before the answer."""
    case.write()
    case.compare(view(NOON, "/u/a"), code=1)
    with Reader.open(case.ledger) as reader:
        entries = [one for one in reader.log() if one.get("command") == "reconcile"]
    assert entries[0]["why"] == "a test"


def test_what_the_log_itself_says_of_people_decides(case):
    """`Himaya-Subjects` in the log: nobody shown needs no row, somebody else shown must have one."""
    case.write(disclosed(NOON, "u1", "ben"))

    def told(target: str, subjects: str) -> str:
        entry = {"at": NOON, "address": ADDRESS, "himaya_account": "u1", "method": "GET"}
        return json.dumps({**entry, "target": target, "status": 200, "subjects": subjects}) + "\n"

    said = case.compare(told("/search", "u1"), told("/u/anna", "ben"))
    assert (said["skipped"]["nobody"], said["sums"]["matched"]) == (1, 1)
    assert case.compare(told("/search", "anna, ben"), code=1)["sums"]["missing"] == 1


def test_facts_tell_whose_profile_it_is(case):
    """One's own profile under another name is one's own where the application told so."""
    case.write()
    facts = case.path / "facts.jsonl"
    facts.write_text('{"account": "u1", "subject": "anna"}\n')
    words = ["facts", "import", str(facts), "--ledger", str(case.ledger)]
    done = CliRunner().invoke(cli.group, words)
    assert done.exit_code == 0, done.output
    assert case.compare(view(NOON, "/u/anna"))["skipped"]["own"] == 1


def test_an_api_key_is_an_actor(case):
    """Rows of an API key fit lines that name the key."""
    key = Disclosures(NOON, "profile", "profile", Actor(ADDRESS, key="k1"), "key", 200, shown("a"))
    case.write(key)
    entry = {"at": NOON, "address": "198.51.100.7", "key": "k1", "method": "GET", "target": "/u/a"}
    assert case.compare(json.dumps({**entry, "status": 200}) + "\n")["holds"]
