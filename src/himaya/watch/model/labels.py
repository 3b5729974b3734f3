"""What a site knows of accounts: honest or collector, and how that is known. JSON lines.

{"account": "u777", "label": "honest", "known": "appeal"}
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from himaya.core.errors import InputError

Kind = Literal["honest", "collector"]

#: More labels than any site has by hand.
_MOST = 1_000_000


class Label(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line, such as `{"account": "u777", "label": "honest", "known": "appeal"}`.

    `known`: an appeal that was granted, a verified identity, a confirmed case, an investigation, one's own drill.
    """

    account: str
    label: Kind
    known: Literal["appeal", "verified", "case", "investigation", "drill", "other"] = "other"


def read_labels(path: Path) -> dict[str, Label]:
    """Return the labels of a file by the actor's name (`account:u777`). Raises InputError with file and line."""
    found: dict[str, Label] = {}
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    _take(found, _decoded(line, path, number), path, number)
    except OSError as problem:
        raise InputError(f"cannot be read: {problem.strerror}", file=str(path)) from None
    return found


def _decoded(line: bytes, path: Path, number: int) -> Label:
    try:
        return msgspec.json.decode(line, type=Label)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise InputError(f"not a label: {problem}", file=str(path), line=number) from None


def _take(found: dict[str, Label], label: Label, path: Path, number: int) -> None:
    name = f"account:{label.account}"
    before = found.setdefault(name, label)
    if before.label != label.label:
        wrong = f"account {label.account} is called honest and a collector"
        raise InputError(wrong, file=str(path), line=number)
    if len(found) > _MOST:
        raise InputError(f"more than {_MOST:,} labels", file=str(path), line=number)
