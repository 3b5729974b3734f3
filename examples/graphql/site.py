"""A GraphQL endpoint of one file behind himaya: people, their friends, a batch of requests.

himaya gate --config examples/graphql/himaya.toml --mode authority
python examples/graphql/site.py 8080 examples/graphql/himaya.toml

Without a configuration it runs bare, for `himaya gate --mode proxy` in front of it.
"""

import hashlib
import json
import sys

import uvicorn
from graphql import build_schema, graphql_sync
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.routing import Route

from himaya.gate.asgi import GateMiddleware

SCHEMA = build_schema("""
type Person { id: ID! name: String email: String friends(first: Int = 3): [Person!]! }
type Edge { cursor: String node: Person }
type PageInfo { hasNextPage: Boolean }
type People { total: Int edges: [Edge!]! pageInfo: PageInfo }
type Settings { theme: String }
type Followed { ok: Boolean person: Person }
type Query {
  person(id: ID!): Person
  people(first: Int = 5, after: Int = 0): People
  settings: Settings
}
type Mutation { follow(id: ID!): Followed }
""")

POPULATION = 1000


class Person:
    """One of the people; number 404 does not exist."""

    def __init__(self, number):
        self.id = f"p{number}"
        self.name = f"Person {number}"
        self.email = f"p{number}@people.example"
        self._number = number

    def friends(self, _info, first):
        return [Person(self._number + 1 + n) for n in range(min(first, 10))]


def person_of(name):
    """Return the person with an id, None when there is none."""
    number = int(name.removeprefix("p"))
    return Person(number) if number < POPULATION and number != 404 else None


class Roots:
    """What can be asked for."""

    def person(self, _info, id):  # noqa: A002
        return person_of(id)

    def people(self, _info, first, after):
        edges = [{"cursor": n, "node": Person(n)} for n in range(after, after + min(first, 10))]
        return {"total": POPULATION, "edges": edges, "pageInfo": {"hasNextPage": True}}

    def settings(self, _info):
        return {"theme": "light"}

    def follow(self, _info, id):  # noqa: A002
        return {"ok": True, "person": person_of(id)}


#: Queries that clients registered by their hash: automatic persisted queries.
REGISTERED = {}


def run(asked):
    """Return the answer to one request, or to a list of them."""
    if isinstance(asked, list):
        return [run(one) for one in asked]
    text = asked.get("query")
    name = (asked.get("extensions") or {}).get("persistedQuery", {}).get("sha256Hash")
    if name and text and hashlib.sha256(text.encode()).hexdigest() == name:
        REGISTERED[name] = text
    text = text or REGISTERED.get(name)
    if not text:
        return {"errors": [{"message": "PersistedQueryNotFound"}]}
    result = graphql_sync(
        SCHEMA,
        text,
        Roots(),
        variable_values=asked.get("variables"),
        operation_name=asked.get("operationName"),
    )
    return result.formatted


def page(path):
    """Return the answer of a plain route: /u/ID or /users?ids=ID,ID."""
    if path.startswith("/u/"):
        found = person_of(path.removeprefix("/u/"))
        return {"id": found.id, "name": found.name, "email": found.email} if found else None
    names = path.partition("ids=")[2].split(",")
    return {"users": [{"id": name, "name": name} for name in names]}


def batch(asked):
    """Return the answers to a list of paths."""
    return {"responses": [{"status": 200, "body": page(one["path"])} for one in asked["requests"]]}


async def graphql(request):
    """Answer a POST with JSON, or a GET with the same in its query."""
    if request.method == "POST":
        return JSONResponse(run(await request.json()))
    asked = dict(request.query_params)
    for key in ("variables", "extensions"):
        asked[key] = json.loads(asked.get(key, "null"))
    return JSONResponse(run(asked))


async def batches(request):
    """Answer several requests at once."""
    return JSONResponse(batch(await request.json()))


async def plain(request):
    """Answer one request."""
    query = f"?{request.url.query}" if request.url.query else ""
    return JSONResponse(page(request.url.path + query))


def application(config=None):
    """Return the site, behind himaya when a configuration is given."""
    routes = [
        Route("/graphql", graphql, methods=["GET", "POST"]),
        Route("/batch", batches, methods=["POST"]),
        Route("/u/{who}", plain),
        Route("/users", plain),
    ]
    return Starlette(
        routes=routes, middleware=[Middleware(GateMiddleware, config=config)] if config else []
    )


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
    config = sys.argv[2] if len(sys.argv) > 2 else None
    uvicorn.run(application(config), port=port, log_level="warning")
