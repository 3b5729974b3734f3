"""What a check says: how it is, and in one sentence what to do."""

from __future__ import annotations

from typing import Literal

import msgspec

Level = Literal["ok", "warning", "problem"]


class Check(msgspec.Struct, frozen=True):
    """The result of one check. `do` is "" where nothing is to be done."""

    name: str
    level: Level
    said: str
    do: str = ""


def ok(name: str, said: str) -> Check:
    """Return that something is as it should be."""
    return Check(name, "ok", said)


def warning(name: str, said: str, do: str) -> Check:
    """Return that something is probably not as it should be."""
    return Check(name, "warning", said, do)


def problem(name: str, said: str, do: str) -> Check:
    """Return that something is wrong: people are not protected, or not recorded."""
    return Check(name, "problem", said, do)
