"""`himaya canary`: made from the key, kept secret, and checked against people with an ordinary history."""

from __future__ import annotations

import csv
import json

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.making import DAY, NOON, disclosed, write
from tests.watch.logs import line

from himaya.canaries import check, names
from himaya.canaries.make import make
from himaya.cli import group
from himaya.config import load
from himaya.core.errors import InputError
from himaya.ledger import Ledger
from himaya.ledger.keys import Keys
from himaya.ledger.reader import Reader

CONFIG = """
[canaries]
file = "secret.txt"
[[surface]]
id = "profile"
route = "/u/{subject}"
"""
KEYS = Keys(bytes(range(32)))


@pytest.fixture
def site(tmp_path):
    """Give a directory with a configuration and a ledger that knows the person p1; `run` is a command there."""
    (tmp_path / "himaya.toml").write_text(CONFIG)
    write(tmp_path / "ledger", disclosed(NOON, "m", "p1"))
    return tmp_path


def run(folder, *words: str, code: int = 0, fails: str = "") -> str:
    where = ["--config", str(folder / "himaya.toml")]
    result = CliRunner().invoke(group, ["canary", words[0], *where, *words[1:]])
    if fails:
        assert isinstance(result.exception, InputError), result.output
        assert fails in str(result.exception)
        return ""
    assert result.exit_code == code, (result.output, result.exception)
    return result.output


def made(folder, name: str = "out.csv", *more: str, count: int = 4) -> list[dict[str, str]]:
    """Make canaries of two places and return the records."""
    places = ("--place", "gap", "--place", "sitemap")
    run(folder, "make", "--count", str(count), *places, "--out", str(folder / name), *more)
    with (folder / name).open() as file:
        return list(csv.DictReader(file))


def test_records_and_list_name_the_same_canaries(site):
    """The site's records have id, invented name and mark; the list has places and ids; both are 0600."""
    told = made(site)
    assert [set(one) for one in told] == [{"id", "given_name", "family_name", "canary"}] * 4
    assert [one["canary"] for one in told] == ["gap", "sitemap", "gap", "sitemap"]
    config = load(site / "himaya.toml")
    assert config.canary_places == {one["id"]: one["canary"] for one in told}
    listed = (site / "secret.txt").read_text()
    assert not any(one["family_name"] in listed for one in told)
    for name in ("secret.txt", "out.csv"):
        assert (site / name).stat().st_mode & 0o777 == 0o600


def test_the_same_words_make_the_same_canaries(site):
    """A second run makes them again and the list stays; more are added to it; another key makes others."""
    first = made(site)
    listed = (site / "secret.txt").read_text()
    assert made(site, "again.csv") == first
    assert (site / "secret.txt").read_text() == listed
    more = made(site, "more.csv", count=6)
    assert more[:4] == first
    assert len(load(site / "himaya.toml").canary_places) == 6
    others = make(Keys(bytes(32)), 4, ["gap", "sitemap"])
    assert {one.id for one in others}.isdisjoint(one["id"] for one in first)


def test_ids_follow_the_pattern_and_json_lines_the_name(site):
    """A pattern gives ids of the site's form; a file that ends in .jsonl holds JSON lines."""
    out = site / "out.jsonl"
    run(site, "make", "--count", "3", "--place", "gap", "--id", "u-##?*", "--out", str(out))
    told = [json.loads(text) for text in out.read_text().splitlines()]
    for one in told:
        assert one["id"].startswith("u-")
        assert one["id"][2:4].isdigit()
        assert len(one["id"]) == 6


def test_ids_of_a_file_are_taken_and_those_of_people_refused(site):
    """The operator's own gaps are taken in order; an id that the ledger knows as a person's is refused."""
    gaps = site / "gaps.txt"
    gaps.write_text("10482\n\n10771\n")
    assert [one["id"] for one in made(site, "out.csv", "--ids", str(gaps), count=2)] == [
        "10482",
        "10771",
    ]
    gaps.write_text("10999\np1\n")
    words = ("--place", "gap", "--out", str(site / "b.csv"), "--ids", str(gaps))
    run(site, "make", "--count", "2", *words, fails="id 2 of the file is a person's")
    run(site, "make", "--count", "3", *words, fails="2 different ids for 3 canaries")
    assert not (site / "b.csv").exists()


def test_nothing_is_overwritten_and_mistakes_are_named(site):
    """A file that is there, a pattern without room, two ways of ids and an unfit place end with a sentence."""
    made(site)
    place, out = ("--place", "gap"), ("--out", str(site / "b.csv"))
    run(
        site,
        "make",
        "--count",
        "1",
        *place,
        "--out",
        str(site / "out.csv"),
        fails="name a new file",
    )
    run(site, "make", "--count", "20", *place, *out, "--id", "x#", fails="too few free ids")
    run(site, "make", "--count", "1", "--place", "no place", *out, fails="names no place")
    more = ("--id", "#", "--ids", str(site / "out.csv"))
    run(site, "make", "--count", "1", *place, *out, *more, fails="either --id or --ids")
    (site / "himaya.toml").write_text(CONFIG.replace("[canaries]", "[canaries]\nmost = 5"))
    run(site, "make", "--count", "2", "--place", "new", *out, fails="more than 5 canaries")


def test_an_id_in_two_places_is_refused(site):
    """The same id cannot be a canary of two places."""
    gaps = site / "gaps.txt"
    gaps.write_text("10482\n")
    words = ("make", "--count", "1", "--ids", str(gaps))
    run(site, *words, "--place", "gap", "--out", str(site / "a.csv"))
    run(site, *words, "--place", "api", "--out", str(site / "b.csv"), fails="under another place")


def test_without_the_key_of_the_configuration_it_is_said(tmp_path):
    """The list lies beside the configuration when no file is named, and what to write is printed."""
    (tmp_path / "himaya.toml").write_text("")
    Ledger.open(tmp_path / "ledger").close()
    told = run(tmp_path, "make", "--count", "1", "--place", "gap", "--out", str(tmp_path / "o.csv"))
    assert '[canaries] file = "canaries.txt"' in told
    assert (tmp_path / "canaries.txt").exists()


@given(st.integers(0, 100_000))
def test_no_name_is_a_real_one(number):
    """No name is in the list of common real names, or holds one; each begins with a capital and is of letters."""
    (one,) = make(KEYS, 1, [f"place{number}"])
    for word in (one.given_name, one.family_name):
        assert word.isascii()
        assert word.isalpha()
        assert word.istitle()
        assert word.lower() not in names.REAL
        assert not any(len(real) > 3 and real in word.lower() for real in names.REAL)


def test_a_thousand_canaries_have_a_thousand_ids():
    """Ids are different, and so are nearly all names."""
    found = make(KEYS, 1000, ["gap"])
    assert len({one.id for one in found}) == 1000
    assert len({(one.given_name, one.family_name) for one in found}) > 990


# check ---------------------------------------------------------------------------------------------


def _listed(folder) -> None:
    (folder / "secret.txt").write_text("gap c1\nsitemap c2\n")
    (folder / "secret.txt").chmod(0o600)


def _history(readers: int) -> list[tuple[int, str, str]]:
    """Return (second, account, subject): readers of three days open c1 in the end, a walker of one day c2."""
    found = [(int(day * DAY) + n, f"r{n}", f"p{day}") for day in range(3) for n in range(readers)]
    found += [(int(2 * DAY) + 100 + n, f"r{n}", "c1") for n in range(readers)]
    found += [(int(2 * DAY) + 200 + n, "walker", f"p{n}") for n in range(60)]
    return [*found, (int(2 * DAY) + 300, "walker", "c2")]


@pytest.mark.parametrize(("readers", "code"), [(2, 1), (1, 0)])
def test_a_place_that_ordinary_accounts_come_to_leaks(tmp_path, readers, code):
    """Two accounts of three quiet days at one canary are a leak, one or a walker is none; the same for logs."""
    (tmp_path / "himaya.toml").write_text(CONFIG)
    _listed(tmp_path)
    rows = [disclosed(NOON + at, account, subject) for at, account, subject in _history(readers)]
    write(tmp_path / "ledger", *rows)
    log = tmp_path / "access.log"
    log.write_text(
        "".join(line(NOON + at, f"/u/{s}", account=account) for at, account, s in _history(readers))
    )
    ledger = ("--ledger", str(tmp_path / "ledger"), "--why", "placing")
    for words in (ledger, (str(log),)):
        told = json.loads(run(tmp_path, "check", *words, "--json", code=code))
        assert told == {
            "placed": 2,
            "shown": 2,
            "places": [
                {"place": "gap", "surface": "profile", "canaries": 1, "ordinary": readers,
                 "others": 0, "leaks": bool(code)},
                {"place": "sitemap", "surface": "profile", "canaries": 1, "ordinary": 0,
                 "others": 1, "leaks": False},
            ],
            "leaks": bool(code),
            "beyond": 0,
        }  # fmt: skip
    assert ("LEAKS" in run(tmp_path, "check", *ledger, code=code)) is bool(code)
    with Reader.open(tmp_path / "ledger") as reader:
        assert [e["command"] for e in reader.log() if e.get("command")] == ["canary check"] * 2


def test_a_check_without_canaries_or_input_is_a_mistake(site):
    """Nothing listed, nothing named, or both named end with a sentence."""
    (site / "secret.txt").write_text("")
    (site / "secret.txt").chmod(0o600)
    ledger = ("--ledger", str(site / "ledger"))
    run(site, "check", *ledger, "--why", "x", fails="no canaries are listed")
    run(site, "check", fails="name LOG")
    run(site, "check", "a.log", *ledger, fails="name LOG")
    run(site, "check", "a.log", "--from", "2025-01-01", fails="rows of a ledger")


def test_the_check_is_bounded(monkeypatch):
    """Past the bound further actors are not kept, and the outcome says how many answers that were."""
    monkeypatch.setattr(check, "MAX_ACTORS", 10)
    found = check.Check({"c": "gap"}, check.Ordinary())
    for n in range(30):
        found.take(disclosed(NOON + n, f"u{n}", "p1"))
        found.take(disclosed(NOON + n, f"u{n}", "c"))
    told = found.outcome()
    assert (told.beyond, told.places[0].others) == (40, 10)
