"""`docs/disclosures.md` says what `outcome` and `certainty` do, for every combination."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

from himaya.core.disclosure import certainty, outcome

DOCUMENT = Path(__file__).parents[2] / "docs" / "disclosures.md"
METHODS = ("GET", "POST", "PUT", "DELETE", "QUERY", "HEAD", "OPTIONS")
KINDS = ("profile", "listing", "lookup", "media")
STATUSES = (*range(100, 600), 999)


def table(first_column: str) -> list[list[str]]:
    """Return the numbered rows of the table whose second heading is `first_column`."""
    rows: list[list[str]] = []
    reading = False
    for line in DOCUMENT.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if cells[0] == "#":
            reading = cells[1] == first_column
        elif reading and re.fullmatch(r"\d+", cells[0]):
            rows.append(cells[1:])
        elif not line.startswith("|"):
            reading = False
    return rows


def fits(cell: str, value: str) -> bool:
    """Tell whether a cell covers a value: `any`, a list, or a range of statuses."""
    for word in cell.split(","):
        low, _, high = word.strip().partition("-")
        if word.strip() in {"any", value}:
            return True
        if high and low.isdigit() and value.isdigit() and int(low) <= int(value) <= int(high):
            return True
    return False


def first_row(rows: list[list[str]], values: tuple[str, ...]) -> tuple[int, str]:
    """Return the number and the verdict of the first row that fits all values."""
    for number, row in enumerate(rows, 1):
        if all(map(fits, row, values)):
            return number, row[len(values)]
    raise AssertionError(values)


def test_every_outcome_stands_in_the_document() -> None:
    """For every method, status, kind, size and end, the document and the function agree."""
    rows = table("method")
    used = set()
    for method, status, kind, sent, aborted in product(
        METHODS, STATUSES, KINDS, (-1, 0, 1), (False, True)
    ):
        values = (method, str(status), kind, str(sent), "yes" if aborted else "no")
        number, verdict = first_row(rows, values)
        used.add(number)
        assert outcome(method, status, kind, sent=sent, aborted=aborted) == verdict, values
    assert used == set(range(1, len(rows) + 1))


def test_every_certainty_stands_in_the_document() -> None:
    """For every way an exchange can end and be seen, the document and the function agree."""
    rows = table("ended")
    used = set()
    for settled, status, aborted, seen in product(
        (False, True), (200, 203, 206, 226), (False, True), (False, True)
    ):
        words = ["yes" if flag else "no" for flag in (settled, aborted, seen)]
        number, verdict = first_row(rows, (words[0], str(status), words[1], words[2]))
        used.add(number)
        found = certainty(status, people_seen=seen, aborted=aborted, settled=settled)
        assert found == verdict, (words, status)
    assert used == set(range(1, len(rows) + 1))
