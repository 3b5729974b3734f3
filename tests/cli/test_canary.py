"""`himaya canary make`: made from the key of the ledger, kept secret, and in the list as they are in the records."""

from __future__ import annotations

import csv
import json

import pytest
from tests.cli.canary_rig import CONFIG, run
from tests.ledger.making import NOON, disclosed, write

from himaya.canaries.make import make
from himaya.config import load
from himaya.config.canaries import MAX_ID
from himaya.ledger import Ledger
from himaya.ledger.keys import Keys


@pytest.fixture
def site(tmp_path):
    """Give a directory with a configuration and a ledger that knows the person p1; `run` is a command there."""
    (tmp_path / "himaya.toml").write_text(CONFIG)
    write(tmp_path / "ledger", disclosed(NOON, "m", "p1"))
    return tmp_path


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


def test_an_id_of_another_place_is_not_drawn_again(site):
    """Two places share a short pattern: each has ids of its own, and making the first again changes nothing."""
    words = ("make", "--count", "5", "--id", "#")
    run(site, *words, "--place", "gap", "--out", str(site / "a.csv"))
    run(site, *words, "--place", "api", "--out", str(site / "b.csv"))
    placed = load(site / "himaya.toml").canary_places
    assert sorted(placed) == list("0123456789")
    run(site, *words, "--place", "gap", "--out", str(site / "again.csv"))
    assert (site / "again.csv").read_bytes() == (site / "a.csv").read_bytes()
    assert load(site / "himaya.toml").canary_places == placed
    run(site, *words, "--place", "third", "--out", str(site / "c.csv"), fails="too few free ids")


@pytest.mark.parametrize(
    ("text", "fails"),
    [
        (b"10482\n" + b"7" * (MAX_ID + 1), f"2: an id longer than {MAX_ID} bytes"),
        (b"10482\n\n1\x0017\n", "3: the id holds a control character"),
        (b"\xff\n", " expected UTF-8 text"),
    ],
)
def test_ids_that_the_list_cannot_hold_are_named(site, text, fails):
    """A file of ids that would not come back from the list: file and line are named, and nothing is written."""
    gaps = site / "gaps.txt"
    gaps.write_bytes(text)
    words = ("--place", "gap", "--out", str(site / "o.csv"), "--ids", str(gaps))
    run(site, "make", "--count", "2", *words, fails=f"{gaps}:{fails}")
    assert not (site / "secret.txt").exists()


def test_a_file_of_ids_may_begin_with_a_byte_order_mark(site):
    """The mark is no part of the first id; a file that is not there is named without a number of the system."""
    gaps = site / "gaps.txt"
    gaps.write_bytes(b"\xef\xbb\xbf10482\r\n10771\r\n")
    told = made(site, "out.csv", "--ids", str(gaps), count=2)
    assert [one["id"] for one in told] == ["10482", "10771"]
    words = ("--place", "gap", "--out", str(site / "o.csv"), "--ids", str(site / "none"))
    run(site, "make", "--count", "1", *words, fails="none: cannot be read: No such file")


@pytest.mark.parametrize("pattern", [" ##", "## ", "a\n##", "#" * (MAX_ID + 1)])
def test_a_pattern_that_the_list_cannot_hold_is_refused(site, pattern):
    """A blank around it, a control character or one too long: record and list would name different ids."""
    words = ("--place", "gap", "--out", str(site / "o.csv"), "--id", pattern)
    run(site, "make", "--count", "1", *words, fails="id ")
    assert not (site / "secret.txt").exists()


@pytest.mark.parametrize("count", ["0", "1000001"])
def test_how_many_is_bounded(site, count):
    """None, and more than a million, end with 2."""
    words = ("--place", "gap", "--out", str(site / "o.csv"))
    assert "--count" in run(site, "make", "--count", count, *words, code=2)
