"""People in GraphQL answers, found and taken out along what was selected, whatever the aliases."""

from hypothesis import given
from hypothesis import strategies as st

from himaya.config import OperationsConfig
from himaya.core.exchange import Person
from himaya.core.surface import Surface
from himaya.gate.operations.documents import parse
from himaya.gate.operations.shapes import Endpoint, Hop, hops_of
from himaya.gate.operations.views import View, cut, look, views_of

LIMITS = OperationsConfig()
REST = Surface(
    "rest", "/graphql", "listing", max_people=9, plain=("shop", "people.page*", "mutation.*")
)
PERSON = Surface("person", "/graphql", fields=("name", "mail"), operation="person", people=("json",),
                 json_subject="data.person.id")  # fmt: skip
FRIENDS = Surface("friends", "/graphql", "listing", fields=("name", "mail"), operation="person", people=("json",),
                  json_subject="data.person.friends[].id", json_rows="data.person.friends")  # fmt: skip
PEOPLE = Surface("people", "/graphql", "listing", fields=("name", "mail"), operation="people", people=("json",),
                 json_subject="data.people.edges[].node.id", json_rows="data.people.edges")  # fmt: skip
FOLLOW = Surface("follow", "/graphql", operation="mutation.follow", people=("json",), fields=("name",),
                 json_subject="data.follow.person.id")  # fmt: skip
ENDPOINT = Endpoint(REST, (PERSON, FRIENDS, PEOPLE, FOLLOW))


def views(text):
    """Return the places of people of a text, and the keys of what nobody declared."""
    (operation,) = parse(text, 1000, LIMITS).operations.values()
    found = list(views_of(operation, ENDPOINT))
    known = [one for one in found if isinstance(one, View)]
    return known, [one and one.key for one in found if not isinstance(one, View)]


def test_paths_are_hops_with_their_arrays():
    """Names and how many arrays they lead through."""
    assert hops_of("data.a[][].b.id") == (Hop("a", 2), Hop("b"), Hop("id"))


def test_each_alias_is_a_place_of_its_own():
    """Root aliases and aliases inside: every way to people is one."""
    known, rest = views("{ a: person { id } b: person { x: friends { id } y: friends { id } } }")
    assert [view.shape.surface.id for view in known] == ["person", "person", "friends", "friends"]
    assert rest == []


def test_what_nobody_declared_is_named():
    """Selections neither on the way to people nor listed as plain, at any depth; fields without one are free."""
    cases = {
        "{ shop { open } }": [],
        "{ people { pageInfo { more } edges { cursor node { id } } } }": [],
        "{ count __schema { types { name } } }": [],
        "{ shop { staff { id } } }": ["shop"],
        "{ x: people { edges { node { id boss { id } } } } }": ["x"],
        "{ people { pages { people { id } } } }": ["people"],
        "mutation { like { ok } }": [],
        "mutation { like { person { id } } }": ["like"],
        "mutation { follow { person { id } } }": [],
        "mutation { person { id } }": [],
        "subscription { person { id } }": [None],
    }
    assert {text: views(text)[1] for text in cases} == cases


def test_fields_belong_to_whom_they_are_of():
    """The mail of a friend is not the person's; a declared path inside another is a place of its own."""
    (person, friends), _ = views("{ person { id n: name friends { id m: mail } } }")
    data = {
        "person": {"id": 1, "n": "A", "friends": [{"id": "2", "m": "x"}, {"id": "3", "m": None}]}
    }
    assert look(person, data, ()).people == (Person("1", ("name",)),)
    assert look(friends, data, ()).people == (Person("2", ("mail",)), Person("3"))


def test_personal_fields_that_nobody_declared_are_told():
    """Names that are watched for count beside the declared ones."""
    (view,), _ = views("{ person { id name telephone: phone } }")
    data = {"person": {"id": 1, "name": "A", "telephone": "3"}}
    assert look(view, data, ("phone", "name")).people == (Person("1", ("name", "phone")),)
    assert look(view, {"person": {"id": 1, "telephone": "3"}}, ("phone",)).people == (
        Person("1", ("name", "mail", "phone")),
    )


def test_answers_of_another_shape_are_unread():
    """An array where one object was declared, a text, a key that nobody asked for: nobody can tell."""
    (view,), _ = views("{ people { edges { node { id } } } }")
    for people in ([], "x", {"edges": {}}, {"edges": [[]]}, {"edges": [], "more": 1}, {"edges": [{"node": "x"}]},
                   {"edges": [{"node": {"id": "x" * 600}}]}):  # fmt: skip
        assert look(view, {"people": people}, ()) == (None, 0), people
    for people in (None, {"edges": None}, {"edges": []}, {"edges": [None, {"node": None}]}, {}):
        assert look(view, {"people": people}, ()) == ((), 0), people


def test_whoever_has_no_id_is_counted():
    """Ids that are missing, null or no id leave people whom nobody can name, beside those who can be."""
    (view,), _ = views("{ people { edges { node { id name } } } }")
    nodes = [{"name": "A"}, {"id": None}, {"id": True}, {"id": {}}, {"id": "5"}]
    data = {"people": {"edges": [{"node": node} for node in nodes]}}
    assert look(view, data, ()) == (None, 5)


def test_redacted_fields_become_null():
    """A field is blanked under its alias and anywhere in the row; the row stays."""
    (view,), _ = views("{ person { id m: mail name } }")
    data = {"person": {"id": 1, "m": "x", "name": "A"}}
    assert cut(view, data, frozenset(), frozenset({"mail"}))
    assert data == {"person": {"id": 1, "m": None, "name": "A"}}
    assert not cut(view, data, frozenset({"1"}), frozenset())


keys = st.lists(st.sampled_from(["a", "b", "id", "name", "mail", "node", "edges", "people"]),
                min_size=5, max_size=5, unique=True)  # fmt: skip
rows = st.lists(
    st.tuples(st.integers(0, 9), st.sampled_from([None, "", "A"]), st.sampled_from([None, "m"])),
    max_size=6,
)


@given(keys, rows, st.frozensets(st.integers(0, 9).map(str)))
def test_aliases_change_neither_who_is_found_nor_who_is_taken_out(key, people, gone):
    """Whatever the five keys are called, the people, their fields, and the rows left are those of a naive model."""
    root, edges, node, number, name = key
    mail = "z" if "mail" in {number, name} else "mail"
    inner = f"{number}: id {name}: name {mail}: mail"
    (view,), rest = views(
        f"{{ {root}: people {{ {edges}: edges {{ {node}: node {{ {inner} }} }} }} }}"
    )
    data = {
        root: {edges: [{node: {number: one, name: called, mail: at}} for one, called, at in people]}
    }
    expected: dict[str, set | None] = {}
    for one, called, at in people:
        told = {field for field, value in (("name", called), ("mail", at)) if value} or None
        before = expected.get(str(one), set())
        expected[str(one)] = None if told is None or before is None else before | told
    seen = look(view, data, ())
    assert rest == []
    assert {p.subject: p.fields and {*p.fields} for p in seen.people} == expected
    assert cut(view, data, gone, frozenset())
    left = [row[node][number] for row in data[root][edges]]
    assert left == [one for one, _, _ in people if str(one) not in gone]


documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["people", "edges", "node", "id", "name", "person"]), inner
        )
    ),
    max_leaves=15,
)


@given(documents)
def test_any_answer_is_read_or_unread(data):
    """No answer raises, whatever its shape."""
    for view in views("{ people { edges { node { id name } } } person { id friends { id } } }")[0]:
        look(view, data, ())
        cut(view, data, frozenset({"1"}), frozenset({"name"}))
