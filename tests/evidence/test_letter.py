"""Letters to people, as text and as a page."""

from __future__ import annotations

import pytest
from tests.evidence.test_page import HOSTILE, Reader

from himaya.evidence.letter import MOST_ROWS, Letter, Section, Table, page_of, table_of, text_of


def _letter(text: str) -> Letter:
    table = Table(text, ("Field", text, "Times"), [(text, text, "3"), (text, "", "4")])
    return Letter("access", text, [("About", text)], [Section(text, [text], [text], table)])


@pytest.mark.parametrize("text", HOSTILE)
def test_foreign_names_stay_text_in_a_letter(text):
    """Whatever a name holds, the page has the same elements, and nothing that steers a terminal is in the text."""
    plain, found = Reader(page_of(_letter("x"))), Reader(page_of(_letter(text)))
    assert [tag for tag, _ in found.elements] == [tag for tag, _ in plain.elements]
    assert all(c.isprintable() or c == "\n" for c in text_of(_letter(text)))


def test_a_letter_loads_nothing():
    """The page has no address, script or link in it."""
    found = Reader(page_of(_letter("x")))
    assert not {"script", "link", "img", "a", "iframe", "form"} & {tag for tag, _ in found.elements}
    assert "http://" not in page_of(_letter("x")).replace("http://www.w3.org", "")


def test_a_letter_is_lines_of_text():
    """The text has every part, lines of 78 characters at most, and leaves empty cells out."""
    said = text_of(_letter("word " * 40))
    assert max(map(len, said.splitlines())) <= 78
    assert said.count("Times: 3") == said.count("Times: 4") == 1
    short = text_of(_letter("x"))
    assert short == ("x\n\nAbout: x\n\nX\n\nx\n- x\nx\n- x\n  x: x; Times: 3\n- x\n  Times: 4\n")


def test_a_letter_has_an_end():
    """Of a table with more rows than a page can hold the first are there, and how many there are."""
    rows = [(str(n), "x") for n in range(MOST_ROWS + 7)]
    cut = table_of("All.", ("Recipient", "Times"), rows)
    assert (len(cut.rows), cut.caption) == (
        1000,
        "All. The first 1,000 of 1,007; the JSON has all.",
    )
    assert table_of("All.", ("Recipient", "Times"), rows[:1000]).caption == "All."
