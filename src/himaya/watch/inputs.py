"""The inputs of a scan: opened, their formats found, put in the order of their own clocks."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from himaya.core.errors import InputError
from himaya.watch.detect import require_format
from himaya.watch.formats import LineFormat, format_of_string, read_chunk
from himaya.watch.jsonlines import JsonLines
from himaya.watch.keep import KeepAll
from himaya.watch.source import Source, open_source


class LogForm(msgspec.Struct, frozen=True):
    """How the lines are written: a name or format string (auto: find out), a JSON field map, the account's field."""

    format: str = "auto"
    fields: dict[str, str] = {}
    account_field: str = "remote_user"


class Input(msgspec.Struct):
    """One opened log. `form` is None for an empty one; `first_at` is the time of its earliest peeked line."""

    source: Source
    form: LineFormat | None
    first_at: float


def open_inputs(names: Sequence[str], wanted: LogForm) -> list[Input]:
    """Open every log and find its format; the one that begins earliest comes first.

    Raises InputError naming the file for one that cannot be read or is no access log. Files without lines
    come last.
    """
    if len(set(names)) < len(names):
        raise InputError("a log is named twice")
    inputs: list[Input] = []
    try:
        inputs.extend(_open(name, wanted) for name in names)
    except BaseException:
        close_inputs(inputs)
        raise
    return sorted(inputs, key=lambda each: each.first_at)


def close_inputs(inputs: Sequence[Input]) -> None:
    """Close every source."""
    for each in inputs:
        each.source.close()


def _open(name: str, wanted: LogForm) -> Input:
    source = open_source(name)
    try:
        return _input(source, wanted)
    except BaseException:
        source.close()
        raise


def _input(source: Source, wanted: LogForm) -> Input:
    chunk = source.peek()
    if chunk is None:
        if source.torn:
            raise InputError(f"nothing could be read: {source.torn}", file=source.label)
        return Input(source, None, float("inf"))
    text = chunk.data.decode("utf-8", "backslashreplace")
    form = _form(wanted, text.split("\n"), source.label, binary=b"\0" in chunk.data)
    reading = read_chunk(form, chunk, _NOTHING)
    if not reading.parsed and wanted.format != "auto":
        raise InputError(
            f"none of the first {reading.lines} lines is in the given format", file=source.label
        )
    return Input(source, form, float("inf") if reading.first is None else reading.first)


def _form(wanted: LogForm, lines: Sequence[str], file: str, *, binary: bool) -> LineFormat:
    if wanted.format not in {"auto", "json", ""}:
        return format_of_string(wanted.format, wanted.account_field)
    if wanted.format == "json" and wanted.fields:
        return JsonLines(wanted.fields)
    return require_format(
        lines, file, account_field=wanted.account_field, fields=wanted.fields, binary=binary
    )


class _KeepNothing(KeepAll):
    """Keeps no line; for a look at the times."""

    def may_keep(self, target: str) -> bool:
        """Return False."""
        return False


_NOTHING = _KeepNothing()
