"""`himaya demo --incident`: the story of issue 7 as a whole, and that its comparisons can fail."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from himaya.core.errors import InputError
from himaya.demo.incident.finding_steps import DISK
from himaya.demo.incident.hands import Done, Hands
from himaya.demo.incident.letter_steps import check_annex, check_names
from himaya.demo.incident.operators import LEGAL
from himaya.demo.incident.output import NEVER, check_output, texts
from himaya.demo.incident.residents import COUNTRIES, RULED, UNKNOWN, UNRULED, residents
from himaya.demo.incident.sinks import outside
from himaya.demo.incident.story import LEAST_PEOPLE, Options, _end, tell
from himaya.demo.incident.tale import Tale
from himaya.demo.incident.traffic import Played, write_traffic
from himaya.response.notices.texts import FORBIDDEN

COMMAND = [sys.executable, "-c", "from himaya.cli import main; main()", "demo", "--incident"]


class Told:
    """What one run of the command left behind."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.done = subprocess.run(
            [*COMMAND, "--out", str(out), "--people", str(LEAST_PEOPLE)],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def rows(self, name: str) -> list[dict[str, str]]:
        with (self.out / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def annex(self) -> dict:
        (path,) = (self.out / "letters").glob("*-l-1-annex.json")
        return json.loads(path.read_text())["annex"]["evidence"]


@pytest.fixture(name="told", scope="module")
def told_fixture(tmp_path_factory):
    """Run the command once, without questions."""
    return Told(tmp_path_factory.mktemp("incident") / "out")


@pytest.mark.slow
@pytest.mark.system
class TestTheStory:
    """One run of the installed command, looked at from outside."""

    def test_it_runs_to_its_end_and_every_comparison_holds(self, told):
        """The command asks nothing, ends with 0, and says that it is all invented."""
        assert told.done.returncode == 0, told.done.stdout + told.done.stderr
        assert "DIFFERS" not in told.done.stdout
        assert "Everything here is invented" in told.done.stdout
        assert "invented" in (told.out / "incident.html").read_text("utf-8")

    def test_the_list_of_people_is_the_farms_own_disk(self, told):
        """Recall and precision are 1: everybody on the disk, nobody else, each with exactly the fields taken."""
        disk = dict(line.split("\t") for line in (told.out / DISK).read_text("utf-8").splitlines())
        listed = {
            row["subject"]: " ".join(sorted(row["fields"].split()))
            for row in told.rows("people.csv")
        }
        assert len(disk) > 100
        assert listed == disk

    def test_six_countries_one_without_a_rule_and_unknown_add_up(self, told):
        """Every country is there with those who live there; they add up to the ledger's count in the annex."""
        counted = Counter(row["country"] for row in told.rows("people.csv"))
        assert set(counted) == {*RULED, UNRULED, UNKNOWN} == set(COUNTRIES)
        assert len(RULED) == 6
        assert sum(counted.values()) == told.annex()["people"]
        steps = (told.out / "steps").glob("*-deadlines.txt")
        assert (
            f"no rule in our table, {counted[UNRULED]} people, ask counsel"
            in next(steps).read_text()
        )

    def test_notices_in_four_languages_and_pdf_are_there(self, told):
        """Each country's people and authority have a released notice as HTML, text and PDF; none is a draft."""
        made = {path.name for path in (told.out / "notices").glob("*.pdf")}
        assert {name.split(".")[1] for name in made} == {"ar", "en", "es", "fr"}
        assert {name.split("-")[0] for name in made} == {*RULED, UNRULED, "unknown"}
        for name in made:
            path = told.out / "notices" / name
            assert path.read_bytes().startswith(b"%PDF-")
            assert path.with_suffix(".html").exists()
            assert "DRAFT" not in path.with_suffix(".txt").read_text("utf-8")

    def test_the_annex_has_the_farms_counts_and_nobodys_name(self, told):
        """People, records and accounts of the annex are the farm's own; no handle, name, mail or telephone is in it."""
        annex = told.annex()
        people = residents(LEAST_PEOPLE)
        taken = {
            line.partition("\t")[0] for line in (told.out / DISK).read_text("utf-8").splitlines()
        }
        assert (annex["people"], annex["actors"]) == (len(taken), 30)
        assert annex["rows"] == sum(part["rows"] for part in annex["surfaces"])
        written = "".join(path.read_text("utf-8") for path in (told.out / "letters").iterdir())
        for one in people:
            if one.handle in taken:
                assert not {one.email in written, one.phone in written, one.name in written} - {
                    False
                }

    def test_nothing_says_what_himaya_never_says(self, told):
        """No text of the whole directory has words such as "you must"."""
        read = texts(told.out)
        assert len(read) > 50
        assert not [path.name for path in read if NEVER.search(path.read_text("utf-8"))]

    def test_the_page_links_only_what_is_there(self, told):
        """Every link of the page leads to a file of the directory."""
        page = (told.out / "incident.html").read_text("utf-8")
        links = [part.partition('"')[0] for part in page.split('href="')[1:]]
        assert len(links) > 60
        assert not [link for link in links if not (told.out / link).is_file()]


@pytest.fixture(name="tale")
def tale_fixture(tmp_path, monkeypatch):
    """Give a story of which nothing was told yet, in a directory of its own."""
    monkeypatch.chdir(tmp_path)
    with outside() as (mail, identity):
        yield Tale(tmp_path, Hands(lambda _: Done(0, "")), residents(LEAST_PEOPLE), mail, identity)


def test_a_comparison_that_fails_is_said_and_ends_with_1(tale):
    """One comparison that does not hold makes exit code 1, and is printed."""
    said = []
    tale.check("two counts", holds=True)
    assert _end(tale, said.append) == 0
    tale.check("two other counts", holds=False)
    assert _end(tale, said.append) == 1
    assert "DIFFERS: two other counts" in said


@pytest.mark.parametrize("words", ["You must pay.", "They were not exposed.", "It is not from us."])
def test_a_text_that_says_too_much_is_found(tale, words):
    """A forbidden word in any file of the directory, or no PDF at all, is a comparison that fails."""
    Path("notices").mkdir()
    Path("notices/one.txt").write_text(words)
    check_output(tale)
    assert [check.holds for check in tale.checks] == [False, False]
    assert "one.txt" in tale.checks[0].words


def test_a_notice_that_says_too_much_in_another_language_is_found(tale):
    """What a notice never says is looked for in the words of each language."""
    Path("notices").mkdir()
    words = next(" ".join(one) for one in FORBIDDEN if not NEVER.search(" ".join(one)))
    Path("notices/two.txt").write_text(words)
    check_output(tale)
    assert not tale.checks[0].holds


@pytest.mark.parametrize("off", [None, "people", "rows", "actors"])
def test_an_annex_that_differs_from_the_ledger_is_found(tale, off):
    """One count of the annex that the ledger's answer does not have is a comparison that fails; else all hold."""
    fields = ["email", "name"]
    subjects = [{"subject": name, "fields": fields, "times": 2} for name in ("a", "b")]
    told = {"people": 2, "subjects": subjects}
    tale.hands = Hands(lambda _: Done(0, json.dumps(told)))
    tale.hands.passes[LEGAL] = Path("pass")
    tale.played = Played({"a": set(fields), "b": set(fields)}, ("one",), 4)
    tale.counted = {"countries": [{"country": "ES", "people": 2}]}
    evidence = {"people": 2, "rows": 4, "actors": 1}
    if off:
        evidence[off] += 1
    parts = [{"name": name, "people": 2} for name in fields]
    tale.annex = {"annex": {"evidence": {**evidence, "fields": parts}}}
    Path("letters").mkdir()
    check_annex(tale)
    assert all(check.holds for check in tale.checks) == (off is None)


def test_a_letter_that_names_one_of_the_people_is_found(tale):
    """A name, a mail address or a telephone number of anybody who was taken, in any letter, is found."""
    one = tale.people[0]
    tale.played = Played({one.handle: {"name"}}, ("one",), 1)
    Path("letters").mkdir()
    Path("letters/l.txt").write_text(f"It is about {one.name}.")
    check_names(tale)
    assert [check.holds for check in tale.checks] == [False]


def test_the_farm_divides_the_site_and_has_its_own_disk(tmp_path):
    """The disk is what answers with 200 to the farm's accounts name, and no honest account is among them."""
    people = residents(LEAST_PEOPLE)
    played = write_traffic(tmp_path / "log", people, 1_790_000_000.0)
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    shown = {
        line.get("subjects") or line["target"].removeprefix("/u/")
        for line in lines
        if line["account"] in played.accounts and line["status"] == 200
    }
    assert shown == set(played.disk)
    assert len({line["account"] for line in lines} - set(played.accounts)) >= 40


def test_a_directory_in_use_and_a_site_of_another_size_are_refused(tmp_path):
    """Nothing is written over; a site too small for a farm to stand out, or too large, is refused with the bounds."""
    (tmp_path / "mine").write_text("x")
    with pytest.raises(InputError, match="not empty"):
        tell(Options(tmp_path), lambda _: Done(0, ""), print)
    for people in (399, 20_001):
        with pytest.raises(InputError, match="400 to 20000 people"):
            tell(Options(tmp_path / "new", people), lambda _: Done(0, ""), print)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
