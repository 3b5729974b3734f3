"""Templates of `himaya init`: files beside this one, in which `@name@` stands for a value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import resources

from himaya.core.errors import InputError

#: What may stand in a configuration of a server or of Python without quoting.
_PLAIN = re.compile(r"[A-Za-z0-9_.:/*@%+\[\]-]+")


def template(name: str) -> str:
    """Return the text of a template."""
    return (resources.files("himaya.cli") / "snippets" / name).read_text(encoding="utf-8")


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return a template with values in it."""
    return re.sub(r"@([a-z]+)@", lambda found: values[found[1]], text)


def check(values: Mapping[str, str]) -> None:
    """Refuse values of options that could end a line or a word. Raises InputError."""
    for name, value in values.items():
        if not _PLAIN.fullmatch(value):
            raise InputError(f"--{name}: {value!r} cannot stand in a configuration file")
