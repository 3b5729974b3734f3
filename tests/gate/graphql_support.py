"""The GraphQL example as the application behind a proxy of the test, and what clients send to it."""

import importlib.util
import json
import re
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit

from tests.gate.gate_support import Rig, Upstream, ok

from himaya.config import loads
from himaya.gate.operations.opener import Opener

EXAMPLE = Path(__file__).parents[2] / "examples" / "graphql"

#: The budgets of the example, lifted or set by a test.
BUDGETS = "account = { hour = 30 }\naddress = { hour = 20 }"


@cache
def site():
    """Return the example as a module."""
    spec = importlib.util.spec_from_file_location("graphql_site", EXAMPLE / "site.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def config_of(budget=1000, mode="enforce", extra="", gate=""):
    """Return the configuration of the example with another budget, `extra` at its end, and another [gate]."""
    text = (EXAMPLE / "himaya.toml").read_text()
    assert BUDGETS in text
    text = text.replace(BUDGETS, f"address = {{ hour = {budget} }}\nprefix = {{}}")
    text = text.replace('mode = "enforce"', f'mode = "{mode}"')
    if gate:
        text = re.sub(r"\[gate\]\n(?:\w.*\n)+", gate.lstrip(), text)
    return loads(text + extra, file=str(EXAMPLE / "himaya.toml"), directory=EXAMPLE)


def answer(asked, _sock):
    """Return the answer of the example to what an upstream was asked."""
    parts = urlsplit(asked.target)
    if parts.path == "/graphql":
        if asked.method == "POST":
            told = site().run(json.loads(asked.body))
        else:
            query = dict(parse_qsl(parts.query))
            pairs = {key: json.loads(query.get(key, "null")) for key in ("variables", "extensions")}
            told = site().run({**query, **pairs})
    elif parts.path == "/batch":
        told = site().batch(json.loads(asked.body))
    else:
        told = site().page(asked.target)
    return ok(json.dumps(told).encode(), kind="application/json")


@contextmanager
def gate(respond=answer, persisted=None, **more):
    """Run a proxy with the example's configuration in front of the example."""
    config = config_of(**more)
    with Upstream(respond) as upstream:
        rig = Rig(upstream.port, config=config)
        rig.door.opener = Opener(config.operations, persisted)
        rig.upstream = upstream
        with rig:
            yield rig


def post(rig, asked, *headers, target="/graphql", kind="application/json"):
    """Return the answer to a POST of JSON, or of the bytes given."""
    body = asked if isinstance(asked, bytes) else json.dumps(asked).encode()
    return rig.get(target, f"Content-Type: {kind}", *headers, method="POST", body=body)


def ask(rig, text, **more):
    """Return the answer to one GraphQL text."""
    return post(rig, {"query": text, **more})


def get(rig, text, **more):
    """Return the answer to a GET of one GraphQL text."""
    pairs = {"query": text, **more}
    query = "&".join(f"{name}={quote(value)}" for name, value in pairs.items())
    return rig.get(f"/graphql?{query}")


def shown(rig):
    """Return (surface, subject, fields) of every person recorded, in order."""
    return [(row.surface, one.subject, one.fields) for row in rig.rows for one in row.shown]


def unnamed(rig):
    """Return (surface, how many) of the people recorded without a name."""
    return [(row.surface, row.unattributed) for row in rig.rows if row.unattributed]
