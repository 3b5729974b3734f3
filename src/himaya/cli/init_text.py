"""What the snippets of `himaya init` share: templates, and values that may stand in them."""

from __future__ import annotations

import re
from importlib import resources

from himaya.core.errors import InputError

#: What may stand in a configuration of a front server or Python without quoting.
_PLAIN = re.compile(r"[A-Za-z0-9_.:/*@%+\[\]-]+")

#: Where front servers ask the authority, unless told otherwise.
SOCKET = "/run/himaya/auth.sock"


def filled(text: str, values: dict[str, str]) -> str:
    """Return a template with each `@name@` replaced."""
    return re.sub(r"@([a-z]+)@", lambda found: values[found[1]], text)


def template(name: str) -> str:
    """Return a template of the package."""
    return (resources.files("himaya.cli") / "snippets" / name).read_text(encoding="utf-8")


def check_plain(values: dict[str, str]) -> None:
    """Raise InputError for a value that would end a directive; the names are those of the options."""
    for name, value in values.items():
        if not _PLAIN.fullmatch(value):
            raise InputError(f"--{name}: {value!r} cannot stand in a configuration file")
