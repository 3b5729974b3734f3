"""GraphQL texts as the fields they select, under their bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.config import OperationsConfig
from himaya.gate.operations.documents import (
    Documents,
    Field,
    TooMuchError,
    UnreadableError,
    digest_of,
    parse,
)

LIMITS = OperationsConfig()


def fields(text, limits=LIMITS):
    """Return the fields of the only operation of a text."""
    (operation,) = parse(text, limits.max_tokens, limits).operations.values()
    return operation.fields


def test_fields_have_the_name_of_the_schema_and_the_key_of_the_answer():
    """An alias is the key, never the name."""
    assert fields("{ a: person(id: 1) { b: id } person { id } }") == (
        Field("person", "a", (Field("id", "b"),)),
        Field("person", "person", (Field("id", "id"),)),
    )


def test_fields_asked_for_twice_are_one():
    """What a server merges is merged: the same key and name in several places, through fragments too."""
    text = "{ p { id } ...A ... { p { name } } } fragment A on Q { p { ...B } } fragment B on P { mail }"
    assert fields(text) == (
        Field("p", "p", (Field("id", "id"), Field("mail", "mail"), Field("name", "name"))),
    )


def test_one_key_for_two_fields_stays_two():
    """Two types may use one key for different fields: both are known."""
    found = fields("{ s { ... on A { x: mail } ... on B { x: site } } }")
    assert found == (Field("s", "s", (Field("mail", "x"), Field("site", "x"))),)


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "no", "{ a } { b }", "query A { a } query A { b }", "fragment F on Q { a }",
        "{ ...Nowhere }", "fragment F on Q { a } fragment F on Q { b } { ...F }", "type A { b: C }",
    ],
)  # fmt: skip
def test_what_no_server_would_run_cannot_be_told(text):
    """Broken, ambiguous, or without an operation."""
    with pytest.raises(UnreadableError):
        parse(text, 1000, LIMITS)


def test_a_fragment_in_itself_ends():
    """Fragments that contain themselves do not go on for ever: the depth or the server's rule ends them."""
    assert fields("{ ...F } fragment F on Q { a ...F }") == (Field("a", "a"),)
    with pytest.raises(TooMuchError) as problem:
        fields("{ ...F } fragment F on Q { a { ...F } }")
    assert problem.value.excess.what == "levels"


def test_fragments_cannot_multiply_past_the_bound():
    """Twenty small fragments, each asking twice for the next, would be a million fields."""
    parts = [f"fragment F{n} on Q {{ a {{ ...F{n + 1} }} b {{ ...F{n + 1} }} }}" for n in range(20)]
    text = "{ ...F0 } " + " ".join(parts) + " fragment F20 on Q { c }"
    with pytest.raises(TooMuchError) as problem:
        fields(text, OperationsConfig(max_depth=50))
    assert problem.value.excess.what == "fields"


def test_comments_and_long_texts_are_few_tokens():
    """What a person writes into a mutation is one token, however long; comments are none."""
    text = (
        '# a comment\nmutation { say(text: """'
        + "word " * 5000
        + '""", more: "'
        + "x " * 5000
        + '") }'
    )
    assert parse(text, 1000, LIMITS).tokens == 12


def test_memory_is_bounded_by_number_and_by_size():
    """Documents are forgotten past `documents`, the least recent first; persisted ones are not."""
    known = Documents(OperationsConfig(documents=2), {"mine": "{ mine }"})
    for name in "abc":
        known.read(f"{{ {name} }}", 1000)
    assert len(known) == 2
    with pytest.raises(UnreadableError):
        known.known(digest_of("{ a }"), 1000)
    assert known.known(digest_of("{ c }").upper(), 1000).operations[""].fields == (Field("c", "c"),)
    assert known.known("mine", 1000).operations[""].fields == (Field("mine", "mine"),)


def test_the_fields_of_all_documents_together_are_bounded(monkeypatch):
    """A few large documents make room for each other before there are `documents` of them."""
    monkeypatch.setattr("himaya.gate.operations.documents._REMEMBERED_FIELDS", 50)
    known = Documents(LIMITS)
    for name in "abcdefgh":
        known.read("{" + " ".join(f"{name}{n}" for n in range(20)) + "}", 1000)
    assert len(known) == 2


names = st.sampled_from(["a", "b", "c", "person", "id"])
trees = st.recursive(
    st.lists(st.tuples(names, names, st.none()), min_size=1, max_size=3),
    lambda inner: st.lists(st.tuples(names, names, inner), min_size=1, max_size=3),
    max_leaves=12,
)


def written(tree):
    """Return a selection as text."""
    parts = (f"{key}: {name} {written(inner) if inner else ''}" for key, name, inner in tree)
    return "{ " + " ".join(parts) + " }"


def paths(tree, head=()):
    """Return every (key, name) path of a selection."""
    for key, name, inner in tree:
        here = (*head, (key, name))
        yield here
        yield from paths(inner or (), here)


def known_paths(found, head=()):
    """Return the same of parsed fields."""
    for field in found:
        here = (*head, (field.key, field.name))
        yield here
        yield from known_paths(field.inside, here)


@given(trees)
def test_no_selected_field_is_lost_and_none_is_added(tree):
    """Whatever is selected under whatever key is known by name and key, merged or not."""
    assert {*known_paths(fields(written(tree)))} == {*paths(tree)}


@given(st.text(alphabet="{}()[]:!$@.\"'\\#abq \n\u00e9\ud800", max_size=60) | st.text(max_size=40))
def test_any_text_is_parsed_or_refused(text):
    """No text raises anything else."""
    try:
        parse(text, 1000, LIMITS)
    except (UnreadableError, TooMuchError):
        return
