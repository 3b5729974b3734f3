"""Entries of the chain as people read them: sealed texts opened, surrogates named where they still have a name."""

from __future__ import annotations

from typing import Any

import msgspec

from himaya.ledger import entries as e
from himaya.ledger.identities import Identities
from himaya.ledger.keys import Keys
from himaya.ledger.names import FOREVER
from himaya.ledger.schema import iso

_TIMES = ("start", "end", "until")
_SEALED = ("why", "by", "basis", "text", "purpose", "holder", "path")


def opened(entry: e.AnyEntry, keys: Keys, identities: Identities) -> dict[str, Any]:
    """Return an entry as a dict with its kind. Raises LedgerError when a text does not open."""
    read: dict[str, Any] = msgspec.to_builtins(entry)
    for key in _SEALED:
        if read.get(key):
            read[key] = keys.open_text(read[key])
    for key in _TIMES:
        if key in read:
            read[key] = iso(read[key]) if 0 < read[key] < FOREVER - 1 else ""
    if read.get("surrogate"):
        _name(read, identities)
    for place in read.get("places", ()):
        _name(place, identities)
    return read


def _name(read: dict[str, Any], identities: Identities) -> None:
    """Put a name in the place of a surrogate."""
    number = read.pop("surrogate")
    gone = "sealed" if number in identities.closed([number]) else "erased"
    read["name"] = identities.names([number]).get(number, gone)
