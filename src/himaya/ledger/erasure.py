"""Erasure: forgetting a person or an account is deleting what ties a surrogate to a name.

The rows stay as numbers, so counts stay true; nobody can say any more who it was. Other processes notice at their next
flush: a new view of the same person gets a new surrogate.
"""

from __future__ import annotations

from himaya.core.errors import InputError, LedgerError
from himaya.ledger import entries as e
from himaya.ledger import holds
from himaya.ledger.reader import Reader
from himaya.ledger.schema import Kind, iso, micros


def forget(
    reader: Reader,
    *,
    subject: str = "",
    account: str = "",
    why: str,
    by: str,
    now: float,
) -> int:
    """Erase a subject or an account, recorded in the chain; return how many identities went.

    0 when the ledger does not know the name. Raises LedgerError naming basis and end of a hold that needs it.
    """
    if bool(subject) == bool(account):
        raise InputError("name either a subject or an account")
    find = reader.identities.find
    with reader.chain.locked() as pen:
        if subject:
            found = {"subject": find(Kind.SUBJECT, subject)}
        else:
            actor = find(Kind.ACTOR, f"account:{account}")
            found = {"account": find(Kind.ACCOUNT, account), "actor": actor}
        known = {column: number for column, number in found.items() if number}
        if not known:
            return 0
        _refuse_when_held(reader, known, now)
        seal = reader.keys.seal_text
        numbers = tuple(known.values())
        pen.append(e.Forgotten(at=iso(micros(now)), surrogates=numbers, why=seal(why), by=seal(by)))
        return reader.identities.forget(numbers)


def _refuse_when_held(reader: Reader, known: dict[str, int], now: float) -> None:
    hold = reader.ask(lambda rows, state: holds.covering(reader, known, rows, state, micros(now)))
    if hold is not None:
        raise LedgerError(
            f"not erased: {holds.describe(hold, reader.keys)} needs it;"
            f" release it first: himaya hold --release {hold.id}"
        )
