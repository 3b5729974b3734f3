"""Endpoints of many operations and batches in himaya.toml: what must be said is asked for, with file, line and key."""

from __future__ import annotations

import pytest

from himaya.config import examine, loads, warnings
from himaya.config.canonical import render

REST = """
[[surface]]
id = "rest"
route = "/graphql"
kind = "listing"
methods = ["GET", "POST"]
max_people = 9
"""
PERSON = """
[[surface]]
id = "person"
route = "/graphql"
operation = "person"
people = ["json"]
json_subject = "data.person.id"
"""
BATCH = """
[[surface]]
id = "batch"
route = "/batch"
kind = "listing"
methods = ["POST"]
max_people = 9
batch = "requests[]"
batch_answers = "responses[].body"
"""

#: Text, key, words of the message.
MISTAKES = [
    (PERSON, "surface[0].operation", "no surface stands for everything else"),
    (REST + PERSON.replace('"person"', '"a person"'), "surface[1].operation", "expected a root field"),
    (REST + PERSON + 'methods = ["POST"]', "surface[1].methods", "says the methods"),
    (REST + PERSON + 'plain = ["a"]', "surface[1].plain", "stands for the rest"),
    (REST + PERSON.replace("data.person.id", "person.id"), "surface[1].json_subject", "data.person"),
    (REST + PERSON.replace("data.person.id", "data.people.id"), "surface[1].json_subject", "data.person"),
    (REST + PERSON.replace("data.person.id", "data.person"), "surface[1].json_subject", "data.person"),
    (REST + PERSON.replace(".id", ".friends[].id"), "surface[1]", "how many at most"),
    (REST + PERSON.replace(".id", ".friends[].id") + 'max_people = 3\njson_rows = "data.person"',
     "surface[1].json_rows", "no array on the way"),
    (REST.replace("max_people = 9", "") + PERSON, "surface[0]", "does not say how much"),
    (REST.replace('"GET", ', "") + PERSON, "surface[0].methods", "GET is missing"),
    (REST + 'people = ["json"]\njson_subject = "data.a.id"' + PERSON, "surface[0].json_subject", "nobody declared"),
    (REST + 'plain = ["a b"]' + PERSON, "surface[0].plain[0]", "a path of fields"),
    (REST + PERSON + REST.replace('"rest"', '"other"'), "surface[2].route", "stands for the rest"),
    (REST.replace('"/graphql"', '"/{subject}"') + PERSON.replace('"/graphql"', '"/{subject}"'),
     "surface[0].route", "cannot stand"),
    (REST + 'plain = ["a"]', "surface[0].plain", "no operation is declared"),
    (BATCH.replace("requests[]", "requests"), "surface[0].batch", "path of an array"),
    (BATCH.replace("responses[].body", "body"), "surface[0].batch_answers", "where the bodies stand"),
    (BATCH.replace("POST", "GET"), "surface[0].methods", "POST is missing"),
    (BATCH + 'plain = ["a"]', "surface[0].plain", "not to a batch"),
    (BATCH + 'batch_target = ""', "surface[0].batch_target", "expected a name"),
    (BATCH.replace('batch = "requests[]"', ""), "surface[0].batch_answers", "batch is not"),
    (BATCH + 'people = ["path"]', "surface[0].people", '"path" cannot be read'),
    ('[[surface]]\nid = "u"\nroute = "/u"\npeople = ["query"]', "surface[0].people", "lists ids"),
    (REST + PERSON + PERSON.replace('"person"', '"again"', 1), "surface[2].json_subject", "already"),
    ("[operations]\nmax_depth = 1", "operations.max_depth", "at least 2"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "key", "words"), MISTAKES)
def test_mistakes_are_named(text: str, key: str, words: str) -> None:
    """Each mistake of an endpoint is found under its key, in words."""
    _, found = examine(text)
    assert [(one.key, words in str(one)) for one in found if one.key == key], found
    assert any(words in str(one) for one in found if one.key == key), found


def test_what_is_right_loads_and_loads_again() -> None:
    """Operations share a route with the surface that stands for the rest; the activated text says the same."""
    config = loads(REST + 'plain = ["shop", "shop.*"]' + PERSON + BATCH)
    again = loads(render(config))
    assert again.policy().hash() == config.policy().hash()
    assert [surface.id for surface in again.surfaces] == ["rest", "person", "batch"]


def test_what_nobody_can_see_is_said() -> None:
    """The surfaces that stand for the rest are called unseen by name: no exact claim includes them."""
    config = loads(REST + PERSON + BATCH)
    said = " ".join(warnings(config))
    assert 'surface "rest": its people cannot be seen' in said
    assert 'surface "batch": its people cannot be seen' in said
    assert config.unseen_surfaces() == ("rest", "batch")
    assert config.unseen_surfaces(sees_body=False) == ("rest", "person", "batch")
