"""The sealed files and the chain, copied to storage elsewhere, where other machines and workers of Spark read them.

What is copied holds surrogates, and texts sealed with the ledger's key. The map from surrogate to name stays here, so
forgetting a person reaches the copy too. What retention removes here is removed there with the next copy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec

from himaya.core.errors import LedgerError, ServiceError
from himaya.ledger.chain import Chain
from himaya.ledger.files import SEALED, TWINS, Layout
from himaya.ledger.state import State, read_state
from himaya.ledger.storage import Storage

_TRIES = 20

#: How files of rows end; other files in the folder are not ours to remove.
_OURS = (".parquet", ".parquet.sealed")


class Published(msgspec.Struct, frozen=True):
    """What a copy did: files copied and their bytes, files removed there, files there now, lines of the chain."""

    copied: int
    bytes: int
    removed: int
    files: int
    lines: int


def publish(layout: Layout, chain: Chain, storage: Storage, *, verify: bool = False) -> Published:
    """Bring a storage up to the ledger: copy what is not there yet, then the chain, then remove what is over.

    Each file is compared with the hash in the chain before it is copied, and read back after; with `verify` every
    file that was there already is read back too. Raises LedgerError, ServiceError.
    """
    for _ in range(_TRIES):
        state = read_state(chain)
        try:
            return _publish(layout, state, storage, verify=verify)
        except FileNotFoundError:
            if read_state(chain).files == state.files:
                raise LedgerError(
                    f"{layout.sealed}: files are missing; run: himaya ledger verify"
                ) from None
    raise LedgerError(f"{layout.directory}: files change faster than they can be copied")


def _publish(layout: Layout, state: State, storage: Storage, *, verify: bool) -> Published:
    wanted = dict(_files(state))
    there = {f"{place}/{name}" for place in (SEALED, TWINS) for name in storage.names(place)}
    copied = size = 0
    for name, digest in wanted.items():
        if name not in there:
            size += _copy(layout, storage, name, digest)
            copied += 1
        elif verify:
            _compare(storage, name, digest)
    _copy_chain(layout, storage)
    gone = [name for name in there - wanted.keys() if name.endswith(_OURS)]
    for name in gone:
        storage.remove(name)
    return Published(copied, size, len(gone), len(wanted), state.seq)


def _files(state: State) -> Iterator[tuple[str, str]]:
    """Yield place and hash of every file that the chain names, its copy in the other order included."""
    for file in state.files.values():
        yield f"{SEALED}/{file.name}", file.sha256
        if file.twin is not None:
            yield f"{TWINS}/{file.name}", file.twin.sha256


def _copy(layout: Layout, storage: Storage, name: str, digest: str) -> int:
    """Copy a file and return its bytes. Raises FileNotFoundError when it is over meanwhile."""
    path = layout.directory / name
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as problem:
        raise LedgerError(f"{path}: cannot read: {problem.strerror}") from problem
    if hashlib.sha256(data).hexdigest() != digest:
        raise LedgerError(f"{path}: was changed: its hash is not the one in the chain; not copied")
    storage.put(name, data)
    _compare(storage, name, digest)
    return len(data)


def _compare(storage: Storage, name: str, digest: str) -> None:
    if hashlib.sha256(storage.get(name)).hexdigest() != digest:
        raise ServiceError(
            f"{storage.url}/{name}: was changed: its hash is not the one in the chain;"
            " remove it there, and publish again"
        )


def _copy_chain(layout: Layout, storage: Storage) -> None:
    """Copy the chain's whole lines, and its head: read first, so that the lines reach at least so far."""
    try:
        head = layout.head.read_bytes()
        lines = layout.chain.read_bytes()
    except OSError as problem:
        raise LedgerError(f"{layout.chain}: cannot read: {problem.strerror}") from problem
    storage.put(layout.chain.name, lines[: lines.rfind(b"\n") + 1])
    storage.put(layout.head.name, head)
