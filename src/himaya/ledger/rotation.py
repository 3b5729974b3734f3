"""A new key for a ledger. The key file comes first, then the map, then the chain says so; each is whole or not there.

Wherever it breaks off, the ledger opens with the key file as it is then: the map goes by a key of the ring, and says by
which. Running it again ends what was begun, and makes no third key.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from himaya.core.errors import LedgerError
from himaya.ledger import entries as e
from himaya.ledger import keys as k
from himaya.ledger import manifest
from himaya.ledger.chain import Chain
from himaya.ledger.files import Layout
from himaya.ledger.lock import MOST_WRITERS, SealerLock, holders, try_slot
from himaya.ledger.map_file import key_of
from himaya.ledger.migration import ready
from himaya.ledger.rekeying import rekey
from himaya.ledger.schema import iso, micros


class Rotation(msgspec.Struct, frozen=True):
    """What was done: public keys (hex) before and now; whether it ended a change that had broken off."""

    old: str
    new: str
    resumed: bool


def rotate(layout: Layout, key_file: Path | None, by: str, now: float) -> Rotation:
    """Give a ledger a new key, while nobody writes. Raises LedgerError: somebody does, or a file cannot be written."""
    place, at = key_file or k.default_key_file(layout.directory), iso(micros(now))
    layout.must_exist()
    ready(layout, key_file, at)
    with _alone(layout), SealerLock(layout, 0.0):
        keys = k.read_key_file(place)
        resumed = _is_unfinished(layout, keys)
        if not resumed:
            keys = keys.next()
            k.replace_key_file(place, keys)
        before = keys.earlier
        if before is None:
            raise LedgerError(f"{place}: this is not the key file that the change began with")
        rekey(layout.identities, keys)
        Chain(layout, keys).append(manifest.rekeyed(before, keys, at, by))
        return Rotation(before.public, keys.public, resumed)


def _is_unfinished(layout: Layout, keys: k.Keys) -> bool:
    """Tell whether a change broke off: the map goes by an earlier key, or the chain does not say so yet."""
    if keys.earlier is None:
        return False
    entries = (entry for _, entry in Chain(layout, keys).lines())
    said = any(isinstance(entry, e.Rekeyed) and entry.new == keys.public for entry in entries)
    return key_of(layout.identities, keys) is not keys or not said


@contextmanager
def _alone(layout: Layout) -> Iterator[None]:
    """Have every slot, so that nobody begins to write."""
    with ExitStack() as stack:
        for number in range(MOST_WRITERS):
            slot = try_slot(layout, number)
            if slot is None:
                who = ", ".join(holder.words() for holder in holders(layout))
                raise LedgerError(
                    f"{layout.directory}: process {who} writes this ledger; stop it to change the key"
                )
            stack.callback(slot.release)
        yield
