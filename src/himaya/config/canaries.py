"""The secret list of canaries: which subjects are people who do not exist, and where each was placed.

    # comments and blank lines are passed over
    id-gap   10482
    sitemap  qeh7mnt4

One canary a line: the place, blanks, the id as the site names it (blanks inside belong to it).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from himaya.config.config import Config
from himaya.config.decode import Problem
from himaya.core.errors import InputError

#: The longest line, in bytes: a subject of 256 characters and its place fit.
MAX_LINE = 2048

#: The longest id, in bytes: a place of 40 characters and a blank stand before it.
MAX_ID = MAX_LINE - 41

_PLACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")


def check_place(place: str, *, file: str = "", line: int = 0) -> str:
    """Return the name of a place. Raises InputError unless it is a short word."""
    if not _PLACE.fullmatch(place):
        raise InputError(
            "this names no place; use letters, digits, `-`, `_` and `.`, at most 40 of them",
            file=file,
            line=line,
        )
    return place


def check_id(subject: str, *, file: str = "", line: int = 0) -> str:
    """Return an id. Raises InputError unless the list gives it back as it is; what stands there is not repeated."""
    if not subject.isprintable():
        raise InputError("the id holds a control character", file=file, line=line)
    if not subject or subject != subject.strip():
        raise InputError("an id is not empty, and no blank is around it", file=file, line=line)
    if len(subject.encode()) > MAX_ID:
        raise InputError(f"an id longer than {MAX_ID} bytes", file=file, line=line)
    return subject


def parse(data: bytes, most: int, file: str = "") -> dict[str, str]:
    """Return subject to place from the bytes of a list, in its order.

    Raises InputError with file and line: no UTF-8, a line that is no canary, an id twice, more than `most`.
    """
    found: dict[str, str] = {}
    for number, raw in enumerate(data.split(b"\n"), 1):
        text = _text(raw, file, number)
        if not text or text.startswith("#"):
            continue
        place, subject = _canary(text, file, number)
        if subject in found:
            raise InputError("this id stands in the list before", file=file, line=number)
        if len(found) >= most:
            raise InputError(f"more than {most} canaries", file=file, line=number)
        found[subject] = place
    return found


def _text(raw: bytes, file: str, line: int) -> str:
    if len(raw) > MAX_LINE:
        raise InputError(f"a line longer than {MAX_LINE} bytes", file=file, line=line)
    try:
        return raw.decode("utf-8-sig" if line == 1 else "utf-8").strip()
    except UnicodeDecodeError:
        raise InputError("expected UTF-8 text", file=file, line=line) from None


def _canary(text: str, file: str, line: int) -> tuple[str, str]:
    """Return place and subject of a line. What stands there is a secret, so an id is not repeated."""
    place, *rest = text.split(None, 1)
    subject = rest[0] if rest else ""
    if not subject:
        raise InputError("expected a place, blanks and an id", file=file, line=line)
    return check_place(place, file=file, line=line), check_id(subject, file=file, line=line)


def render(placed: Mapping[str, str]) -> str:
    """Return the lines of canaries; `parse` reads them back."""
    return "".join(f"{place} {subject}\n" for subject, place in placed.items())


def read_list(path: Path, most: int) -> tuple[dict[str, str], str]:
    """Return the canaries of a file and the SHA-256 of its bytes in hex.

    Raises InputError when it cannot be read, others may read it, or it is no list.
    """
    try:
        mode, data = path.stat().st_mode, path.read_bytes()
    except OSError as problem:
        raise InputError(f"cannot be read: {problem.strerror}", file=str(path)) from None
    if mode & 0o007:
        raise InputError("everybody may read the list; run: chmod 600 on it", file=str(path))
    return parse(data, most, str(path)), hashlib.sha256(data).hexdigest()


def take_canaries(
    config: Config, base: Path, *, read: bool = True
) -> tuple[Config | None, list[Problem]]:
    """Return a configuration with its canaries and the hash of their list, or what is wrong with it."""
    told = config.canaries
    placed: dict[str, str] = {}
    digest = ""
    if told.file and read:
        try:
            placed, digest = read_list(base / told.file, told.most)
        except InputError as problem:
            hint = "`himaya canary make` writes one; without the key there are no canaries."
            return None, [Problem(("canaries", "file"), f"{problem}.", hint)]
    canaries = msgspec.structs.replace(told, sha256=digest)
    return msgspec.structs.replace(config, canaries=canaries, canary_places=placed), []
