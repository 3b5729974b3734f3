"""A ledger is made, or one of an older format brought forward; its version is noted in the chain and in a file.

The chain says first that the format changed, since an older release refuses a chain with an entry that it does not
know. Every step may be done twice, so a crash in between is mended by the next opening.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path

from himaya.core.errors import LedgerError
from himaya.ledger import entries as e
from himaya.ledger import keys as k
from himaya.ledger.chain import Chain
from himaya.ledger.files import FORMAT, Layout, replace_file, sync_directory
from himaya.ledger.identities import Identities
from himaya.ledger.lock import SealerLock, holders
from himaya.ledger.map_file import bring_map_forward, key_of
from himaya.ledger.state import read_state

log = logging.getLogger(__name__)

#: Seconds to wait for another process that makes the ledger, or for one of an earlier release that still writes.
_WAIT_S = 5.0
_PAUSE_S = 0.05


def ready(layout: Layout, key_file: Path | None, at: str) -> k.Keys:
    """Make a ledger where none is, bring an older one forward, and return its keys; `at` is ISO 8601.

    Raises LedgerError: the format is newer, the key is missing or wrong, the directory cannot be written, or a process
    of an earlier release writes.
    """
    if layout.exists():
        layout.must_exist()
        if layout.format_version() == FORMAT:
            return _keys(layout, key_file, fresh=False)
    layout.create()
    with SealerLock(layout, _WAIT_S):
        fresh = not layout.exists()
        keys = _keys(layout, key_file, fresh=fresh)
        chain = Chain(layout, keys)
        if fresh:
            Identities(layout.identities, keys, create=True).close()
            chain.create()
        key_of(layout.identities, keys)
        if layout.format_version() < FORMAT or not layout.format.exists():
            _bring_forward(layout, chain, keys, at)
    return keys


def _keys(layout: Layout, key_file: Path | None, *, fresh: bool) -> k.Keys:
    path = key_file or k.default_key_file(layout.directory)
    if path.absolute().is_relative_to(layout.directory.absolute()):
        raise LedgerError(f"{path}: the key file lies inside the ledger; keep it elsewhere")
    if fresh and not path.exists():
        return k.create_key_file(path)
    return k.read_key_file(path)


def _bring_forward(layout: Layout, chain: Chain, keys: k.Keys, at: str) -> None:
    state = read_state(chain)
    layout.check_format(state.format)
    _wait_for_writers(layout)
    if state.format < FORMAT:
        before = state.format or (1 if state.seq else 0)
        chain.append(e.Format(at=at, version=FORMAT, before=before))
        if before:
            log.warning("%s: the format was %d and is %d now", layout.directory, before, FORMAT)
    _move_heartbeat(layout)
    _bring_map_forward(layout, keys)
    try:
        replace_file(layout.format, b"%d\n" % FORMAT)
        sync_directory(layout.directory)
    except OSError as problem:
        raise LedgerError(f"{layout.format}: cannot write: {problem.strerror}") from problem


def _wait_for_writers(layout: Layout) -> None:
    """Raise LedgerError when a process of an earlier release still writes after a while: it would lose its map."""
    began = time.monotonic()
    while writing := holders(layout):
        if time.monotonic() > began + _WAIT_S:
            break
        time.sleep(_PAUSE_S)
    else:
        return
    raise LedgerError(
        f"{layout.directory}: process {writing[0].words()} of an earlier release writes this ledger, and did not end"
        f" within {_WAIT_S:.0f} s; end it, then try again"
    )


def _bring_map_forward(layout: Layout, keys: k.Keys) -> None:
    """Put the map under secrets, and leave nothing of its old rows."""
    bring_map_forward(layout.identities, keys)
    identities = Identities(layout.identities, keys)
    try:
        identities.wipe()
    finally:
        identities.close()


def _move_heartbeat(layout: Layout) -> None:
    """Make the heartbeat of the one writer of format 1 that of the first slot; its time of change stays."""
    try:
        (layout.directory / "heartbeat").replace(layout.heartbeat(0))
    except FileNotFoundError:
        return  # moved before, or never written
    except OSError as problem:
        raise LedgerError(
            f"{layout.directory}: cannot bring the ledger to format {FORMAT}: {problem.strerror}"
        ) from problem
