"""What is written of canaries: records that read back, and a secret list that only grows."""

from __future__ import annotations

import csv
import io
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.canaries.files import add_to_list, listed, records, write_records
from himaya.canaries.make import Canary, make
from himaya.config.canaries import MAX_ID, check_id, check_place, parse
from himaya.core.errors import InputError
from himaya.ledger.keys import Keys

KEYS = Keys(bytes(range(32)))
CANARIES = make(KEYS, 4, ["gap", "api"])
_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), max_size=20)
_ANY = st.builds(Canary, _TEXT, _TEXT, _TEXT, _TEXT)


@given(st.lists(_ANY, max_size=5))
def test_records_read_back(canaries):
    """Whatever an id holds, CSV and JSON lines give the same canaries back, in order."""
    wanted = [msgspec.to_builtins(one) for one in canaries]
    assert (
        list(csv.DictReader(io.StringIO(records(canaries, as_lines=False), newline=""))) == wanted
    )
    lines = records(canaries, as_lines=True).split("\n")
    assert [json.loads(line) for line in lines[:-1]] == wanted


def test_no_canaries_are_a_header_or_nothing():
    """CSV has its header still, JSON lines are empty."""
    assert records([], as_lines=False) == "id,given_name,family_name,canary\r\n"
    assert records([], as_lines=True) == ""


@pytest.mark.parametrize(
    ("name", "as_lines"), [("a.csv", False), ("a.jsonl", True), ("a.ndjson", True), ("a", False)]
)
def test_the_name_says_the_form(tmp_path, name, as_lines):
    """JSON lines where a name ends in .jsonl or .ndjson, else CSV; for its owner alone."""
    write_records(tmp_path / name, CANARIES)
    assert (tmp_path / name).read_bytes().decode() == records(CANARIES, as_lines=as_lines)
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


def test_records_never_replace_a_file(tmp_path):
    """A file that is there stays as it is; a directory that is not there is named."""
    (tmp_path / "a.csv").write_text("mine")
    with pytest.raises(InputError, match=r"a\.csv: is there already; name a new file"):
        write_records(tmp_path / "a.csv", CANARIES)
    assert (tmp_path / "a.csv").read_text() == "mine"
    with pytest.raises(InputError, match=r"none/a\.csv: cannot be written: No such file"):
        write_records(tmp_path / "none/a.csv", CANARIES)


def test_a_list_that_is_not_there_is_empty(tmp_path):
    """Nothing is listed yet; what is no file, and a line that is no canary, are named."""
    assert listed(tmp_path / "none", 9) == ("", {})
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        listed(tmp_path, 9)
    (tmp_path / "l").write_text("gap 1\ngap\n")
    with pytest.raises(InputError, match=r"/l:2: expected a place, blanks and an id"):
        listed(tmp_path / "l", 9)


def test_a_new_list_begins_with_a_line_from_the_key(tmp_path):
    """Its hash says nothing to whoever guesses ids: another key gives another list. No name is in it."""
    for name, key in (("one", KEYS), ("same", KEYS), ("other", Keys(bytes(32)))):
        assert add_to_list(tmp_path / name, CANARIES, 9, key) == 4
    text = (tmp_path / "one").read_text()
    assert text == (tmp_path / "same").read_text() != (tmp_path / "other").read_text()
    assert text.startswith("# Canaries: place and id. Secret")
    assert parse(text.encode(), 9) == {one.id: one.canary for one in CANARIES}
    assert not any(one.family_name in text for one in CANARIES)
    assert (tmp_path / "one").stat().st_mode & 0o777 == 0o600


def test_a_list_only_grows(tmp_path):
    """What an operator wrote stays to the letter, its last line ended where it was not; known ids are not repeated."""
    path = tmp_path / "l"
    path.write_bytes(b"\xef\xbb\xbf# mine\r\nold 17")
    assert add_to_list(path, CANARIES[:2], 9, KEYS) == 3
    assert add_to_list(path, CANARIES, 9, KEYS) == 5
    text = path.read_bytes().decode()
    assert text.startswith("# mine\r\nold 17\n")
    assert list(parse(text.encode(), 9).items()) == [
        ("17", "old"),
        *((one.id, one.canary) for one in CANARIES),
    ]


@pytest.mark.parametrize(
    ("canaries", "most", "said"),
    [
        ([Canary("17", "A", "B", "api")], 9, "an id stands in the list under another place"),
        (CANARIES, 4, r"more than 4 canaries \(canaries\.most\)"),
    ],
)
def test_a_list_stays_when_nothing_can_be_added(tmp_path, canaries, most, said):
    """An id under another place and one canary too many are refused with the file, which is left as it was."""
    path = tmp_path / "l"
    path.write_text("gap 17\n")
    with pytest.raises(InputError, match=said) as wrong:
        add_to_list(path, canaries, most, KEYS)
    assert str(path) in str(wrong.value)
    assert path.read_text() == "gap 17\n"


def test_a_list_that_cannot_be_written_is_named(tmp_path):
    """The directory is missing: one sentence with the file."""
    with pytest.raises(InputError, match=r"none/l: cannot be written: No such file"):
        add_to_list(tmp_path / "none/l", CANARIES, 9, KEYS)


@given(st.text(max_size=40), st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}", fullmatch=True))
def test_an_id_that_passes_comes_back_from_the_list(tmp_path_factory, subject, place):
    """Whatever `check_id` lets pass, however long, is in the list as it is in the records."""
    try:
        checked = check_id(subject * (1 + len(place) * 2))
    except InputError:
        return
    path = tmp_path_factory.getbasetemp() / "came back"
    path.unlink(missing_ok=True)
    add_to_list(path, [Canary(checked, "A", "B", check_place(place))], 9, KEYS)
    assert listed(path, 9)[1] == {checked: place}


def test_the_longest_id_fits_beside_the_longest_place(tmp_path):
    """An id of so many bytes is taken under a place of 40 letters, one byte more is not."""
    add_to_list(tmp_path / "l", [Canary("7" * MAX_ID, "A", "B", "p" * 40)], 9, KEYS)
    assert listed(tmp_path / "l", 9)[1] == {"7" * MAX_ID: "p" * 40}
    with pytest.raises(InputError, match=f"an id longer than {MAX_ID} bytes"):
        check_id("7" * (MAX_ID + 1))
    with pytest.raises(InputError, match="not empty"):
        check_id("")
