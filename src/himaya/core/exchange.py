"""What is seen on the wire: a request, its response, and both once they are over."""

from __future__ import annotations

import msgspec

from himaya.core.actor import Actor


class Person(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One subject in a response; `fields` is None where the surface's declared fields hold.

    `version` says which values were shown (`core.version`), "" where nobody asked for it.
    """

    subject: str
    fields: tuple[str, ...] | None = None
    version: str = ""


class Excess(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A bound that a request passes, so that no door can tell what it asks for: of what, how many, how many at most."""

    what: str
    value: int
    most: int


class Request(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A request as the front door sees it before the application does.

    `id` is unique among requests in flight. `target` is path and query as received.
    `clearance` is the id of a verified clearance, "" for none. `sees_body` says whether this
    door will see the response and can call `admit`. `operation` is the id of the surface that the door found in the
    body; `excess` says why it could not look.
    """

    id: str
    actor: Actor
    target: str
    method: str = "GET"
    host: str = ""
    agent: str = ""
    clearance: str = ""
    sees_body: bool = False
    operation: str = ""
    excess: Excess | None = None


class Response(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A response head and the people found in it, before its first body byte leaves.

    `people` is None when they could not be read (too large, undecodable): the reservation
    stays. `can_trim` says whether the door can take single people out of the body. `unnamed` counts people who were
    seen but could not be named; more than the surface declares are charged.
    """

    id: str
    status: int
    people: tuple[Person, ...] | None = None
    can_trim: bool = False
    unnamed: int = 0


class Exchange(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A request and its response when both are over.

    `people` is None when nobody saw the response's people. `sent` is body bytes that left,
    -1 when unknown. `aborted`: the transfer broke off. `source` names the room that saw it: log, proxy,
    authority, asgi, wsgi, django; edge for a line of the log that nginx decided by itself. `refused`: our own
    door answered instead of the site.
    """

    request: Request
    status: int
    people: tuple[Person, ...] | None = None
    sent: int = -1
    aborted: bool = False
    refused: bool = False
    source: str = "log"
    content_type: str = ""
