"""Where people live: files, the command of the site, facts; unknown stays unknown."""

from __future__ import annotations

import json
import sys
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.core.errors import InputError, ServiceError
from himaya.core.facts import SubjectFact
from himaya.facts_store import FactsStore
from himaya.response.notices.recipients import read_contacts
from himaya.response.people.countries import ASSIGNED, country_of
from himaya.response.people.residence import (
    MAX_LINE,
    Found,
    file_source,
    read_residence,
    residence_of,
)
from himaya.response.people.residence_asked import command_source, read_answers
from himaya.response.people.residence_facts import facts_source

CODES = st.sampled_from(["ES", "CA-QC", "US-CA", "XK", ""])
NAMES = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), min_size=1)


def read(text: str | bytes, *people: str) -> Found:
    """Read a file of this text about these people."""
    data = text.encode() if isinstance(text, str) else text
    return read_residence(data.splitlines(keepends=True), people, "r.csv")


def refused(text: str | bytes, *people: str) -> str:
    """Return why a file is refused."""
    with pytest.raises(InputError) as problem:
        read(text, *people)
    return str(problem.value)


@given(st.dictionaries(NAMES, CODES, max_size=20), st.booleans())
def test_a_file_is_read_back_as_it_was_written(told, as_json):
    """Whatever the names, CSV and JSON lines say of each person what was written."""
    if as_json:
        lines = [json.dumps({"subject": one, "country": code}) for one, code in told.items()]
        # Without a line the form cannot be told; then it is CSV.
        lines = lines or ["subject,country"]
    else:
        quoted = {one: '"' + one.replace('"', '""') + '"' for one in told}
        lines = ["subject,country", *(f"{quoted[one]},{code}" for one, code in told.items())]
    data = [f"{line}\n".encode() for line in lines]
    assert read_residence(data, told, "r").countries == told


@given(st.binary(max_size=200))
def test_no_bytes_are_anything_but_an_answer_or_an_error_with_a_line(data):
    """Whatever a file holds, it is read, or refused with its name and a line."""
    found: Found | InputError
    try:
        found = read(data, "a")
    except InputError as problem:
        found = problem
    assert isinstance(found, Found) or (found.file == "r.csv" and found.line > 0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,land\n", "r.csv:1: expected the header subject,country"),
        ("subject,country\na\n", "r.csv:2: expected subject,country, got 1 cells"),
        ("subject,country\n\na,es\n", "r.csv:3: 'es' is no country"),
        ("subject,country\na,UK\n", "write GB"),
        ("subject,country\na,ZZ\n", "'ZZ' is no country"),
        ("subject,country\n,ES\n", "r.csv:2: names nobody"),
        ('subject,country\n"a,ES\n', "r.csv:2: is no CSV"),
        ('{"subject": "a"}\n', "r.csv:1: is not"),
        ('{"subject": "a", "country": "ES", "x": 1}\n', "r.csv:1: is not"),
        (b"subject,country\n\xff,ES\n", "r.csv:2: is no UTF-8 text"),
        ("subject,country\n" + "a" * MAX_LINE + ",ES\n", "r.csv:2: is longer than"),
    ],
)
def test_a_malformed_line_is_named(text, said):
    """Every mistake names the file and the line, and says what was expected; also one about somebody else."""
    assert said in refused(text, "nobody else")


def test_duplicates_that_agree_are_counted_and_others_are_errors():
    """A person who stands there twice is one person; two countries for one person are an error with both lines."""
    assert read("subject,country\na,ES\na,ES\nb,FR\n", "a", "b").again == 1
    said = refused("subject,country\na,ES\nb,FR\na,FR\n", "a")
    assert said.startswith("r.csv:4:")
    assert "line 2 says ES" in said


def test_nothing_is_kept_of_people_who_are_not_asked_for():
    """A file of everybody costs memory only for the people of the case."""
    lines = (f"p{n},ES\n".encode() for n in range(20_000))
    found = read_residence([b"subject,country\n", *lines], ["p7"], "r")
    assert found.countries == {"p7": "ES"}


def test_a_byte_order_mark_and_windows_line_ends_are_read():
    """A file that a spreadsheet wrote is read."""
    assert read(b"\xef\xbb\xbfsubject,country\r\na,ES\r\n", "a").countries == {"a": "ES"}


def test_countries_are_those_of_iso_3166():
    """There are 249 officially assigned codes, and XK; a part of a country follows after a dash."""
    assert len(ASSIGNED) == 250
    assert country_of(" CA-QC ") == "CA-QC"
    with pytest.raises(InputError, match="no country"):
        country_of("CA-quebec")


def test_sources_are_asked_in_order_and_only_for_the_rest():
    """What the first source knows the second is not asked; whom none knows is unknown, and nobody is lost."""
    asked = []

    def source(**known):
        def answer(people):
            asked.append(sorted(people))
            return Found({one: known[one] for one in people if one in known})

        return answer

    sources = [("file", source(a="ES", b="")), ("command", source(a="FR", b="MA"))]
    told = residence_of(["a", "b", "c"], sources)
    assert told.countries == {"a": "ES", "b": "MA", "c": ""}
    assert told.sources == {"file": 1, "command": 1}
    assert asked == [["a", "b", "c"], ["b", "c"]]


def test_facts_say_where_people_live_and_a_wrong_one_is_an_error(tmp_path):
    """The application's facts are a source; a country that is none names the fact, and nobody is dropped."""
    with FactsStore(tmp_path / "f") as store:
        store.put([SubjectFact("a", country="MA"), SubjectFact("b")])
    source = facts_source(tmp_path / "f")
    assert source(["a", "b", "c"]).countries == {"a": "MA", "b": "", "c": ""}
    assert facts_source(tmp_path / "none")(["a"]).countries == {}
    with FactsStore(tmp_path / "f") as store:
        store.put([SubjectFact("b", country="Maroc")])
    with pytest.raises(InputError, match=r"fact about 'b'.*'Maroc' is no country"):
        source(["b"])


def script(tmp_path: Path, text: str) -> list[str]:
    """Return the words that run a Python program."""
    path = tmp_path / "ask.py"
    path.write_text(f"import sys, time\n{text}\n")
    return [sys.executable, str(path)]


def test_a_command_is_asked_with_ids_on_its_input(tmp_path):
    """The command reads an id a line and answers with the country after a tab; who it leaves out is not known."""
    words = script(tmp_path, "for l in sys.stdin: l.strip() == 'a b' and print('a b\\tES')")
    assert command_source(words, 60)(["a b", "c", "x\ty"]).countries == {"a b": "ES"}
    assert command_source(words, 60)(["x\ty"]).countries == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sys.exit(3)", "ended with 3"),
        ("print('b\\tES')", "line 1 of its answer is not one of the ids"),
        ("print('a ES')", "line 1 of its answer is not one of the ids"),
        ("print('a\\tES\\na\\tFR')", "line 2 of its answer contradicts"),
        ("sys.stdout.buffer.write(b'\\xff\\n')", "no UTF-8"),
        ("while True: print('a\\tES')", "more than"),
    ],
)
def test_a_command_that_fails_is_an_error(tmp_path, text, said):
    """Whatever a command does wrong ends the count with a message; nobody is dropped or guessed."""
    with pytest.raises(ServiceError, match=said):
        command_source(script(tmp_path, text), 60)(["a"])


def test_a_command_that_does_not_end_is_ended_with_its_children(tmp_path):
    """A command has its time; then it is stopped, and the error says so."""
    began = time.monotonic()
    with pytest.raises(ServiceError, match=r"did not end within 0\.5 s"):
        command_source(["sh", "-c", "sleep 60 & sleep 60"], 0.5)(["a"])
    assert time.monotonic() - began < 30
    with pytest.raises(ServiceError, match="cannot be run"):
        command_source([str(tmp_path / "none")], 1)(["a"])


def test_a_country_that_is_none_is_an_error_of_the_command():
    """A malformed country in an answer names the command and the line."""
    with pytest.raises(InputError, match="the command:1: 'spain' is no country"):
        read_answers(b"a\tspain\n", ["a"], "the command")


def test_a_line_without_end_is_not_read_whole(tmp_path):
    """A file that is one line is refused at its bound; in memory there is never more than that."""
    homes, contacts = tmp_path / "r.csv", tmp_path / "c.csv"
    homes.write_bytes(b"subject,country\n" + b"a" * (20 << 20))
    contacts.write_bytes(b"subject,email,language,name\n" + b"a" * (20 << 20))
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match="is longer than"):
            file_source(homes)(["anna"])
        with pytest.raises(InputError, match="a line has more than"):
            read_contacts(str(contacts), ["anna"])
        assert tracemalloc.get_traced_memory()[1] < 5 << 20
    finally:
        tracemalloc.stop()
