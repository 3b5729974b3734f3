"""A file that somebody names, read whole up to a bound."""

from __future__ import annotations

from pathlib import Path

from himaya.core.errors import ConfigError, InputError

#: What is raised of a file: it was named in the configuration, or on the command line.
Wrong = type[ConfigError] | type[InputError]


def read_bounded(path: Path, most: int, wrong: Wrong = InputError, *, hint: str = "") -> bytes:
    """Return what is in a file. Raises `wrong`: it cannot be read, or is larger than `most` bytes.

    `hint` says what to do with a larger one.
    """
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as problem:
        raise wrong(f"cannot be read: {problem.strerror}", file=str(path)) from problem
    except ValueError as problem:  # a name with a zero byte
        raise wrong(f"cannot be read: {problem}", file=str(path)) from problem
    if len(data) > most:
        raise wrong(f"is larger than {most:,} bytes{hint and f'; {hint}'}", file=str(path))
    return data
