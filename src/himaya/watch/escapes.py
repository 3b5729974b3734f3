r"""Escapes that servers write into logs, undone.

nginx writes quotes, backslashes, control characters and bytes beyond ASCII as `\xHH` (`escape=default`),
Apache also as `\"`, `\\`, `\n` and the like (mod_log_config, "Format Notes"). A field without a value is `-`.
"""

from __future__ import annotations

import re

_RUN = re.compile(r"(?:\\x[0-9A-Fa-f]{2})+|\\(.)", re.DOTALL)
_NAMED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "v": "\v", "f": "\f", "e": "\x1b"}


def plain(text: str) -> str:
    """Return a logged value as it was, "" for `-`. Never raises."""
    if text == "-":
        return ""
    return unescape(text) if "\\" in text else text


def unescape(text: str) -> str:
    r"""Undo escapes; bytes that are no UTF-8 stay visible as `\xHH`."""
    return _RUN.sub(_undo, text)


def _undo(found: re.Match[str]) -> str:
    if found[1] is not None:
        return _NAMED.get(found[1], found[1])
    return bytes.fromhex(found[0].replace("\\x", "")).decode("utf-8", "backslashreplace")
