"""The page of a report."""

from __future__ import annotations

import re
import stat
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.evidence.samples import actor, data, hostile

from himaya.core.errors import ServiceError
from himaya.evidence.page import Rows, render, write_page

VOID = {"meta", "br", "link", "img", "input", "hr"}
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-' onmouseover=alert(1) x='",
    "</style><script>alert(1)</script>",
    "</title></svg><script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "\u202egnp.exe\u0000\x1b[31m\udcff",
]


class Reader(HTMLParser):
    """Collects elements, attributes and text, and checks that elements nest."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, text):
        self.text.append(text)

    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


@pytest.mark.parametrize("text", HOSTILE)
def test_foreign_names_stay_text(text):
    """No name from a log becomes an element, an attribute or a script of the page."""
    plain, hit = Reader(render(hostile("harmless"))), Reader(render(hostile(text)))
    assert [tag for tag, _ in hit.elements] == [tag for tag, _ in plain.elements]
    assert [sorted(a) for _, a in hit.elements] == [sorted(a) for _, a in plain.elements]
    assert hit.open == []


def test_hidden_characters_are_shown():
    """A name cannot hide, reorder or break text: such characters appear as their code."""
    page = render(hostile("a\u202eb\x00c\udcff"))
    assert "a\\u202eb\\x00c\\udcff" in page
    page.encode()


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=40))
def test_any_name_makes_a_page(text):
    """Whatever the names are, the page is well formed, encodes, and holds no script."""
    page = render(hostile(text))
    page.encode()
    reader = Reader(page)
    assert reader.open == []
    assert {tag for tag, _ in reader.elements} & {
        "script",
        "iframe",
        "img",
        "link",
        "object",
    } == set()


def test_nothing_is_loaded_from_anywhere():
    """The page has no address to load from, no script, and a policy that forbids both."""
    page = render(data())
    reader = Reader(page)
    found = [(tag, a) for tag, a in reader.elements if {"src", "srcset", "xlink:href"} & set(a)]
    assert found == []
    assert {a["href"] for tag, a in reader.elements if "href" in a} == {"#story"}
    assert not re.search(r"url\(|@import|https?:", page)
    assert "default-src 'none'" in page


def test_order_is_notices_story_plots_tables():
    """What must be said first stands first; then the story, the limits, the plots, the tables."""
    page = render(data())
    marks = [
        "Said first",
        "What happened",
        "What this report cannot say",
        "Without and with</h2>",
        "People obtained over time</h2>",
        "People per actor and day</h2>",
        "Actors with findings</h2>",
        "Groups</h2>",
        "Findings</h2>",
        "Surfaces</h2>",
        "Claimed crawlers</h2>",
        "Budgets</h2>",
        "Unobserved periods</h2>",
        "Malformed lines</h2>",
        "How long it is kept</h2>",
    ]
    places = [page.index(mark) for mark in marks]
    assert places == sorted(places)


def test_pictures_and_tables_are_named():
    """Every drawing has a name and a description, every table a caption and column headers."""
    reader = Reader(render(data()))
    drawings = [a for tag, a in reader.elements if tag == "svg" and a.get("role") == "img"]
    assert drawings
    assert all(a["aria-label"] for a in drawings)
    tags = [tag for tag, _ in reader.elements]
    assert tags.count("caption") == tags.count("table") > 5
    assert all(a.get("scope") == "col" for tag, a in reader.elements if tag == "th")


def test_it_never_claims_that_nobody_was_exposed():
    """No report says that somebody was not exposed or that data is safe."""
    for page in (render(data()), render(data(actors=(), people=0, disclosures=0, surfaces=()))):
        words = Reader(page).words().lower()
        assert "not exposed" not in words
        assert "safe" not in words


def test_an_empty_log_has_a_page():
    """A log in which nothing could be read still gives a page that says so."""
    nothing = data(
        start=None, end=None, lines=0, parsed=0, malformed=0, people=0, disclosures=0,
        unattributed=0, surfaces=(), actors=(), groups=(), crawlers=(), series=(), actor_days=(),
        malformed_rows=(), unobserved=(), tables=(), notices=(), budgets=(),
    )  # fmt: skip
    words = Reader(render(nothing)).words()
    assert "Nothing with a time could be read from access.log." in words
    assert "No route looks as if it showed people." in words


def test_tables_are_bounded_and_say_what_is_left_out():
    """More rows than a page shows are counted, not dropped in silence."""
    many = tuple(actor(f"account:u{i}") for i in range(30))
    words = Reader(render(data(actors=many), Rows(actors=10, findings=5))).words()
    assert "20 more actors are left out here" in words
    assert "25 more findings are left out here" in words
    assert "account:u10 " not in words.split("Actors with findings")[1].split("Groups")[0]


def test_long_names_are_cut_and_say_so():
    """A name of a million characters does not make a page of a million characters."""
    page = render(hostile("x" * 1_000_000))
    assert len(page) < 200_000
    assert "more characters)" in page


def test_the_file_is_the_owners_and_replaced_whole(tmp_path):
    """The file is readable by its owner alone; writing again replaces it and leaves nothing beside."""
    path = tmp_path / "report.html"
    write_page(data(), path)
    write_page(data(title="Second"), path)
    assert "<title>Second</title>" in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    """A report that cannot be written is an error that names the path and the reason."""
    with pytest.raises(ServiceError, match=r"missing/report\.html: No such file or directory"):
        write_page(data(), tmp_path / "missing" / "report.html")
