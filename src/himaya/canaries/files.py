"""What is written of canaries: records for the site's own database, and the secret list that himaya reads."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

import msgspec

from himaya.canaries.make import Canary
from himaya.config.canaries import parse, render
from himaya.core.errors import InputError
from himaya.ledger.files import create_secret, replace_file
from himaya.ledger.keys import Keys

_HEAD = "# Canaries: place and id. Secret: whoever reads this walks around them. See docs/canaries.md.\n"


def records(canaries: Iterable[Canary], *, as_lines: bool) -> str:
    """Return canaries as JSON lines, or as CSV (RFC 4180) with a header."""
    if as_lines:
        return "".join(msgspec.json.encode(each).decode() + "\n" for each in canaries)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(Canary.__struct_fields__)
    writer.writerows(msgspec.structs.astuple(each) for each in canaries)
    return out.getvalue()


def write_records(path: Path, canaries: Iterable[Canary]) -> None:
    """Write a new file of records, mode 0600: JSON lines where its name ends so, else CSV. Raises InputError."""
    text = records(canaries, as_lines=path.suffix in {".jsonl", ".ndjson"})
    try:
        create_secret(path, text.encode())
    except FileExistsError:
        raise InputError("is there already; name a new file", file=str(path)) from None
    except OSError as problem:
        raise InputError(f"cannot be written: {problem.strerror}", file=str(path)) from None


def listed(path: Path, most: int) -> tuple[str, dict[str, str]]:
    """Return text and canaries of a list, nothing when it is not there yet. Raises InputError."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return "", {}
    except OSError as problem:
        raise InputError(f"cannot be read: {problem.strerror}", file=str(path)) from None
    found = parse(data, most, str(path))
    return data.decode("utf-8-sig"), found


def add_to_list(path: Path, canaries: Iterable[Canary], most: int, keys: Keys) -> int:
    """Add canaries to the secret list, mode 0600, and return how many there are in all.

    A new list begins with a line from the key, so that the hash of the list says nothing to whoever guesses ids.
    Raises InputError: an id in another place, more than `most` canaries, the file cannot be read or written.
    """
    text, known = listed(path, most)
    fresh = {each.id: each.canary for each in canaries if each.id not in known}
    if any(known.get(each.id, each.canary) != each.canary for each in canaries):
        raise InputError("an id stands in the list under another place", file=str(path))
    if len(known) + len(fresh) > most:
        raise InputError(f"more than {most} canaries (canaries.most)", file=str(path))
    head = text or f"{_HEAD}# list {keys.digest(b'canary list').hex()}\n"
    gap = "" if head.endswith("\n") else "\n"
    try:
        replace_file(path, f"{head}{gap}{render(fresh)}".encode())
    except OSError as problem:
        raise InputError(f"cannot be written: {problem.strerror}", file=str(path)) from None
    return len(known) + len(fresh)
