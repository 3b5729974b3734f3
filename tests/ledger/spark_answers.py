"""Every question of the ledger, asked of one engine; as a program it prints the answers.

The driver of Spark is a process of its own in the tests: its sockets to Java end with it.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

import ibis
from tests.ledger.making import DAY, NOON, disclosed, write

from himaya.analysis.groups.asking import sightings
from himaya.core.actor import Actor
from himaya.ledger import Ledger
from himaya.ledger import queries as q
from himaya.ledger.engines import Choice
from himaya.ledger.names import FOREVER
from himaya.ledger.reader import Reader
from himaya.ledger.schema import Kind


def items(seed: int, count: int):
    """Return made-up views of some days: accounts, anonymous visitors, look-ups, people nobody could name."""
    draw = random.Random(seed)
    for number in range(count):
        at = NOON - draw.randrange(3) * DAY + number
        account, address = (
            draw.choice(["", "u1", "u2", "u3", "ü 4"]),
            f"203.0.113.{draw.randrange(9)}",
        )
        actor = Actor(
            account=account,
            address=address,
            tier=draw.choice(["", "gold"]),
            account_created=draw.choice([None, at - 3600]),
            fingerprint=draw.choice(["", "f1"]),
        )
        kind = draw.choice(["profile", "listing", "lookup"])
        people = () if draw.random() < 0.2 else tuple(f"p{draw.randrange(40)}" for _ in range(2))
        more = {"miss": kind == "lookup" and not people, "group": draw.choice(["", "g1"])}
        more |= {
            "unattributed": draw.choice([0, 0, 3]),
            "policy": draw.choice(["a" * 16, "b" * 16]),
        }
        yield disclosed(at, account, *people, actor=actor, kind=kind, surface=kind,
                        access="account" if account else "anonymous", **more)  # fmt: skip


def made(directory: Path) -> Ledger:
    """Write a ledger with sealed files and rows that are not sealed yet, and with an unobserved period."""
    ledger = write(directory, *items(1, 80), close=False)
    ledger.note_gap(NOON - 2 * DAY, NOON - 2 * DAY + 60, "the log was silent", "profile", "nginx")
    ledger.seal(NOON, everything=True)
    for item in items(2, 20):
        ledger.append(item)
    ledger.flush()
    return ledger


def questions(reader: Reader):
    """Return every question by name, each as a function from rows to an expression."""
    account = reader.facet("account:u1")[1]
    actor = reader.identities.find(Kind.ACTOR, "account:u1")
    subject, canary = (reader.subject(name)[1] for name in ("p1", "p2"))
    address = reader.facet("address:203.0.113.1")[1]
    prefix = reader.facet("prefix:203.0.113.0/24")[1]
    start, end = round((NOON - 1 * DAY) * 1e6), round((NOON + DAY) * 1e6)
    members = ibis.memtable([(actor, "g1")], schema={"member": "int64", "name": "string"})

    def by_week(rows):
        return q.cohorts(q.without(rows, [canary]), {"a" * 16: 7200}, 60)

    return {
        "within": lambda rows: q.within(rows, start, end).select("time", "subject", "actor"),
        "shown": lambda rows: q.shown(rows).select("time", "subject"),
        "people": lambda rows: q.people(rows, [canary]).select("time", "subject"),
        "canaries": lambda rows: q.canaries(rows, [canary]).select("time", "actor"),
        "facet": lambda rows: q.facet(rows, "subject", subject),
        "exposure": lambda rows: q.exposure(q.shown(rows), "actor"),
        "exposure of": lambda rows: q.exposure(q.facet(rows, "account", account), "subject"),
        "places": lambda rows: q.places(q.facet(rows, "account", account)),
        "beside": lambda rows: q.beside(rows, "account", account, [prefix]),
        "accounts_at": lambda rows: q.accounts_at(rows, "address", [address], start),
        "addresses_of": lambda rows: q.addresses_of(rows, [actor], start, 5),
        "tallies": q.tallies,
        "tallies of none": lambda rows: q.tallies(q.facet(rows, "subject", -1)),
        "unobserved": lambda rows: q.unobserved(rows, 0, FOREVER),
        "any_of": lambda rows: q.any_of(rows, "actor", [actor, -1]).select("time", "subject"),
        "people_per_surface": q.people_per_surface,
        "policies": lambda rows: q.policies(rows, 0, FOREVER),
        "grouped": q.grouped,
        "people_per_actor": lambda rows: q.people_per_actor(rows, [canary]),
        "cohorts": lambda rows: by_week(rows).select("time", "week", "cohort"),
        "union_by_week": lambda rows: q.union_by_week(by_week(rows)),
        "newly_by_week": lambda rows: q.newly_by_week(by_week(rows), start),
        "lookups_by_week": lambda rows: q.lookups_by_week(by_week(rows), ["lookup"]),
        "union_by_group": lambda rows: q.union_by_group(rows, members, 10),
        "members": lambda rows: q.union_by_group(rows, q.members([(actor, "g1")]), 10),
        "extent": q.extent,
        "span": q.span,
        "days": q.days,
        "held": lambda rows: q.held(rows, "subject", subject, start, end),
        "sightings": lambda rows: sightings(rows, start, end, canaries=[canary]),
    }


def asked(reader: Reader, all_questions) -> dict[str, list[str]]:
    """Return the rows of every answer as text, in an order of their own; all are asked of one moment."""

    def lines(expression):
        found = reader.table(expression).to_pylist()
        return sorted(json.dumps(row, sort_keys=True) for row in found)

    return reader.ask(lambda rows, _: {n: lines(one(rows)) for n, one in all_questions.items()})


def answers(directory: Path, engine: str) -> dict[str, list[str]]:
    """Return the answers of an engine to every question."""
    with Reader.open(directory, engine=Choice(engine)) as reader:
        return asked(reader, questions(reader))


if __name__ == "__main__":
    print(json.dumps(answers(Path(sys.argv[1]), sys.argv[2])))
