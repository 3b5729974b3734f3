"""A file with one name a line, as `himaya who --actors` and `himaya case open --actors` take it."""

from __future__ import annotations

from pathlib import Path

from himaya.core.errors import InputError

#: Bytes of such a file.
_MOST = 64 << 20


def names_in(file: Path) -> list[tuple[str, int]]:
    """Return the names with their lines; blank lines and those that begin with # are passed over. Raises InputError."""
    from himaya.config.bounded import read_bounded

    try:
        text = read_bounded(file, _MOST).decode()
    except UnicodeDecodeError as problem:
        raise InputError("cannot be read: is no UTF-8 text", file=str(file)) from problem
    lines = ((line.strip(), number) for number, line in enumerate(text.splitlines(), 1))
    return [one for one in lines if one[0] and not one[0].startswith("#")]
