"""Find the format of a log by its first lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from himaya.core.errors import InputError
from himaya.watch.fields import TRAILING, nginx_tokens, word_of
from himaya.watch.formats import (
    BEHIND_SYSLOG,
    NAMED,
    REST,
    LineFormat,
    TextFormat,
    named_format,
)
from himaya.watch.jsonlines import JsonLines, find_keys
from himaya.watch.times import parse_time

#: Lines looked at.
SAMPLE_LINES = 400

#: A file of which fewer lines than this share parse in any format is no log.
_LEAST = 0.02

_TAIL = re.compile(r'" (\S.*)$')
_NAMED_FIELD = re.compile(r'(?:^|(?<= ))([A-Za-z_]\w{0,40})=("?)')
_FORWARDED = re.compile(r'"(?:-|[\da-fA-F.:, ]{3,400}|unknown)"')


def detect_format(
    lines: Sequence[str],
    *,
    account_field: str = "remote_user",
    fields: dict[str, str] | None = None,
) -> LineFormat | None:
    """Return the format that reads most of the lines, None when none reads a fair share.

    `fields` is a field map for JSON lines, which wins over what the keys suggest.
    """
    sample = [line for line in lines if line.strip()][:SAMPLE_LINES]
    best: tuple[int, LineFormat | None] = (0, None)
    for form in _candidates(sample, account_field, fields or {}):
        read = count_good(form, sample)
        if read > best[0]:
            best = (read, form)
    if best[0] < max(1, _LEAST * len(sample)):
        return None
    return best[1]


def count_good(form: LineFormat, lines: Sequence[str]) -> int:
    """Return how many lines a format reads."""
    rows = form.rows("\n".join(lines))
    at = rows.slots["at"]
    return sum(parse_time(row[at]) is not None for row in rows.rows)


def _candidates(
    sample: Sequence[str], account_field: str, fields: dict[str, str]
) -> list[LineFormat]:
    """Return the formats to try; of two that read the same lines the earlier one tells more."""
    if sum(line.lstrip()[:1] == "{" or '{"' in line[:120] for line in sample) > len(sample) / 2:
        keys = {**find_keys(sample, account_field), **fields}
        return [JsonLines(keys)] if keys else []
    trailing = _with_trailing(sample, account_field)
    plain: list[LineFormat] = [named_format(name, account_field=account_field) for name in NAMED]
    behind: list[LineFormat] = [
        named_format(name, account_field=account_field, syslog=True) for name in BEHIND_SYSLOG
    ]
    return [*trailing, *plain, *behind]


def _with_trailing(sample: Sequence[str], account_field: str) -> list[LineFormat]:
    """Return combined with the fields that follow it in most lines, if himaya knows any."""
    tails = [
        found[1].rstrip("\r") for line in sample if (found := _TAIL.search(_after_agent(line)))
    ]
    if not tails:
        return []
    combined = NAMED["combined"]
    if all(_FORWARDED.fullmatch(tail) for tail in tails):
        tokens = nginx_tokens(f'{combined} "$http_x_forwarded_for"')
        return [TextFormat("combined, forwarded addresses", [*tokens, REST])]
    names, _ = Counter(tuple(_names(tail)) for tail in tails).most_common(1)[0]
    known = [name for name, _ in names if name in TRAILING or word_of(name, account_field)]
    if not known:
        return []
    fields = " ".join(f"{name}={mark}${{{name}}}{mark}" for name, mark in names)
    tokens = nginx_tokens(f"{combined} {fields}")
    title = f"combined, {', '.join(known)}"
    return [TextFormat(title, [*tokens, REST], account_field=account_field)]


def _after_agent(line: str) -> str:
    """Return what follows the agent string of a combined line, with its closing quote; else ""."""
    parts = line.split('" ')
    return '" ' + '" '.join(parts[3:]) if len(parts) > 3 else ""


def _names(tail: str) -> list[tuple[str, str]]:
    """Return the names of `name="value"` fields in order, each with its quotation mark."""
    found: dict[str, str] = {}
    for piece in _NAMED_FIELD.finditer(tail):
        found.setdefault(piece[1], piece[2])
    return list(found.items())


def require_format(
    lines: Sequence[str],
    file: str,
    *,
    account_field: str = "remote_user",
    fields: dict[str, str] | None = None,
    binary: bool = False,
) -> LineFormat:
    """Return the format of a file's first lines; raises InputError when it is no access log."""
    form = detect_format(lines, account_field=account_field, fields=fields)
    if form is not None:
        return form
    if binary:
        raise InputError("this is a binary file, not an access log", file=file)
    raise InputError(
        "this is not an access log himaya can read: none of its first"
        f" {min(len(lines), SAMPLE_LINES)} lines is in a known format."
        " If it is one, describe its lines with --format or [log] format",
        file=file,
    )
