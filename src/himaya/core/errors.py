"""The errors himaya raises: one base, four kinds.

The command line turns every one of them into a message and exit code 2.
"""

from __future__ import annotations


class HimayaError(Exception):
    """Base of all errors that himaya raises on purpose; its text is fit to print."""


class ConfigError(HimayaError):
    """The configuration cannot be used. Names file, line, key and what was expected."""

    def __init__(
        self, problem: str, *, file: str = "", line: int = 0, key: str = "", hint: str = ""
    ) -> None:
        """Compose `file:line: key: problem. hint`; every part but the problem may be empty."""
        place = f"{file}:{line}: " if file and line else f"{file}: " if file else ""
        named = f"{key}: " if key else ""
        super().__init__(f"{place}{named}{problem}{f' {hint}' if hint else ''}")
        self.file, self.line, self.key = file, line, key


class InputError(HimayaError):
    """A log, facts file or argument cannot be used. Names the file and line where known."""

    def __init__(self, problem: str, *, file: str = "", line: int = 0) -> None:
        """Compose `file:line: problem`; file and line may be left out."""
        place = f"{file}:{line}: " if file and line else f"{file}: " if file else ""
        super().__init__(f"{place}{problem}")
        self.file, self.line = file, line


class LedgerError(HimayaError):
    """The ledger cannot be opened, written, read or verified."""


class ServiceError(HimayaError):
    """Something outside is missing or refuses: a port in use, no authority at the socket."""
