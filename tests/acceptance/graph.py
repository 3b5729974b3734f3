"""The site's GraphQL endpoint, run by a real executor: people by id and by page, their friends, a shop."""

from __future__ import annotations

from functools import cache
from typing import Any

from graphql import GraphQLSchema, build_schema, graphql_sync

_PER_PAGE = 20

_SCHEMA = """
type Person { id: ID! email: String friends: [Person!]! }
type Shop { open: Boolean }
type Query { person(id: ID!): Person people(page: Int!): [Person!]! shop: Shop }
"""


@cache
def _schema() -> GraphQLSchema:
    return build_schema(_SCHEMA)


class _Person:
    def __init__(self, number: int) -> None:
        self.id = f"p{number}"
        self.email = f"p{number}@people.example"
        self._number = number

    def friends(self, _: object) -> list[_Person]:
        return _page(self._number // _PER_PAGE + 1)


def _page(page: int) -> list[_Person]:
    return [_Person(page * _PER_PAGE + number) for number in range(_PER_PAGE)]


class _Roots:
    shop = {"open": True}  # noqa: RUF012

    def person(self, _: object, id: str) -> _Person:  # noqa: A002
        return _Person(int(id.removeprefix("p")))

    def people(self, _: object, page: int) -> list[_Person]:
        return _page(page)


def run(asked: Any) -> Any:
    """Return the answer to one request, or to a list of them."""
    if isinstance(asked, list):
        return [run(one) for one in asked]
    name = asked.get("operationName")
    return graphql_sync(_schema(), asked["query"], _Roots(), operation_name=name).formatted


#: The endpoint as a configuration declares it; the nested friends are nobody's.
SURFACES: list[dict[str, Any]] = [
    {"id": "graph", "route": "/graph", "kind": "listing", "methods": ["GET", "POST"],
     "fields": ["email"], "max_people": 20, "plain": ["shop"]},
    {"id": "graph-person", "route": "/graph", "operation": "person", "fields": ["email"],
     "people": ["json"], "json_subject": "data.person.id"},
    {"id": "graph-people", "route": "/graph", "operation": "people", "kind": "listing",
     "fields": ["email"], "people": ["json"], "json_subject": "data.people[].id",
     "json_rows": "data.people", "max_people": 20},
]  # fmt: skip
