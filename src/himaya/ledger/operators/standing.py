"""Which operators the chain adds up to, and what was sealed to them and asked of them.

Every entry is checked again when it is read: one that nobody vouched for, appended by whoever holds the key file,
counts for nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Container, Iterator
from dataclasses import dataclass, field

from himaya.core.errors import InputError, LedgerError
from himaya.ledger import entries as e
from himaya.ledger.operators.roles import OPENERS
from himaya.ledger.operators.statements import card_id, check_card, is_by, no_such
from himaya.ledger.schema import DAY_S

#: Operators who may stand at a time, and cards that may ever be enrolled in a ledger.
MAX_OPERATORS, MAX_CARDS = 16, 400
#: Refusals whose time is known; `acting` records fewer in an hour.
_REFUSALS = 200

Entry = (
    e.OperatorEnrolled
    | e.OperatorRetired
    | e.AccessRefused
    | e.PeriodSealed
    | e.OpeningRequested
    | e.PeriodOpened
)


@dataclass(slots=True)
class Standing:
    """`cards` by id were ever enrolled; `named` are the ids that stand, by name; `retired` ids count no more.

    A card that another of the same name replaced is not retired: what was sealed to it, it opens.
    `periods` by id were sealed, `requests` by id were made. `problems` are entries that do not count.
    `refusals`: when the last ones were that somebody may not ask, ISO 8601.
    """

    cards: dict[str, e.Card] = field(default_factory=dict)
    named: dict[str, str] = field(default_factory=dict)
    retired: set[str] = field(default_factory=set)
    periods: dict[str, e.PeriodSealed] = field(default_factory=dict)
    requests: dict[str, e.OpeningRequested] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    refusals: deque[str] = field(default_factory=lambda: deque(maxlen=_REFUSALS))

    def take(self, entry: Entry) -> None:
        """Add one entry of the chain."""
        match entry:
            case e.OperatorEnrolled():
                self._enrol(entry.card)
            case e.OperatorRetired():
                self._retire(entry.statement)
            case e.PeriodSealed():
                self.periods[entry.id] = entry
            case e.OpeningRequested():
                self.requests[entry.id] = entry
            case e.AccessRefused():
                self.refusals.append(entry.at)
            case e.PeriodOpened():
                pass

    def _enrol(self, card: e.Card) -> None:
        try:
            self.check(card)
        except (InputError, LedgerError) as problem:
            self.problems.append(f"an enrolment does not count: {problem}")
            return
        number = card_id(card)
        self.cards[number] = card
        self.named[card.name] = number

    def _retire(self, statement: e.Retirement) -> None:
        try:
            self.check_retirement(statement, statement.ledger)
        except LedgerError as problem:
            self.problems.append(f"a retirement does not count: {problem}")
            return
        self.retired.update(
            number for number, card in self.cards.items() if card.name == statement.name
        )
        del self.named[statement.name]

    def standing(self) -> dict[str, e.Card]:
        """Return the cards that stand, by id."""
        return {number: self.cards[number] for number in self.named.values()}

    def closed(self, files: Collection[str], opened: Container[str]) -> Iterator[tuple[int, int]]:
        """Yield the time whose rows are sealed in `files`, microseconds, days that follow each other as one.

        Periods with an id in `opened` are left out.
        """
        found = self.periods.values()
        closed = (one for one in found if one.day >= 0 and one.id not in opened)
        days = {one.day for one in closed if any(f.archive and f.name in files for f in one.add)}
        for day in sorted(days - {day + 1 for day in days}):
            end = day
            while end in days:
                end += 1
            yield day * DAY_S * 1_000_000, end * DAY_S * 1_000_000

    def openers(self) -> dict[str, e.Card]:
        """Return the cards, by id, to which halves are encrypted; none where there are not two roles among them."""
        found = {n: card for n, card in self.standing().items() if card.role in OPENERS}
        return found if len({card.role for card in found.values()}) > 1 else {}

    def check(self, card: e.Card) -> None:
        """Raise InputError or LedgerError when a card cannot be enrolled now."""
        check_card(card)
        number = card_id(card)
        if number in self.cards:
            raise LedgerError(f"the card {number} of {card.name} is enrolled already")
        if not self.cards:
            if card.role != "owner":
                raise LedgerError(
                    f"the first operator is an owner; {card.name} has the role {card.role}"
                )
            return
        if card.name not in self.named and len(self.named) >= MAX_OPERATORS:
            raise LedgerError(f"{MAX_OPERATORS} operators stand already; retire one first")
        if len(self.cards) >= MAX_CARDS:
            raise LedgerError(
                f"{MAX_CARDS} cards were enrolled in this ledger, more it does not take"
            )
        self._check_signer(card)

    def _check_signer(self, card: e.Card) -> None:
        """A standing owner vouches, or the card it replaces does where the role stays the same."""
        signer = self.standing().get(card.signer)
        if signer is None:
            raise LedgerError(
                f"nobody who stands vouches for the card of {card.name};"
                f" have an owner sign it: himaya operator sign {card.name}.card --private OWNER.key"
            )
        replaces = signer.name == card.name and signer.role == card.role
        if signer.role != "owner" and not replaces:
            raise LedgerError(
                f"{signer.name} ({signer.role}) cannot vouch for {card.name}; an owner can"
            )
        if not is_by(card, signer):
            raise LedgerError(f"the card of {card.name} was changed after {signer.name} signed it")

    def check_retirement(self, statement: e.Retirement, ledger: str) -> None:
        """Raise LedgerError when a retirement does not count now in the ledger of this id."""
        if statement.ledger != ledger:
            raise LedgerError(f"the retirement is for the ledger {statement.ledger}, not {ledger}")
        if self.named.get(statement.name) is None:
            raise no_such(statement.name)
        signer = self.standing().get(statement.signer)
        if signer is None or signer.role != "owner" or not is_by(statement, signer):
            raise LedgerError(f"no standing owner signed the retirement of {statement.name}")
        left = [card for card in self.standing().values() if card.name != statement.name]
        if all(card.role != "owner" for card in left):
            raise LedgerError(f"{statement.name} is the last owner; enrol another one first")
