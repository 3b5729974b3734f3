"""Taking signed cards and retirements into the chain; whoever carries the file needs no role, its signature says it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from himaya.ledger import entries as e
from himaya.ledger.operators.acting import ledger_id
from himaya.ledger.operators.private import Private
from himaya.ledger.operators.statements import card_id, check_card, check_name, read_statement
from himaya.ledger.reader import Reader
from himaya.ledger.schema import iso, micros
from himaya.ledger.state import read_state

#: What `enrol` takes in.
Statement = e.Card | e.Retirement
_EITHER: msgspec.json.Decoder[Statement] = msgspec.json.Decoder(Statement)


def vouch(card: e.Card, owner: Private) -> e.Card:
    """Return a card with the signature of an owner, or of the card that it replaces. Raises InputError."""
    check_card(card)
    return owner.signed(msgspec.structs.replace(card, signer=owner.id))


def retirement(name: str, ledger: str, owner: Private, now: float) -> e.Retirement:
    """Return an owner's statement that an operator acts no more in a ledger. Raises InputError."""
    at = iso(micros(now))
    statement = e.Retirement(name=check_name(name), ledger=ledger, made=at, signer=owner.id)
    return owner.signed(statement)


def enrol(reader: Reader, file: Path, now: float) -> tuple[Statement, bool]:
    """Append a card or retirement to the chain; tell, too, whether it is the first card, which is believed as it is.

    Raises InputError for another file, LedgerError when it does not count.
    """
    statement = read_statement(file, _EITHER, "a card or a retirement")
    at = iso(micros(now))
    ledger_id(reader.chain)  # a chain without an entry has no name to be retired from
    with reader.chain.locked() as pen:
        standing = read_state(reader.chain).operators
        first = not standing.cards
        if isinstance(statement, e.Card):
            standing.check(statement)
            pen.append(e.OperatorEnrolled(at=at, card=statement))
        else:
            standing.check_retirement(statement, ledger_id(reader.chain))
            pen.append(e.OperatorRetired(at=at, statement=statement))
    return statement, first


def listed(reader: Reader) -> list[dict[str, str]]:
    """Return who was ever enrolled, for print: name, role, card, when made, whether it stands, who vouched."""
    standing = reader.state().operators
    stands = standing.standing()
    return [
        {
            "name": card.name,
            "role": card.role,
            "card": number,
            "made": card.made,
            "state": _state(number, stands, standing.retired),
            "vouched": standing.cards[card.signer].name
            if card.signer in standing.cards
            else "first",
        }
        for number, card in standing.cards.items()
    ]


def _state(number: str, stands: dict[str, e.Card], retired: set[str]) -> str:
    if number in stands:
        return "stands"
    return "retired" if number in retired else "replaced"


def fingerprint(card: e.Card) -> str:
    """Return the id of a card in groups of four, to be read aloud."""
    number = card_id(card)
    return " ".join(number[i : i + 4] for i in range(0, len(number), 4))
