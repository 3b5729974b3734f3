"""The number at the end of an id: what gives ids an order."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"(\d{1,18})\D*$")


def number_of(subject: str) -> int | None:
    """Return the number an id ends in, None when it has no order."""
    found = _NUMBER.search(subject)
    return int(found[1]) if found else None
