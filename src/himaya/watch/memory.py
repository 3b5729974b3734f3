"""Garbage collection while many objects are made that no cycle holds."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_THRESHOLDS = (200_000, 50, 50)


@contextmanager
def rare_collections() -> Iterator[None]:
    """Look for cycles rarely: reading a log makes none, and looking takes as long as the heap is large."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
