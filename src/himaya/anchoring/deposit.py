"""A deposit: how far a chain reached at a time, signed by the ledger. It holds numbers and hashes, and names nobody."""

from __future__ import annotations

import msgspec

from himaya.core.errors import InputError
from himaya.ledger.chain import Chain
from himaya.ledger.keys import Keys, is_signed
from himaya.ledger.schema import iso, micros
from himaya.ledger.state import State

#: A deposit is some 500 bytes; what is longer is something else.
MAX_BYTES = 4096

_ABOUT = b"himaya anchor 1\n"


class Deposit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The head of a chain: line `seq` with `hash`, at `at` (ISO 8601 UTC), when the chain counted `rows` sealed rows.

    `ledger` is the hash of the chain's first line, `public` the key (hex) that checks `signature`.
    """

    ledger: str
    seq: int
    hash: str
    rows: int
    at: str
    public: str
    signature: str = ""

    def encoded(self) -> bytes:
        """Return the deposit as it is kept: JSON on one line."""
        return msgspec.json.encode(self) + b"\n"

    @property
    def file_name(self) -> str:
        """Return the name of its file; no other deposit has it."""
        return f"{self.ledger[:16]}-{self.seq:010d}-{self.hash[:16]}.json"

    def is_signed(self) -> bool:
        """Tell whether the holder of `public` signed it."""
        return is_signed(self.public, self.signature, _signed_part(self))


def _signed_part(deposit: Deposit) -> bytes:
    return _ABOUT + msgspec.json.encode(msgspec.structs.replace(deposit, signature=""))


def make_deposit(ledger: str, state: State, keys: Keys, now: float) -> Deposit:
    """Return the signed deposit of a chain's head. `ledger` is the hash of its first line, `now` epoch seconds."""
    plain = Deposit(
        ledger=ledger,
        seq=state.seq,
        hash=state.hash,
        rows=sum(file.rows for file in state.files.values()),
        at=iso(micros(now)),
        public=keys.public,
    )
    return msgspec.structs.replace(plain, signature=keys.sign(_signed_part(plain)))


def parse_deposit(data: bytes) -> Deposit:
    """Return the deposit in a file's content. Raises InputError when it is none."""
    if len(data) > MAX_BYTES:
        raise InputError("this is no deposit: it is too long")
    try:
        return msgspec.json.decode(data, type=Deposit)
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise InputError(f"this is no deposit ({problem})") from None


def ledger_id(chain: Chain) -> str:
    """Return what tells a ledger from others: the hash of its chain's first line; "" before there is one."""
    first = next(chain.lines(), None)
    return first[0].hash if first else ""
