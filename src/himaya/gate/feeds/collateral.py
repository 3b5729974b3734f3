"""What a block would cost honest people: the ordinary accounts that share an address or a network.

Ordinary is an account that is not new, of which nothing was found, and that stands in no open case. Whoever collects
could otherwise sign up a few accounts at its own address and never be blocked. Visitors cannot be counted.
"""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import ip_address
from typing import Any

import ibis.expr.types as ir
import msgspec

from himaya.gate.feeds.block import Network, covering
from himaya.ledger import queries as q
from himaya.ledger.reader import Reader
from himaya.ledger.schema import Kind, micros
from himaya.ledger.state import State


class Around(msgspec.Struct, frozen=True):
    """What the engine knows that the ledger does not: who is there now, and of whom something was found.

    `live` are ordinary accounts seen from the place, `flagged` names of actors with a finding. An account is
    new for `new_s` seconds.
    """

    live: frozenset[str] = frozenset()
    flagged: frozenset[str] = frozenset()
    new_s: int = 0


def ordinary_accounts(
    reader: Reader, network: Network, since: float, around: Around, suspects: Collection[int]
) -> int:
    """Return how many ordinary accounts came from an address or network since a time (epoch seconds).

    `suspects` are the actors of open cases, by surrogate. Raises LedgerError.
    """
    identities = reader.identities
    out = {*suspects, *identities.find_all(Kind.ACTOR, around.flagged)}
    found = _within(reader, network, _rows(reader, network, micros(since)))
    known = {row["account"] for row in found}
    ordinary = {
        row["account"] for row in found if row["actor"] not in out and not _new(row, around.new_s)
    }
    names = [name for name in around.live if f"account:{name}" not in around.flagged]
    recorded = {text: number for number, text in identities.find_all(Kind.ACCOUNT, names).items()}
    actors = identities.find_all(Kind.ACTOR, [f"account:{name}" for name in names])
    suspected = {text for number, text in actors.items() if number in out}
    live = [name for name in names if f"account:{name}" not in suspected]
    return len(ordinary) + sum(recorded.get(name, 0) not in known for name in live)


def _new(row: dict[str, Any], new_s: int) -> bool:
    return 0 <= int(row["age"]) < new_s


def _rows(reader: Reader, network: Network, start: int) -> list[dict[str, Any]]:
    """Return who came from an address, or from the networks that hold the place or lie in it."""
    if network.prefixlen == network.max_prefixlen:
        column, kind, names = "address", Kind.ADDRESS, [str(network.network_address)]
    else:
        column, kind, names = "prefix", Kind.PREFIX, covering(network)
    places = list(reader.identities.find_all(kind, names))
    if not places:
        return []

    def question(rows: ir.Table, _: State) -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = reader.table(
            q.accounts_at(rows, {column: places}, start)
        ).to_pylist()
        return told

    return reader.ask(question)


def _within(reader: Reader, network: Network, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out who came from elsewhere in the network of the rows, where the place is a part of it."""
    whole = network.prefixlen == network.max_prefixlen
    if whole or network.prefixlen <= (24 if network.version == 4 else 48):
        return rows
    names = reader.identities.names({row["address"] for row in rows})
    inside = {number for number, name in names.items() if _is_in(name, network)}
    return [row for row in rows if row["address"] in inside]


def _is_in(name: str, network: Network) -> bool:
    try:
        return ip_address(name) in network
    except ValueError:
        return False
