"""The texts of notices: four languages of the same keys and braces, further ones from files, each mistake named."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.core.errors import InputError
from himaya.response.notices.contents import Sources
from himaya.response.notices.facts import AuthorityNeeds, NoticeFacts, Recipient
from himaya.response.notices.people import people_document
from himaya.response.notices.texts import _OURS, Library, forbidden, read_texts
from himaya.response.rendering import html_of, text_of

LANGUAGES = ["ar", "en", "es", "fr"]
ENGLISH = (_OURS / "en.toml").read_text()
#: Items of every list in the table of laws.
ITEMS = set(tomllib.loads(ENGLISH)["contents"])


def test_four_languages_come_with_himaya():
    """English, French, Arabic and Spanish are there, and Arabic runs from right to left."""
    library = Library()
    assert library.languages == LANGUAGES
    assert [library.texts(one).direction for one in LANGUAGES] == ["rtl", "ltr", "ltr", "ltr"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_says_that_nobody_reviewed_it(language):
    """Ours are drafts, and each notice says so in its own language; a reviewed one names who and when."""
    texts = Library().texts(language)
    assert texts.status == "draft"
    assert texts.status_mark() == texts.fill(texts.marks["text_draft"], language=language)
    assert not [line for text in texts.people.values() for line in forbidden(str(text))]


def test_a_reviewed_text_names_who(tmp_path):
    """A file of the site with a review replaces ours, and says by whom and when."""
    text = ENGLISH.replace('status = "draft"', 'status = "reviewed"').replace(
        'reviewed_by = ""', 'reviewed_by = "R. Viewer"'
    )
    (tmp_path / "en.toml").write_text(
        text.replace('reviewed_on = ""', 'reviewed_on = "2026-11-01"')
    )
    library = Library(str(tmp_path))
    assert (
        library.texts("en").status_mark()
        == "This text (en) was reviewed by R. Viewer on 2026-11-01"
    )


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('hello = "Hello,"\n', "", "people.hello: is missing"),
        (
            'hello = "Hello,"\n',
            'hello = "Hello,"\nmore_hello = "x"\n',
            "people.more_hello: is not used",
        ),
        ("{name},", "{nobody},", "people.hello_name: has to have these braces"),
        ('status = "draft" ', 'status = "reviewed" ', "needs reviewed_by and reviewed_on"),
        ('language = "en"', 'language = "../x"', "is no language tag"),
        ('direction = "ltr"', 'direction = "up"', "cannot be used as texts"),
        ('hello = "Hello,"', 'hello = "You Must read this"', "a notice does not say 'you must'"),
        ("[marks]", "[marks", "cannot be used as texts"),
        pytest.param("[marks]", "marks = " + "[" * 5000, "cannot be used as texts", id="deep"),
    ],
)
def test_mistakes_in_a_file_are_named(tmp_path, before, after, said):
    """A file with a missing key, an unknown one, other braces or forbidden words is refused by file and key."""
    assert before in ENGLISH
    path = tmp_path / "xx.toml"
    path.write_text(ENGLISH.replace(before, after, 1))
    with pytest.raises(InputError, match=r"xx\.toml") as problem:
        read_texts(path)
    assert said in str(problem.value)


def test_a_further_language(tmp_path):
    """A site adds a language by one file, with words for fields of its own."""
    text = ENGLISH.replace('language = "en"', 'language = "de"').replace(
        "[fields]", '[fields]\nshoe = "Schuh"'
    )
    (tmp_path / "de.toml").write_text(text)
    library = Library(str(tmp_path))
    assert library.languages == ["ar", "de", "en", "es", "fr"]
    assert library.texts("de").field("shoe") == "Schuh"
    assert library.texts("en").field("shoe") == "shoe"


FACTS = NoticeFacts(organisation="Example", contact="office@people.example", case="c-1", people=2,
                    first="2026-01-01", last="2026-01-02")  # fmt: skip
NEEDS = AuthorityNeeds(regime="es", authority="A", url="https://a.example")


def notice(name: str, language: str, field: str = "email"):
    """Return a notice to somebody of that name."""
    made_of = Sources(Library().texts(language), FACTS, NEEDS, {}, "ES")
    person = Recipient(1, "u1", (field,), "2026-01-01", "2026-01-02", name=name)
    return people_document(made_of, person, released=True)


@given(
    name=st.text(max_size=200),
    field=st.text(min_size=1, max_size=40),
    language=st.sampled_from(LANGUAGES),
)
def test_no_name_can_inject_anything(name, field, language):
    """Whatever somebody is called, the page has the same elements, and no character that steers or reorders."""
    page, plain = html_of(notice(name, language, field)), text_of(notice(name, language, field))
    usual = html_of(notice("Anna" if name else "", language, "x"))
    assert page.count("<") == usual.count("<")
    assert page.count(">") == usual.count(">")
    for steering in "\u202a\u202b\u202d\u202e\u2066\u2067\x1b\x00":
        assert steering not in page + plain
    for text in (page, plain):
        assert text.count("\u2068") == text.count("\u2069")


def test_a_hostile_name():
    """Script, an attribute's end and a template's braces in a name are shown as they are."""
    hostile = '"><script>alert(1)</script>{{ 7*7 }}{name}\u202eevil'
    page = html_of(notice(hostile, "en"))
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7*7 }}{name}\\u202eevil" in page
