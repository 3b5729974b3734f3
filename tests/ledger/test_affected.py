"""`himaya who` for a case, a group or a list of actors, and the files it writes."""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.making import DAY, NOON, disclosed, disclosures, half_sealed, write

from himaya import cli
from himaya.analysis.cases import CaseStore, cases_path
from himaya.analysis.groups.group import Group
from himaya.core.errors import HimayaError
from himaya.ledger.affected import affected, named
from himaya.ledger.reader import Reader
from himaya.ledger.schema import Kind, bounded, micros

FILES = (
    "--purpose",
    "letters to the people",
    "--holder",
    "the people office",
    "--until",
    "2099-01-01",
)


def _run(*words: object, code: int = 0) -> str:
    """Run `himaya`; return standard output, or the message when it ends with an error of its own."""
    done = CliRunner().invoke(cli.group, [str(word) for word in words])
    if isinstance(done.exception, HimayaError):
        assert code == 2, done.exception
        return str(done.exception)
    assert done.exit_code == code, done.output
    return done.stdout


@pytest.fixture(name="ledger")
def _ledger(tmp_path: Path) -> Path:
    """Two members of a case saw anna, ben and cy; an honest account saw dora. Ben's mail is for members."""
    write(
        tmp_path / "l",
        disclosed(NOON, "m1", "anna", "ben", group="g-1", scope="public"),
        disclosed(NOON + 60, "m2", "ben", fields=("name", "email"), scope="members"),
        disclosed(NOON + 120, "m2", "cy", scope="public"),
        disclosed(NOON, "honest", "dora"),
    )
    with Reader.open(tmp_path / "l") as reader, CaseStore(cases_path(tmp_path / "l")) as store:
        m1, m2 = (reader.identities.find(Kind.ACTOR, f"account:{one}") for one in ("m1", "m2"))
        store.put(Group("g-1", NOON, NOON, members={m1: None, m2: None}, proven={m1: None}), NOON)
    return tmp_path / "l"


def _ask(ledger: Path, *about: object) -> dict:
    return json.loads(_run("who", "--ledger", ledger, *about, "--why", "t", "--json"))


def _people(answer: dict) -> list[str]:
    return [one["subject"] for one in answer["subjects"]]


def test_a_case_is_all_its_members_together(ledger: Path):
    """`who --case` names everybody any member was shown, once, with that person's own fields and dates."""
    answer = _ask(ledger, "--case", "g-1")
    assert (answer["people"], answer["actors"], _people(answer)) == (3, 2, ["anna", "ben", "cy"])
    assert answer["subjects"][1] == {
        "subject": "ben",
        "fields": ["email", "name"],
        "first": "2025-06-15T12:00:00Z",
        "last": "2025-06-15T12:01:00Z",
        "times": 2,
        "certainty": "served",
    }
    assert _people(_ask(ledger, "--case", "g-1", "--proven")) == ["anna", "ben"]


def test_restricted_fields_are_listed_apart(ledger: Path):
    """What a scope other than public was shown of is apart: by scope, and per person with these fields alone."""
    answer = _ask(ledger, "--case", "g-1")
    assert [(one["scope"], one["people"], one["fields"]) for one in answer["scopes"]] == [
        ("members", 1, ["email", "name"]),
        ("public", 3, ["name"]),
    ]
    (kept,) = answer["restricted"]
    assert (kept["subject"], kept["times"], kept["first"]) == ("ben", 1, "2025-06-15T12:01:00Z")
    words = _run("who", "--ledger", ledger, "--case", "g-1", "--why", "t")
    assert "Of 1 person, fields were shown that not everybody may see" in words


def test_a_group_is_what_was_charged_to_it(ledger: Path):
    """`who --group` names whom rows show that were charged to the group's budget."""
    assert _people(_ask(ledger, "--group", "g-1")) == ["anna", "ben"]
    assert _people(_ask(ledger, "--group", "g-2")) == []


def test_actors_come_from_a_file(ledger: Path, tmp_path: Path):
    """`who --actors` takes names of any facet, one a line; those that nobody knows are counted."""
    names = tmp_path / "names"
    names.write_text("# found by hand\naccount:m2\n\naccount:nobody\nprefix:198.51.100.0/24\n")
    answer = _ask(ledger, "--actors", names)
    assert (_people(answer), answer["actors"], answer["unknown"]) == (["ben", "cy"], 3, 2)
    names.write_text("m2\n")
    said = _run("who", "--ledger", ledger, "--actors", names, "--why", "t", code=2)
    assert "account:NAME" in said
    names.write_bytes(b"\xff\n")
    said = _run("who", "--ledger", ledger, "--actors", names, "--why", "t", code=2)
    assert "is no UTF-8 text" in said


def test_erased_people_are_counted_in_a_case(ledger: Path):
    """Whoever was forgotten is counted and not named."""
    _run("forget", "--ledger", ledger, "--subject", "ben", "--why", "art. 17")
    answer = _ask(ledger, "--case", "g-1")
    assert (answer["people"], answer["erased"], _people(answer)) == (3, 1, ["anna", "cy"])
    assert answer["restricted"] == []


def test_a_case_is_recorded_by_its_name(ledger: Path):
    """The access log says which case was asked for and how many actors that were."""
    _ask(ledger, "--case", "g-1")
    entries = json.loads(_run("ledger", "log", "--ledger", ledger, "--json"))["entries"]
    (use,) = [entry for entry in entries if entry["kind"] == "access"]
    assert use["why"] == "t (the members of case g-1 (suspected), 2 actors)"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--case", "g-9"), "there is no case g-9"),
        (("--case", "g-1", "--group", "g-1"), "name either"),
        (("--actor", "account:m1", "--proven"), "--proven goes with --case"),
        (("--case", "g-1", "--beside"), "--beside goes with --actor"),
        (("--subject", "anna", "--csv", "--output", "f"), "files are lists of people"),
        (("--case", "g-1", "--output", "f", *FILES), "--json or --csv"),
        (("--case", "g-1", "--salt-file", "s"), "--salt-file goes with --salted"),
        (("--case", "g-1", "--parquet", "f", "--salted", "f", *FILES), "are the same"),
        (("--case", "g-1", "--parquet", "f"), "--purpose is empty"),
        (("--case", "g-1", "--parquet", "f", *FILES[:2]), "--holder is empty"),
        (("--case", "g-1", "--parquet", "f", *FILES[:4]), "--until is missing"),
        (("--case", "g-1", "--parquet", "f", *FILES[:5], "2020-01-01"), "is over already"),
        (("--case", "g-1", "--parquet", "/dev/null", *FILES), "is no plain file"),
    ],
)
def test_what_cannot_be_asked_is_said(ledger: Path, words, says, tmp_path, monkeypatch):
    """A question or a file that cannot be is refused in one sentence."""
    monkeypatch.chdir(tmp_path)
    assert says in _run("who", "--ledger", ledger, *words, "--why", "t", code=2)
    assert not (tmp_path / "f").exists()


def test_a_file_replaces_the_question_on_screen(ledger: Path, tmp_path: Path):
    """`--output` writes what would be printed, for its owner alone; the access log says what it is for."""
    out = tmp_path / "list.csv"
    out.write_text("old")
    out.chmod(0o644)
    words = ("who", "--ledger", ledger, "--case", "g-1", "--why", "t", "--csv", "--output", out)
    assert _run(*words, *FILES) == ""
    rows = list(csv.DictReader(io.StringIO(out.read_text())))
    assert [(row["subject"], row["restricted"]) for row in rows] == [
        ("anna", ""),
        ("ben", "email name"),
        ("cy", ""),
    ]
    assert out.stat().st_mode & 0o777 == 0o600
    entries = json.loads(_run("ledger", "log", "--ledger", ledger, "--json"))["entries"]
    use = [entry for entry in entries if entry["kind"] == "access"][-1]
    assert use["command"] == "export"
    assert "list.csv for the people office until 2099-01-02" in use["why"]
    assert "letters to the people" in use["why"]


def test_a_parquet_file_has_proper_types(ledger: Path, tmp_path: Path):
    """`--parquet` holds lists, timestamps in UTC and whole numbers, the same as the answer."""
    out = tmp_path / "people.parquet"
    said = _run("who", "--ledger", ledger, "--case", "g-1", "--why", "t", "--parquet", out, *FILES)
    assert "anna" not in said
    table = pq.read_table(out)
    assert [str(field.type) for field in table.schema] == [
        *("string", "list<element: string>", "list<element: string>"),
        *("timestamp[us, tz=UTC]", "timestamp[us, tz=UTC]", "int64", "string"),
    ]
    ben = table.to_pylist()[1]
    assert (ben["subject"], ben["fields"], ben["restricted"]) == (
        "ben",
        ["email", "name"],
        ["email", "name"],
    )
    assert ben["last"] == datetime(2025, 6, 15, 12, 1, tzinfo=UTC)
    assert out.stat().st_mode & 0o777 == 0o600
    _run("who", "--ledger", ledger, "--actor", "account:m2", "--why", "t", "--parquet", out, *FILES)
    assert pq.read_table(out)["subject"].to_pylist() == ["ben", "cy"]


def test_hashes_match_for_whoever_has_the_salt(ledger: Path, tmp_path: Path):
    """`--salted` names nobody; with the salt a list of one's own is matched; each new salt gives new hashes."""
    out, salt = tmp_path / "hashes.csv", tmp_path / "hashes.csv.salt"
    words = ("who", "--ledger", ledger, "--case", "g-1", "--why", "t", "--salted", out, *FILES)
    _run(*words)
    first = out.read_text()
    assert not any(name in first for name in ("anna", "ben", "cy"))
    assert salt.stat().st_mode & 0o777 == out.stat().st_mode & 0o777 == 0o600
    key = bytes.fromhex(salt.read_text())
    mine = {
        hmac.new(key, name.encode(), hashlib.sha256).hexdigest(): name for name in ("ben", "zoe")
    }
    rows = list(csv.DictReader(io.StringIO(first)))
    assert [row["hash"] for row in rows] == sorted(row["hash"] for row in rows)
    assert [(mine[row["hash"]], row["fields"]) for row in rows if row["hash"] in mine] == [
        ("ben", "email name")
    ]
    _run(*words)
    assert out.read_text() == first
    salt.unlink()
    _run(*words)
    assert not {row["hash"] for row in rows} & {
        row.split(",")[0] for row in out.read_text().split()
    }


def test_a_salt_that_is_none_is_refused(ledger: Path, tmp_path: Path):
    """A salt that others may read, or that is no salt, writes no file."""
    salt, out = tmp_path / "salt", tmp_path / "hashes"
    words = ("who", "--ledger", ledger, "--case", "g-1", "--why", "t", "--salted", out)
    words = (*words, "--salt-file", salt, *FILES)
    salt.write_text("ab" * 32)
    salt.chmod(0o644)
    assert "others may read the salt" in _run(*words, code=2)
    salt.chmod(0o600)
    for text in ("ab" * 31, "x" * 64, ""):
        salt.write_text(text)
        assert "holds no salt" in _run(*words, code=2)
    assert not out.exists()


def test_a_full_disk_leaves_the_old_file(ledger: Path, tmp_path: Path, monkeypatch):
    """A file that cannot be written whole leaves what was there, and nothing beside it."""
    out = tmp_path / "people.parquet"
    out.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    from himaya.core.errors import ServiceError
    from himaya.ledger.handing_out import write_private

    with pytest.raises(ServiceError, match="No space left"):
        write_private(out, b"new")
    assert (out.read_text(), sorted(p.name for p in tmp_path.glob("*people*"))) == (
        "old",
        [out.name],
    )


@settings(max_examples=15)
@given(
    items=st.lists(disclosures, max_size=8),
    seal_at=st.integers(0, 8),
    period=st.tuples(st.floats(-3, 3), st.floats(-3, 3)),
    data=st.data(),
)
def test_the_union_equals_a_naive_count(tmp_path_factory, items, seal_at, period, data):
    """For any disclosures and any set of actors, whom they were shown together is what a count by hand says."""
    directory = tmp_path_factory.mktemp("ledger") / "l"
    start, end = (micros(NOON + days * DAY) for days in sorted(period))
    half_sealed(directory, items, seal_at).close()
    accounts = sorted({item.actor.account for item in items} - {""})
    asked = data.draw(st.lists(st.sampled_from(accounts), unique=True)) if accounts else []
    mine = [i for i in items if i.actor.account in asked and start <= micros(i.at) < end]
    with Reader.open(directory) as reader:
        about = named(reader, [f"account:{one}" for one in asked], "them")
        answer = affected(reader, about, start, end)
    wanted = {bounded(p.subject, 256) for item in mine for p in item.shown}
    assert {one.subject for one in answer.subjects} == wanted
    assert answer.people == len(wanted)
    assert sum(one.times for one in answer.subjects) == sum(len(item.shown) for item in mine)
    members = {bounded(p.subject, 256) for i in mine if i.scope == "members" for p in i.shown}
    assert {one.subject for one in answer.restricted} == members
