from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from himaya.ledger.schema import (
    COLUMNS,
    MAX_NAME,
    SCHEMA,
    bounded,
    iso,
    join_fields,
    micros,
    split_fields,
)


def test_columns_are_signed_or_text():
    """Every column is a signed integer or text, so that Spark reads the files."""
    assert {str(field.type) for field in SCHEMA} == {"int64", "int32", "int16", "string"}


def test_columns_are_documented(root: Path):
    """The table in the documentation has every column with its type, in the order of the files."""
    text = (root / "docs/ledger.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    found = [tuple(cell.strip() for cell in row.strip("|").split("|")) for row in rows]
    wanted = [(f"`{name}`", str(kind), about) for name, kind, about in COLUMNS]
    assert [row for row in found if row in wanted] == wanted


@given(st.text(st.characters(blacklist_categories=())), st.integers(40, MAX_NAME))
def test_text_is_bounded_and_can_be_stored(text: str, limit: int):
    """Whatever text comes, what is stored is UTF-8 and of bounded length."""
    stored = bounded(text, limit)
    assert len(stored.encode()) <= limit * 6
    assert bounded(text, limit) == stored


def test_long_names_stay_different():
    """Two long identities that begin alike never become one."""
    assert bounded("x" * 999 + "a") != bounded("x" * 999 + "b")


def test_fields_come_back():
    """Field names are kept sorted and whole, with commas inside them."""
    assert split_fields(join_fields(("name", "a,b", "name"))) == ["a,b", "name"]


def test_times_are_held_in_range():
    """Times of hostile logs never leave the years that can be written."""
    assert iso(micros(float("inf"))).startswith("9999-12-31")
    assert micros(float("nan")) == micros(-5.0) == 0
    assert iso(micros(1.5)) == "1970-01-01T00:00:01.500000Z"
