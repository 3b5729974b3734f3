"""The accounts that were proven honest: one a line, with how and when.

    u17,appeal,2026-04-02
    {"account": "u18", "how": "payment", "proven": "2026-04-03T09:00:00Z"}
    {"key": "k-partner", "how": "staff", "proven": "2026-04-03"}

A bare date is the beginning of that day (UTC): only traffic before it is vouched for.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

import msgspec

from himaya.core.errors import InputError
from himaya.ledger.names import parse_time

#: The longest line in bytes, and the most accounts of one file.
MAX_LINE = 65_536
MAX_ACCOUNTS = 200_000

#: Ways to prove an account that are counted by name; any other text is counted as `other`, for it may name somebody.
HOW = ("appeal", "identity", "payment", "age", "staff")
OTHER = "other"
_HEAD = ["account", "how", "proven"]


class Proof(msgspec.Struct, frozen=True):
    """How an account was proven, when (epoch seconds), and the line that says so."""

    how: str
    at: float
    line: int


class _Told(msgspec.Struct, forbid_unknown_fields=True):
    """One line as JSON."""

    how: str
    proven: str
    account: str = ""
    key: str = ""


def read_proven(path: Path, now: float) -> dict[str, Proof]:
    """Return the proofs of a file by the actor's name (`account:u17`); of several the latest counts.

    Raises InputError with file and line: no proof, no date, a date after `now`, too many accounts.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as problem:
        raise InputError(f"cannot be read: {problem.strerror}", file=str(path)) from None
    found: dict[str, Proof] = {}
    for number, line in enumerate(lines, 1):
        try:
            told = _told(line, number)
            if told is not None:
                _take(found, told, Proof(_kind(told.how), _time(told.proven, now), number))
        except InputError as problem:
            raise InputError(str(problem), file=str(path), line=number) from None
    return found


def _take(found: dict[str, Proof], told: _Told, proof: Proof) -> None:
    name = f"account:{told.account}" if told.account else f"key:{told.key}"
    held = found.get(name)
    if held is None and len(found) >= MAX_ACCOUNTS:
        raise InputError(f"more than {MAX_ACCOUNTS:,} accounts")
    if held is None or proof.at > held.at:
        found[name] = proof


def _told(line: bytes, number: int) -> _Told | None:
    """Return what a line says, None for an empty one and for the head of a table."""
    if len(line) > MAX_LINE:
        raise InputError(f"a line longer than {MAX_LINE} bytes")
    try:
        text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
    except UnicodeDecodeError:
        raise InputError("not UTF-8") from None
    if not text:
        return None
    told = _of_json(text) if text.startswith("{") else _of_row(text, number)
    if told is not None and bool(told.account) == bool(told.key):
        raise InputError("names no account; give one of account and key")
    if told is not None and not told.how.strip():
        raise InputError(f"how: empty; say how it was proven, such as {', '.join(HOW)}")
    return told


def _of_json(text: str) -> _Told:
    try:
        return msgspec.json.decode(text, type=_Told)
    except msgspec.DecodeError as problem:
        raise InputError(f"not a proven account: {problem}") from None


def _of_row(text: str, number: int) -> _Told | None:
    try:
        cells = [cell.strip() for cell in next(csv.reader([text]))]
    except csv.Error as problem:
        raise InputError(f"not a row of a table: {problem}") from None
    if number == 1 and cells == _HEAD:
        return None
    if len(cells) != len(_HEAD):
        raise InputError(f"expected {','.join(_HEAD)}; got {len(cells)} of 3 parts")
    account, how, proven = cells
    return _Told(how=how, proven=proven, account=account)


def _kind(how: str) -> str:
    word = how.strip().lower()
    return word if word in HOW else OTHER


def _time(text: str, now: float) -> float:
    """Return a date or time as epoch seconds. Raises InputError for none, and for one after `now`."""
    try:
        at = parse_time(text) / 1e6
    except InputError as problem:
        raise InputError(f"proven: {problem}") from None
    if at > now:
        raise InputError(f"proven: {text} lies in the future; nothing is proven yet")
    return at


def counted(proofs: Iterable[Proof]) -> dict[str, int]:
    """Return how many accounts were proven in which way."""
    ways = dict.fromkeys((*HOW, OTHER), 0)
    for proof in proofs:
        ways[proof.how] += 1
    return {how: count for how, count in ways.items() if count}
