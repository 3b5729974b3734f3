"""The activated text and its hashes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from himaya.config import Config, loads
from himaya.core.policy import Budget

WORDS = st.text(max_size=20)
PEOPLE = st.one_of(st.integers(0, 10**6), st.floats(0, 10**6, allow_nan=False))
PAIRS = st.lists(st.tuples(WORDS, st.floats(0.01, 100)), max_size=3, unique_by=lambda p: p[0])


def quoted(word: str) -> str:
    """Return a TOML string of any text."""
    from himaya.config.canonical import toml_text

    return toml_text(word)


@st.composite
def files(draw: st.DrawFn) -> str:
    """Draw a valid file that sets texts, numbers, tables and lists to anything allowed."""
    hour, day = sorted([draw(PEOPLE), draw(PEOPLE)])
    fields = "\n".join(f"{quoted(name)} = {weight!r}" for name, weight in draw(PAIRS))
    return f"""
# {draw(st.sampled_from(["a comment", "another"]))}
[site]
name = {quoted(draw(WORDS))}
[budgets]
account = {{ day = {day!r}, hour = {hour!r} }}
[budgets.tier.{quoted(draw(WORDS))}]
session = {{}}
[[surface]]
route = "/u/{{subject}}"
id = "u"
scope = {quoted(draw(WORDS))}
[fields]
{fields}
"""


@given(files())
def test_the_activated_text_loads_to_the_same_policy(text: str) -> None:
    """An auditor who has the kept text can recompute the policy hash on any row."""
    config = loads(text)
    again = loads(config.canonical)
    assert again.policy() == config.policy()
    assert again.policy().hash() == config.policy().hash()
    assert (again.canonical, again.hash) == (config.canonical, config.hash)


def test_comments_and_order_do_not_change_the_hash() -> None:
    """Two files that say the same are one version."""
    one = loads('# why\nmode = "shadow"\n[site]\nname = "a"\npopulation = 5\n')
    two = loads('[site]\npopulation = 5\nname = "a"\n')
    assert one.hash == two.hash


def test_every_value_changes_the_hash() -> None:
    """A new limit, a new surface and a new owner are new versions; only policy changes its own hash."""
    base = loads("")
    limit = loads("[budgets]\naccount = { hour = 99, day = 300, month = 3000 }")
    owner = loads('[owner]\nname = "a"')
    assert len({base.hash, limit.hash, owner.hash}) == 3
    assert base.policy().hash() == owner.policy().hash() != limit.policy().hash()


def test_the_hash_does_not_depend_on_where_the_file_lies(tmp_path: object) -> None:
    """The same text on another machine has the same hash, though its paths differ."""
    from pathlib import Path

    assert loads("", directory=Path("/a")).hash == loads("", directory=Path("/b")).hash


def test_a_configuration_built_in_code_has_a_text_too() -> None:
    """`Config()` and an empty file say the same, and 100 is 100.0."""
    assert Config().canonical == loads("").canonical
    budget = loads("[budgets]\nkey = { hour = 5.0 }").budgets.key
    assert budget == Budget(hour=5)
