"""What a test of this room asserts, so that its twin can show that the same assertion fails without the control."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


class BrokenError(AssertionError):
    """A promise was not kept; nothing else raises this."""


def require(truth: object, promise: str) -> None:
    """Raise BrokenError with the promise when it was not kept."""
    if not truth:
        raise BrokenError(promise)


@contextmanager
def broken(promise: str) -> Iterator[None]:
    """Expect that exactly this promise is broken inside."""
    with pytest.raises(BrokenError, match=f"^{re.escape(promise)}$"):
        yield
