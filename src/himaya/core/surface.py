"""Surfaces: the declared routes that show people, and what a request turned out to be on one of them.

A route template is a path with `{subject}` (or any other `{name}`) standing for one segment, and an optional
final `{rest...}` for any tail: `/u/{subject}`, `/api/people`, `/media/{subject}/{rest...}`.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Kind = Literal["profile", "listing", "lookup", "media"]


class Surface(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A declared route that shows people.

    `people` names where subjects are read from, tried in order: path, query, header, json, links, app.
    `json_subject` is a path such as `results[].id` to the subject ids; `json_rows` the path of the
    array whose items may be taken out one by one. `links` is a route template whose `{subject}`
    is read from links in HTML. `query` names the query parameter of a look-up, or of a list of ids. `max_people` is
    what an unseen response is charged, the person of the path included. `redact` are fields that may be withheld.
    `scope` says who may see the fields by the site's own rules (public, members, friends, ...). Of the fields under
    `version` the ledger keeps which value was shown, as a keyed hash.

    One route may be an endpoint of many operations. A surface with `operation`, a root field of GraphQL, is one of
    them; the surface of the same route without it is charged for all that none of them is, and lists under `plain`
    which selections show nobody. `batch` is the path of the requests in a body that asks for several at once,
    `batch_target` the name under which each says its path, `batch_answers` the path of their bodies in the answer.
    """

    id: str
    route: str
    kind: Kind = "profile"
    methods: tuple[str, ...] = ("GET", "HEAD")
    fields: tuple[str, ...] = ("name",)
    people: tuple[Literal["path", "query", "header", "json", "links", "app"], ...] = ()
    json_subject: str = ""
    json_rows: str = ""
    links: str = ""
    query: str = ""
    max_people: int = 1
    redact: tuple[str, ...] = ()
    scope: str = "public"
    fail: Literal["open", "closed"] = "open"
    operation: str = ""
    plain: tuple[str, ...] = ()
    batch: str = ""
    batch_target: str = "path"
    batch_answers: str = ""
    version: tuple[str, ...] = ()


class Match(msgspec.Struct, frozen=True, gc=False):
    """A request matched to a surface; `subject` is "" where the path names nobody."""

    surface: Surface
    subject: str = ""
