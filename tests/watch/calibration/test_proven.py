"""Who is proven honest: one account a line, with how and when; anything else is named with file and line."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.core.errors import InputError
from himaya.watch.calibration import proven as p

NOW = datetime(2026, 6, 1, tzinfo=UTC).timestamp()


def read(tmp_path, text: str | bytes):
    file = tmp_path / "proven.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return p.read_proven(file, NOW)


def test_rows_and_json_lines_say_the_same(tmp_path):
    """A table with or without a head, quoted cells, JSON lines, and API keys."""
    found = read(
        tmp_path,
        "account,how,proven\n"
        "u1,appeal,2026-03-01\n\n"
        '"u,2", Payment ,2026-03-01T12:00:00Z\n'
        '{"account": "u3", "how": "video call with Jane", "proven": "2026-03-02"}\n'
        '{"key": "k1", "how": "staff", "proven": "2026-03-02"}\n',
    )
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()
    assert found["account:u1"] == p.Proof("appeal", noon - 43200, 2)
    assert found["account:u,2"] == p.Proof("payment", noon, 4)
    assert found["key:k1"].how == "staff"
    assert p.counted(found.values()) == {"appeal": 1, "payment": 1, "staff": 1, "other": 1}


def test_a_table_that_a_spreadsheet_saved_is_read(tmp_path):
    """The mark that some programs put at the beginning of a file is no part of the head; lines may end in CR LF."""
    found = read(tmp_path, "\ufeffaccount,how,proven\r\nu1,appeal,2026-03-01\r\n")
    assert list(found) == ["account:u1"]


def test_of_several_proofs_the_latest_counts(tmp_path):
    """An account is one account, vouched for up to its last proof, in whatever order they stand."""
    found = read(tmp_path, "u1,appeal,2026-04-01\nu1,age,2026-05-01\nu1,staff,2026-03-01\n")
    assert [(proof.how, proof.line) for proof in found.values()] == [("age", 2)]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("u1", "expected account,how,proven"),
        ("u1,appeal", "got 2 of 3"),
        ("u1,,2026-03-01", "how: empty"),
        (",appeal,2026-03-01", "names no account"),
        ("u1,appeal,yesterday", "proven: 'yesterday' is no time"),
        ("u1,appeal,2026-06-02", "in the future"),
        ('{"account": "u1", "how": "appeal"}', "missing required field `proven`"),
        ('{"account": "u1", "key": "k", "how": "appeal", "proven": "2026-03-01"}', "one of"),
        ('{"account": "u1", "how"', "not a proven account"),
        ('{"account": "u1", "how": "x", "proven": "2026-03-01", "cohort": "blind"}', "cohort"),
        ('{"account": "u1", "how": "x", "proven": "2026-03-01", "age_group": "65+"}', "age_group"),
        ("u1,appeal,2026-03-01,disabled", "got 4 of 3"),
    ],
)
def test_a_line_that_proves_nothing_is_named(tmp_path, line, why):
    """The mistake, the file and the line are told; a column that would sort people by a trait is one."""
    with pytest.raises(InputError, match=r"proven\.csv:2: ") as told:
        read(tmp_path, f"u0,appeal,2026-03-01\n{line}\n")
    assert why in str(told.value)


def test_what_cannot_be_read_is_said(tmp_path):
    """A missing file, bytes that are no text, and a line without an end."""
    with pytest.raises(InputError, match="cannot be read"):
        p.read_proven(tmp_path / "none.csv", NOW)
    with pytest.raises(InputError, match=r":1: not UTF-8"):
        read(tmp_path, b"\xff\xfe,appeal,2026-03-01")
    with pytest.raises(InputError, match="longer than"):
        read(tmp_path, "u" * (p.MAX_LINE + 1))


def test_a_file_has_at_most_so_many_accounts(tmp_path, monkeypatch):
    """Past the bound the line is named; the same accounts again are no more accounts."""
    monkeypatch.setattr(p, "MAX_ACCOUNTS", 3)
    rows = "".join(f"u{n},appeal,2026-03-01\n" for n in range(3))
    assert len(read(tmp_path, rows + rows)) == 3
    with pytest.raises(InputError, match=r":4: more than 3 accounts"):
        read(tmp_path, rows + "u3,appeal,2026-03-01\n")


@given(st.binary(max_size=200))
def test_any_bytes_are_proofs_or_an_error_with_its_place(tmp_path_factory, data):
    """Whatever a file holds, reading it ends with proofs or with an InputError."""
    file = tmp_path_factory.mktemp("p") / "proven.csv"
    file.write_bytes(data)
    try:
        found = p.read_proven(file, NOW)
    except InputError as told:
        found, place = {}, told.line
    else:
        place = 1
    assert place
    assert all(name.startswith(("account:", "key:")) for name in found)
