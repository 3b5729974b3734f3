"""Signed entries: by which files go, so that what is missing is missing by the ledger's own hand.

The signature is over the whole entry without it: what was dropped, what was added in its place, how many rows, why. It
says which ledger, and by which key. From the first signed entry of a chain on, every entry that takes something away
has to be signed, and its numbers have to be those of the files: only retention makes rows fewer, by as many as it
says. Beside them are checked the files that only this part knows: compact rows, and the lists of exports.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from typing import TypeVar

import msgspec

from himaya.core.errors import LedgerError
from himaya.ledger import entries as e
from himaya.ledger import exports
from himaya.ledger.chain import Chain
from himaya.ledger.files import Layout
from himaya.ledger.keys import Keys, is_signed
from himaya.ledger.state import State

_Signed = TypeVar("_Signed", bound=e.AnySigned)
_ABOUT = b"himaya ledger entry 1:"


def signed(keys: Keys, entry: _Signed) -> _Signed:
    """Return an entry with the signature of the ledger over everything else in it."""
    signature = f"{keys.public}:{keys.sign(_ABOUT + _content(entry))}"
    return msgspec.structs.replace(entry, signature=signature)


def problems(
    layout: Layout, keys: Keys, state: State, known: Collection[str] = ()
) -> Iterator[str]:
    """Yield what is wrong with signed entries, compact files and lists of exports, one sentence each.

    `known` are public keys (hex) that signed for this ledger before its present key.
    """
    try:
        own = (key.public for key in keys.ring())
        yield from _entries(layout, keys, frozenset({*own, *known, *earlier(layout, keys)}))
    except LedgerError:
        return  # whoever reads the chain says so
    yield from _compact(layout, state)
    yield from exports.problems(layout, state)


def rekeyed(before: Keys, now: Keys, at: str, by: str) -> e.Rekeyed:
    """Return the entry that says that a key took the place of another, signed with both."""
    content = _about_keys(at, before.public, now.public)
    return e.Rekeyed(
        at=at,
        old=before.public,
        new=now.public,
        old_signature=before.sign(content),
        new_signature=now.sign(content),
        by=now.seal_text(by),
    )


def earlier(layout: Layout, keys: Keys) -> set[str]:
    """Return the public keys that signed for a ledger before its present one, as its chain proves."""
    found, known = [], {keys.public}
    for _, entry in Chain(layout, keys).lines():
        if isinstance(entry, e.Rekeyed):
            found.append(entry)
    for entry in reversed(found):
        content = _about_keys(entry.at, entry.old, entry.new)
        proves = is_signed(entry.old, entry.old_signature, content)
        if entry.new in known and proves and is_signed(entry.new, entry.new_signature, content):
            known.add(entry.old)
    return known


def _about_keys(at: str, old: str, new: str) -> bytes:
    return f"himaya ledger rekeyed 1:{at}:{old}:{new}".encode()


def _entries(layout: Layout, keys: Keys, known: frozenset[str]) -> Iterator[str]:
    begun, rows = False, dict[str, int]()
    for line, entry in Chain(layout, keys).lines():
        lost = _lost(entry, rows) if isinstance(entry, e.Files) else 0
        if not isinstance(entry, e.AnySigned):
            continue
        begun = begun or bool(entry.signature)
        if begun and not _is_signed(entry, known):
            yield f"{layout.chain}: entry {line.seq} takes files away, and is not signed by this ledger"
        elif begun and lost != (entry.rows if isinstance(entry, e.Removed) else 0):
            yield f"{layout.chain}: entry {line.seq} takes {lost} rows away, which is not what it says"


def _lost(entry: e.Files, rows: dict[str, int]) -> int:
    """Return how many rows fewer the files have after an entry than before; `rows` says how many each one has."""
    gone = sum(rows.pop(name, 0) for name in entry.drop)
    rows.update({file.name: file.rows for file in entry.add})
    return gone - sum(file.rows for file in entry.add) if entry.drop else 0


def _is_signed(entry: e.AnySigned, known: frozenset[str]) -> bool:
    public, _, signature = entry.signature.partition(":")
    return public in known and is_signed(public, signature, _ABOUT + _content(entry))


def _content(entry: e.AnySigned) -> bytes:
    return msgspec.json.encode(msgspec.structs.replace(entry, signature=""))


def _compact(layout: Layout, state: State) -> Iterator[str]:
    for file in state.compact.values():
        path = layout.directory / "compact" / file.name
        try:
            data = path.read_bytes()
        except OSError as problem:
            yield f"{path}: cannot read: {problem.strerror}"
            continue
        if hashlib.sha256(data).hexdigest() != file.sha256:
            yield f"{path}: was changed: its hash is not the one in the chain"
