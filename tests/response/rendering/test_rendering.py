"""One document as text, HTML and PDF: the same words, accessible, safe, and nothing loaded from anywhere."""

from __future__ import annotations

import re
import zlib
from html.parser import HTMLParser

import pytest

from himaya.core.errors import ServiceError
from himaya.response.rendering import Document, Link, Part, Table, html_of, pdf, text_of, value

ROWS = (("name", "2026-01-01"), ("mail", "2026-01-02"))
DOCUMENT = Document(
    language="en",
    direction="ltr",
    title="A title",
    marks=("DRAFT: not released",),
    about=(("Case", value("c-1")),),
    opening=("Hello.",),
    parts=(
        Part("One", ("A sentence.",), ("a point", "another")),
        Part("Two", table=Table("What it shows", ("What", "Day"), ROWS)),
        Part("Four", blanks=("Name and role",)),
        Part("Five", table=Table("", ("What", "Day"), ROWS)),
        Part(
            "Three",
            links=(Link("Here", "https://a.example/x?y=1"), Link("Bad", "javascript:alert(1)")),
        ),
    ),
    foot=("The end.",),
)
ARABIC = Document(
    language="ar",
    direction="rtl",
    title="عنوان",
    parts=(Part("جزء", (f"من {value('Anna B')} هنا",)),),
)


class Tags(HTMLParser):
    """Collects elements and checks that they are closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open, self.seen, self.links = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag == "a":
            self.links.append(dict(attrs)["href"])
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_text_has_everything_within_78_characters():
    """Plain text holds every word, the marks at both ends, and no line is longer than a terminal."""
    text = text_of(DOCUMENT)
    for words in (
        "A title",
        "Case: c-1",
        "A sentence.",
        "- a point",
        "Day: 2026-01-02",
        "https://a.example/x?y=1",
        "Name and role: ____",
        "The end.",
    ):
        assert words in text
    assert text.count("DRAFT: not released") == 2
    assert max(map(len, text.splitlines())) <= 78


def test_html_is_whole_and_loads_nothing():
    """The page says its language and direction, its tables have headings, all is closed, and no address is loaded."""
    page = html_of(DOCUMENT)
    tags = Tags(page)
    assert tags.open == []
    assert ("html", {"lang": "en", "dir": "ltr"}) in tags.seen
    assert {attrs.get("scope") for tag, attrs in tags.seen if tag == "th"} == {"row", "col"}
    assert [tag for tag, _ in tags.seen if tag in {"script", "img", "link", "iframe"}] == []
    assert not re.search(r"(src|url\()\s*=?", page.partition("<body>")[2])


def test_paper_says_on_every_page_what_it_is():
    """The first mark and the first line of the foot go to every page of paper; a table may have no caption."""
    page = html_of(DOCUMENT)
    assert 'data-foot="The end."' in page
    for words in ("string(mark)", "string(foot)", "attr(data-foot)"):
        assert words in page
    assert page.count("<caption>") == 1
    assert '<p class="blank">Name and role:</p>' in page


def test_only_plain_addresses_become_links():
    """What is not http or https is written out and cannot be followed."""
    assert Tags(html_of(DOCUMENT)).links == ["https://a.example/x?y=1"]


def test_arabic_runs_from_right_to_left():
    """An Arabic page says so, and a Latin name in it stands between isolates, in text, too."""
    assert '<html lang="ar" dir="rtl">' in html_of(ARABIC)
    assert "\u2068Anna B\u2069" in html_of(ARABIC)
    assert "\u2068Anna B\u2069" in text_of(ARABIC)
    assert "\u2068" not in text_of(DOCUMENT)


@pytest.mark.system
def test_a_pdf_is_tagged_with_its_language_and_our_fonts():
    """The PDF is tagged for readers (PDF/UA), names title and language, and embeds the fonts that come with himaya."""
    made = pdf.pdf_of(ARABIC)
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", made, re.DOTALL)
    inside = made + b"".join(zlib.decompress(s) for s in streams if s[:1] == b"\x78")
    for words in (
        b"/StructTreeRoot",
        b"/MarkInfo",
        b"/Lang (ar)",
        b"pdfuaid:part",
        b"/FontFile",
        b"DejaVu",
    ):
        assert words in inside, words


def test_a_document_loads_nothing_from_anywhere():
    """Nothing but our own fonts is handed to the PDF, whatever a page would name."""
    for url in ("http://127.0.0.1/x", "file:///etc/passwd", "data:text/plain,x"):
        with pytest.raises(ValueError, match="loads nothing"):
            pdf._ours(url)


def test_without_weasyprint_one_sentence(monkeypatch):
    """Where the extra or Pango is missing, a PDF is refused in a sentence that says what to install."""
    monkeypatch.setitem(__import__("sys").modules, "weasyprint", None)
    with pytest.raises(ServiceError, match=r"install himaya\[pdf\] and the package libpango"):
        pdf.pdf_of(DOCUMENT)


def test_the_fonts_are_small_and_licensed():
    """The fonts have their licence beside them and are no burden for the repository."""
    fonts = list(pdf._FONTS.glob("*.ttf"))
    assert len(fonts) == 2
    assert sum(path.stat().st_size for path in fonts) < 1_500_000
    assert "Bitstream" in (pdf._FONTS / "LICENSE.txt").read_text()
