from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from himaya.core.exchange import Person
from himaya.core.rows import merged
from himaya.core.subjects import unite
from himaya.core.version import hash_of, normalised, parts, united, version_of, without

SECRET = b"s" * 32
_names = st.sampled_from(["headline", "company", "city"])


def test_values_that_look_alike_are_one_version():
    """Blanks, case and the way an accent is written make no other version; another person or field does."""
    one = hash_of(SECRET, "p1", "city", "Zürich  West")
    assert hash_of(SECRET, "p1", "city", " zu\u0308rich west\n") == one
    assert (
        len(
            {
                one,
                hash_of(SECRET, "p2", "city", "Zürich West"),
                hash_of(SECRET, "p1", "x", "Zürich West"),
            }
        )
        == 3
    )


@given(st.dictionaries(_names, st.text(max_size=30)))
def test_a_version_names_each_field_once(values):
    """What is kept are fields with 8 hex digits each, in one order, whatever the values are."""
    version = version_of(SECRET, "p1", values)
    assert parts(version) == {name: hash_of(SECRET, "p1", name, v) for name, v in values.items()}
    assert all(v not in version for v in values.values() if len(normalised(v)) > 12)
    assert version == version_of(SECRET, "p1", dict(reversed(list(values.items()))))


def test_versions_of_one_person_are_put_together():
    """Two mentions of a person make one version; what was taken out of an answer is in none."""
    first, second = "a=1,b=2", "b=3,c=4"
    assert united(first, second) == "a=1,b=3,c=4"
    assert without("a=1,b=3,c=4", {"b"}) == "a=1,c=4"
    people = (Person("p1", ("a",), first), Person("p1", ("b",), second), Person("p2"))
    assert [one.version for one in merged(people)] == ["a=1,b=3,c=4", ""]
    assert [one.version for one in unite(people[:1], people[1:])] == ["a=1,b=3,c=4", ""]
