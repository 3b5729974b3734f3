"""Does the chain still contain what was deposited? Whoever holds files and key can write another chain; not this."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from himaya.anchoring.deposit import Deposit, parse_deposit
from himaya.anchoring.place import Found, Place
from himaya.core.errors import HimayaError, LedgerError
from himaya.ledger import entries as e
from himaya.ledger.chain import Chain
from himaya.ledger.keys import Keys

#: What can be said of a deposit.
CONTAINED, CONTRADICTED, UNSIGNED, MISSING = "contained", "contradicted", "unsigned", "missing"


class Compared(msgspec.Struct, frozen=True):
    """One deposit, compared: `state` is contained, contradicted, unsigned or missing; `said` is a sentence."""

    place: str
    where: str
    seq: int
    at: str
    state: str
    said: str


class Checked(msgspec.Struct, frozen=True):
    """What a check found. `first` is the first line of the chain that a deposit contradicts, 0 none.

    Lines up to `safe` are as they were deposited. `others`: deposits of other ledgers at the same places.
    `unreachable`: places that could not be read, and why. `unread`: places that nobody can read back.
    """

    lines: int
    deposits: list[Compared]
    first: int
    safe: int
    others: int
    problem: str
    unreachable: list[str]
    unread: list[str]

    @property
    def is_well(self) -> bool:
        """Tell whether nothing contradicts the chain, and nothing that was deposited is gone."""
        return not self.problem and all(one.state == CONTAINED for one in self.deposits)


class _Lines:
    """The hashes of a chain, as far as it can be read, and the deposits that it says were made."""

    def __init__(self, chain: Chain) -> None:
        self.hashes: dict[int, str] = {}
        self.made: list[e.Anchored] = []
        self.problem = ""
        try:
            for line, entry in chain.lines():
                self.hashes[line.seq] = line.hash
                if isinstance(entry, e.Anchored):
                    self.made.append(entry)
        except LedgerError as problem:
            self.problem = str(problem)


def check(
    chain: Chain, keys: Keys, places: Sequence[Place], extra: Iterable[Found] = ()
) -> Checked:
    """Compare everything that the places keep, and the `extra` deposits, with the chain. Nothing is changed."""
    lines, compared = _Lines(chain), list[Compared]()
    others, unreachable = 0, list[str]()
    for name, found in _everything(places, extra, unreachable):
        one = _compare(lines, keys, name, found)
        others += one is None
        compared += [one] if one else []
    compared += _missing(lines, places, compared, unreachable)
    compared.sort(key=lambda one: (one.seq, one.place, one.where))
    wrong = [one.seq for one in compared if one.state == CONTRADICTED]
    first = min(wrong, default=0)
    right = [one.seq for one in compared if one.state == CONTAINED]
    return Checked(
        lines=len(lines.hashes),
        deposits=compared,
        first=first,
        safe=max((seq for seq in right if not first or seq < first), default=0),
        others=others,
        problem=lines.problem,
        unreachable=unreachable,
        unread=[each.name for each in places if not each.is_readable],
    )


def _everything(
    places: Sequence[Place], extra: Iterable[Found], unreachable: list[str]
) -> Iterable[tuple[str, Found]]:
    for place in places:
        try:
            yield from [(place.name, found) for found in place.found()]
        except HimayaError as problem:
            unreachable.append(f"{place.name}: {problem}")
    yield from (("", found) for found in extra)


def _compare(lines: _Lines, keys: Keys, place: str, found: Found) -> Compared | None:
    """Return what can be said of a deposit; None when it is one of another ledger."""
    try:
        deposit = parse_deposit(found.data)
    except HimayaError as problem:
        return Compared(place, found.where, 0, "", UNSIGNED, str(problem))
    if lines.hashes.get(1) != deposit.ledger and keys.public != deposit.public:
        return None
    state, said = _judge(lines, deposit, found)
    return Compared(place, found.where, deposit.seq, found.stamped or deposit.at, state, said)


def _judge(lines: _Lines, deposit: Deposit, found: Found) -> tuple[str, str]:
    if found.problem:
        return UNSIGNED, found.problem
    if not deposit.is_signed():
        return UNSIGNED, "is not signed by the ledger that it names; it shows nothing"
    now = lines.hashes.get(deposit.seq)
    if now == deposit.hash:
        return CONTAINED, "the chain still contains this head"
    if now is None:
        return CONTRADICTED, f"the chain has no line {deposit.seq} any more"
    return CONTRADICTED, f"line {deposit.seq} of the chain is another one now"


def _missing(
    lines: _Lines, places: Sequence[Place], compared: list[Compared], unreachable: list[str]
) -> list[Compared]:
    """Return the deposits that the chain says were made, and that their place has no more."""
    away = {told.partition(": ")[0] for told in unreachable}
    readable = {each.name for each in places if each.is_readable} - away
    there = {(one.place, one.seq) for one in compared}
    said = "the chain says that it was deposited there, and it is not there any more"
    return [
        Compared(one.place, one.place, one.seq, one.at, MISSING, said)
        for one in lines.made
        if one.place in readable and (one.place, one.seq) not in there
    ]
