"""Is everything there and as it was written? Every problem is one sentence that names the file."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from himaya.core.errors import LedgerError
from himaya.ledger import entries as e
from himaya.ledger import manifest
from himaya.ledger.attachments import Attachments
from himaya.ledger.chain import Chain, Line, head_mac
from himaya.ledger.files import Layout
from himaya.ledger.identities import Identities
from himaya.ledger.keys import Keys
from himaya.ledger.lock import is_being_written
from himaya.ledger.orders import TWIN_COLUMNS, digest
from himaya.ledger.segment import read_segment
from himaya.ledger.state import State

_TRIES = 5


def verify(layout: Layout, keys: Keys, *, beside: bool = True) -> list[str]:
    """Return the problems of a ledger, none when all is well. Works while a writer writes.

    `beside`: attached files, which lie beside the directory, are looked at too. When the ledger moved on while it was
    looked at, it is looked at again.
    """
    for _ in range(_TRIES):
        seen: dict[int, str] = {}
        problems = _look(layout, keys, seen, beside=beside)
        if not problems or not _moved_on(layout, keys, seen):
            break
    return problems


def _moved_on(layout: Layout, keys: Keys, seen: dict[int, str]) -> bool:
    try:
        return sum(1 for _ in Chain(layout, keys).lines()) > len(seen)
    except LedgerError:
        return False


def _look(layout: Layout, keys: Keys, hashes: dict[int, str], *, beside: bool) -> list[str]:
    chain, state = Chain(layout, keys), State()
    problems = list(_chain_problems(chain, state, hashes))
    whole = not problems
    problems += _head_problems(layout, chain, keys, hashes, whole=whole)
    for file in state.files.values():
        problems += _file_problems(layout, file)
    problems += _live_problems(layout, state)
    problems += manifest.problems(layout, keys, state)
    problems += _format_problems(layout, state)
    if whole and beside:
        problems += Attachments(layout, chain, keys).problems()
    if whole and not is_being_written(layout):
        problems += _strangers(layout, state)
    return problems + _identity_problems(layout, keys, state)


def _chain_problems(chain: Chain, state: State, hashes: dict[int, str]) -> Iterator[str]:
    """Add the chain up as far as it is sound, and say where it is not."""
    try:
        for line, entry in chain.lines():
            state.take(entry)
            _remember(line, state, hashes)
    except LedgerError as problem:
        yield str(problem)


def _remember(line: Line, state: State, hashes: dict[int, str]) -> None:
    hashes[line.seq] = line.hash
    state.seq, state.hash = line.seq, line.hash


def _head_problems(
    layout: Layout, chain: Chain, keys: Keys, hashes: dict[int, str], *, whole: bool
) -> Iterator[str]:
    """Compare the chain with how far it is known to have reached."""
    try:
        head = chain.head()
    except LedgerError as problem:
        yield str(problem)
        return
    if head is None:
        if hashes:
            yield f"{layout.head}: is missing"
    elif head.mac not in {head_mac(key, head.seq, head.hash) for key in keys.ring()}:
        yield f"{layout.head}: was changed"
    elif whole and hashes.get(head.seq) != head.hash:
        yield f"{layout.chain}: entry {head.seq} was written, and is missing or another now"


def _file_problems(layout: Layout, file: e.File) -> Iterator[str]:
    """Compare a file of rows and its twin with their entry, and with each other."""
    path, twin = layout.sealed / file.name, layout.twins / file.name
    found = yield from _copy_problems(path, file.sha256)
    if file.twin is None:
        rows = None if found is None or file.archive else (yield from _rows(path, found))
        if rows is not None and len(rows) != file.rows:
            yield f"{path}: holds {len(rows)} rows, the chain says {file.rows}"
        return
    mirrored = yield from _copy_problems(twin, file.twin.sha256)
    if found is not None and mirrored is not None:
        yield from _pair_problems((path, found), (twin, mirrored), file)


def _copy_problems(path: Path, sha256: str) -> Generator[str, None, bytes | None]:
    """Return the bytes of a file when they are those of the chain."""
    try:
        data = path.read_bytes()
    except OSError as problem:
        yield f"{path}: cannot read: {problem.strerror}"
        return None
    if hashlib.sha256(data).hexdigest() == sha256:
        return data
    yield f"{path}: was changed: its hash is not the one in the chain"
    return None


def _rows(path: Path, data: bytes) -> Generator[str, None, pa.Table | None]:
    """Return what both copies have of the rows of a file."""
    try:
        return pq.read_table(pa.BufferReader(data), columns=list(TWIN_COLUMNS))
    except (pa.ArrowException, OSError) as problem:
        yield f"{path}: is no file of rows: {problem}"
        return None


def _pair_problems(
    one: tuple[Path, bytes], other: tuple[Path, bytes], file: e.File
) -> Iterator[str]:
    """Say where two copies do not hold the same rows, or not as many as the chain says."""
    rows, mirrored = (yield from _rows(*one)), (yield from _rows(*other))
    for (path, _), table in ((one, rows), (other, mirrored)):
        if table is not None and len(table) != file.rows:
            yield f"{path}: holds {len(table)} rows, the chain says {file.rows}"
    if rows is not None and mirrored is not None and digest(rows) != digest(mirrored):
        yield f"{other[0]}: does not hold the same rows as {one[0]}"


def _live_problems(layout: Layout, state: State) -> Iterator[str]:
    """Find damage in segments; the end of a writer's newest may be in the middle of being written.

    Where nobody writes, a torn end is told: a crash left it (the next opening cuts it and says so), or damage.
    """
    segments = layout.segments(state.upto)
    newest = {id_.slot: id_ for id_, _ in segments if id_.slot in state.writers}
    for id_, path in segments:
        try:
            segment = read_segment(path)
        except FileNotFoundError:
            continue
        if segment.damaged:
            yield f"{path}: {segment.damaged} batches of rows are damaged"
        open_end = newest.get(id_.slot) == id_ and is_being_written(layout)
        if segment.torn and not open_end:
            yield f"{path}: has a torn end ({segment.torn})"


def _format_problems(layout: Layout, state: State) -> Iterator[str]:
    """Compare the file that names the format with the chain; a ledger of the first format has none."""
    try:
        named = layout.format.read_bytes()
    except FileNotFoundError:
        named = b""
    except OSError as problem:
        yield f"{layout.format}: cannot read: {problem.strerror}"
        return
    if named != (b"%d\n" % state.format if state.format else b""):
        yield f"{layout.format}: does not name the format that the chain does ({state.format or 1})"


def _strangers(layout: Layout, state: State) -> Iterator[str]:
    """Find files that no entry counts."""
    places = (
        (layout.sealed, set(state.files)),
        (layout.twins, state.twins()),
        (layout.directory / "compact", set(state.compact)),
    )
    for folder, counted in places:
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if path.name not in counted:
                yield f"{path}: no entry of the chain counts this file"


def _identity_problems(layout: Layout, keys: Keys, state: State) -> list[str]:
    try:
        identities = Identities(layout.identities, keys)
    except LedgerError as problem:
        return [str(problem)]
    try:
        alive = identities.kinds(state.erased)
        problems = [
            f"{layout.identities}: surrogate {number} was forgotten and still has a name"
            for number in sorted(alive)
        ]
        return problems + identities.problems()
    except LedgerError as problem:
        return [str(problem)]
    finally:
        identities.close()
