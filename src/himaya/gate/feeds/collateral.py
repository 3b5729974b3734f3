"""What a block would cost honest people: the ordinary accounts that share an address or a network.

Ordinary is an account that is not new, of which nothing was found, and that stands in no open case. Whoever collects
could otherwise sign up a few accounts at its own address and never be blocked. Visitors cannot be counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from ipaddress import ip_address
from typing import Any

import ibis.expr.types as ir
import msgspec

from himaya.gate.feeds.block import Network, covering
from himaya.ledger import queries as q
from himaya.ledger.reader import Reader
from himaya.ledger.schema import Kind, micros
from himaya.ledger.state import State

_Rows = list[dict[str, Any]]

#: An address or network, and the accounts that are no newcomers and seen there right now.
Asked = tuple[Network, frozenset[str]]


class Known(msgspec.Struct, frozen=True):
    """What tells an ordinary account from another.

    `flagged` are names of actors with a finding, `suspects` the actors of open cases by surrogate; an account is new
    for `new_s` seconds.
    """

    flagged: frozenset[str] = frozenset()
    suspects: frozenset[int] = frozenset()
    new_s: int = 0


class Counter:
    """Counts for many places with few questions. Raises LedgerError."""

    def __init__(self, reader: Reader, since: float, known: Known) -> None:
        """Count accounts that were seen since a time (epoch seconds)."""
        self._reader, self._since, self._known = reader, micros(since), known
        self._out = {*known.suspects, *reader.identities.find_all(Kind.ACTOR, known.flagged)}

    def count(self, asked: Sequence[Asked]) -> list[int]:
        """Return how many ordinary accounts came from each place, in order."""
        addresses = [network for network, _ in asked if _is_address(network)]
        rows = self._of_addresses([str(network.network_address) for network in addresses])
        return [
            self._ordinary(
                rows.get(str(network.network_address), [])
                if _is_address(network)
                else self._of_network(network),
                live,
            )
            for network, live in asked
        ]

    def _ordinary(self, rows: _Rows, live: Collection[str]) -> int:
        seen = {row["account"] for row in rows}
        ordinary = {row["account"] for row in rows if self._is_ordinary(row)}
        return len(ordinary) + self._only_live(live, seen)

    def _is_ordinary(self, row: dict[str, Any]) -> bool:
        is_new = 0 <= int(row["age"]) < self._known.new_s
        return row["actor"] not in self._out and not is_new

    def _only_live(self, live: Collection[str], seen: Collection[int]) -> int:
        """Return how many of the accounts that are there now stand in no row, and are ordinary."""
        names = [name for name in live if f"account:{name}" not in self._known.flagged]
        if not names:
            return 0
        identities = self._reader.identities
        rows = {
            n for number, n in identities.find_all(Kind.ACCOUNT, names).items() if number in seen
        }
        actors = identities.find_all(Kind.ACTOR, [f"account:{name}" for name in names])
        out = {n for number, n in actors.items() if number in self._out}
        return sum(name not in rows and f"account:{name}" not in out for name in names)

    # -- the ledger ------------------------------------------------------------------------------

    def _of_addresses(self, names: Collection[str]) -> Mapping[str, _Rows]:
        known = self._reader.identities.find_all(Kind.ADDRESS, names)
        found: dict[str, _Rows] = defaultdict(list)
        for row in self._ask("address", known):
            found[known[row["address"]]].append(row)
        return found

    def _of_network(self, network: Network) -> _Rows:
        """Return who came from the networks that hold the place or lie in it, without who came from beside it."""
        known = self._reader.identities.find_all(Kind.PREFIX, covering(network))
        rows = self._ask("prefix", known)
        names = self._reader.identities.names({row["address"] for row in rows})
        inside = {number for number, name in names.items() if _is_in(name, network)}
        return [row for row in rows if row["address"] in inside]

    def _ask(self, column: str, surrogates: Collection[int]) -> _Rows:
        if not surrogates:
            return []

        def question(rows: ir.Table, _: State) -> _Rows:
            told = q.accounts_at(rows, column, surrogates, self._since)
            found: _Rows = self._reader.table(told).to_pylist()
            return found

        return self._reader.ask(question)


def _is_address(network: Network) -> bool:
    return network.prefixlen == network.max_prefixlen


def _is_in(name: str, network: Network) -> bool:
    try:
        return ip_address(name) in network
    except ValueError:
        return False
