"""Deposits when it is time, enters each in the chain, and remembers what failed. Nothing waits for it."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from himaya.anchoring.deposit import Deposit, ledger_id, make_deposit
from himaya.anchoring.place import Place
from himaya.core.errors import HimayaError
from himaya.ledger import entries as e
from himaya.ledger.chain import Chain
from himaya.ledger.keys import Keys
from himaya.ledger.schema import iso, micros
from himaya.ledger.state import State, read_state

log = logging.getLogger(__name__)


class Done(msgspec.Struct, frozen=True):
    """What became of a deposit at a place: the entry of the chain it is of, or why it failed."""

    place: str
    seq: int
    hash: str
    problem: str = ""


class Anchoring:
    """Deposits the head of a chain at its places. `problems` and `words` may be read from any thread."""

    def __init__(
        self, chain: Chain, keys: Keys, places: Sequence[Place], *, every_s: float = 86400.0
    ) -> None:
        """Take the chain and the places; nothing is read yet."""
        self._chain, self._keys = chain, keys
        self._places, self._every_s = tuple(places), every_s
        #: What is wrong now, by the name of a place.
        self.problems: dict[str, str] = {}
        #: How far the chain is deposited, in a few words.
        self.words = "not looked yet" if places else "not anchored"

    def keep(self, now: float) -> None:
        """Deposit where it is time, `now` in epoch seconds; what fails is logged, and tried again at the next call."""
        if not self._places:
            return
        try:
            self.deposit(now)
        except HimayaError as problem:
            log.warning("the head of the chain was not deposited: %s", problem)
            self.problems = {each.name: str(problem) for each in self._places}

    def deposit(self, now: float, *, every_place: bool = False) -> list[Done]:
        """Deposit where it is time, or everywhere, and return what became of it. Raises LedgerError."""
        state = read_state(self._chain)
        due = [each for each in self._places if every_place or self._is_due(each, state, now)]
        if not due or not state.seq:
            self.words = state.anchors.words()
            return []
        deposit = make_deposit(ledger_id(self._chain), state, self._keys, now)
        done = [self._put(each, deposit, state, now) for each in due]
        self.words = read_state(self._chain).anchors.words()
        return done

    def _is_due(self, place: Place, state: State, now: float) -> bool:
        last = state.anchors.last.get(place.name)
        if last is None or place.name in state.anchors.failing:
            return True
        return not 0 <= now - datetime.fromisoformat(last.at).timestamp() < self._every_s

    def _put(self, place: Place, deposit: Deposit, state: State, now: float) -> Done:
        """Deposit at one place, and enter in the chain that it is there, or, once, that it takes none."""
        at, problem = iso(micros(now)), ""
        try:
            receipt = hashlib.sha256(place.put(deposit, now)).hexdigest()
        except HimayaError as why:
            problem = str(why)
        except Exception as why:  # whatever a place does, the others go on
            log.exception("the place %s failed unexpectedly", place.name)
            problem = f"failed unexpectedly ({type(why).__name__}); the log says more"
        if not problem:
            entry = e.Anchored(at, place.name, deposit.seq, deposit.hash, receipt)
            self._chain.append(entry)
            self.problems.pop(place.name, None)
        else:
            self._note(place.name, problem, state, at)
        return Done(place.name, deposit.seq, deposit.hash, problem)

    def _note(self, place: str, problem: str, state: State, at: str) -> None:
        log.warning("the head of the chain was not deposited at %s: %s", place, problem)
        self.problems[place] = problem
        if place not in state.anchors.failing:
            why = self._keys.seal_text(problem)
            self._chain.append(e.Unanchored(at, place, why))

    def told(self) -> Iterator[str]:
        """Yield what is wrong now, a place each."""
        yield from (f"{place}: {problem}" for place, problem in sorted(self.problems.items()))
